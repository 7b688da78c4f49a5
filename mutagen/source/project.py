"""The files that may be looked at and those that may be edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mutagen.records.options import Scope
from mutagen.source.file import SourceFile, read_source
from mutagen.source.imports_of import importers


@dataclass(frozen=True)
class Project:
    """The target's surroundings. ``file`` reads and parses once; ``editable`` decides by the scope.

    Sources of a ``library`` are taken for editable: they stand for copies that are to be made of them.
    """

    target: str
    root: str
    scope: Scope
    files: frozenset[str]
    read: Callable[[str], bytes]
    file: Callable[[str], SourceFile]
    importers: Callable[[str], tuple[str, ...]]
    library: frozenset[str] = frozenset()

    def editable(self, path: str) -> bool:
        """Whether a file may be changed: the target, or a file of its package that serves only it."""
        if path == self.target or path in self.library:
            return True
        if path not in self.files:
            return False
        if self.scope == "package":
            return True
        return all(user == self.target or self._serves_target(user, {path}) for user in self.importers(path))

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
) -> Project:
    """A project over what is on disk, or over what ``read`` gives."""
    raw = cache(read or (lambda path: Path(path).read_bytes()))
    source = cache(lambda path: read_source(path, raw(path)))
    users = cache(lambda path: importers(path, root, raw))
    local = frozenset(path for path in (*files, target) if _is_below(path, root))
    return Project(target, root, scope, local | library, raw, source, users, library)


def _is_below(path: str, root: str) -> bool:
    return Path(path).is_relative_to(root) and "site-packages" not in Path(path).relative_to(root).parts
