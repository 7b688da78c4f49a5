"""How paths are written in reports: relative to a root, with forward slashes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutagen.records.span import Span


def shown_path(path: str, root: Path) -> str:
    """The path relative to ``root`` where it lies below it, else as it is."""
    try:
        return Path(path).relative_to(root).as_posix()
    except ValueError:
        return Path(path).as_posix()


def shown_span(span: Span, root: Path) -> str:
    """``path:line:column``, the column counted from 1."""
    return f"{shown_path(span.file, root)}:{span.line}:{span.column + 1}"


def shown_site(site: str, root: Path) -> str:
    """A site that is written ``path:line:column``, with its path relative to ``root``."""
    path, mark, rest = site.partition(":") if not Path(site).drive else (site, "", "")
    return f"{shown_path(path, root)}{mark}{rest}"


def report_root(paths: Iterable[str], cwd: Path) -> Path:
    """The root of the git work tree that holds the first path, else ``cwd`` when it holds all, else their folder."""
    files = [Path(path) for path in paths]
    for folder in files[0].parents if files else [cwd, *cwd.parents]:
        if (folder / ".git").exists():
            return folder
    if not files or all(file.is_relative_to(cwd) for file in files):
        return cwd
    folder = files[0].parent
    while not all(file.is_relative_to(folder) for file in files):
        folder = folder.parent
    return folder
