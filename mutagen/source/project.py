"""The files that may be looked at and those that may be edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mutagen.records.options import Scope
from mutagen.source.file import SourceFile, read_source
from mutagen.source.file_globs import any_matches, file_matches
from mutagen.source.imports_of import importers


@dataclass(frozen=True)
class Project:
    """The target's surroundings. ``file`` reads and parses once; ``editable`` decides by the scope.

    Sources of a ``library`` are taken for editable: they stand for copies that are to be made of them. Files that
    ``exclude``, patterns with full paths, takes are not; ``ignores`` are such patterns with rules that spare the files.
    """

    target: str
    root: str
    scope: Scope
    files: frozenset[str]
    read: Callable[[str], bytes]
    file: Callable[[str], SourceFile]
    importers: Callable[[str], tuple[str, ...]]
    library: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def editable(self, path: str) -> bool:
        """Whether a file may be changed: the target, or a file of its package that serves only it."""
        if self.excluded(path):
            return False
        if path == self.target or path in self.library:
            return True
        if path not in self.files:
            return False
        if self.scope == "package":
            return True
        return all(user == self.target or self._serves_target(user, {path}) for user in self.importers(path))

    def excluded(self, path: str) -> bool:
        """Whether the configuration says that the file is never edited."""
        return any_matches(self.exclude, path)

    def spared_by(self, path: str, rule: str) -> bool:
        """Whether the configuration says that a rule leaves the file alone."""
        return any(rule in ids and file_matches(pattern, path) for pattern, ids in self.ignores)

    def _serves_target(self, path: str, seen: set[str]) -> bool:
        if path in seen:
            return True
        seen.add(path)
        users = self.importers(path)
        return bool(users) and all(user == self.target or self._serves_target(user, seen) for user in users)


def open_project(
    target: str,
    root: str,
    files: tuple[str, ...],
    *,
    scope: Scope = "file",
    read: Callable[[str], bytes] | None = None,
    library: frozenset[str] = frozenset(),
    exclude: tuple[str, ...] = (),
    ignores: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> Project:
    """A project over what is on disk, or over what ``read`` gives."""
    raw = cache(read or (lambda path: Path(path).read_bytes()))
    source = cache(lambda path: read_source(path, raw(path)))
    users = cache(lambda path: importers(path, root, raw))
    local = frozenset(path for path in (*files, target) if _is_below(path, root))
    return Project(target, root, scope, local | library, raw, source, users, library, exclude, ignores)


def _is_below(path: str, root: str) -> bool:
    return Path(path).is_relative_to(root) and "site-packages" not in Path(path).relative_to(root).parts
