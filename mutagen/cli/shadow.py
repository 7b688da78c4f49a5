"""A stand-in for a project in which one file has another content; the project itself is not touched."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mutagen.errors import ErrorGroup, MutagenError, Place

_MARKS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")
_LEFT_OUT = {"__pycache__", ".mutagen_cache"}
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Shadow:
    """The top folder of the project and that of its stand-in, and the file in the latter."""

    top: str
    stand_in: str
    file: str

    def there(self, path: str) -> str:
        """A path or pattern of the project, in the stand-in."""
        return self.stand_in + path[len(self.top) :] if path.startswith((f"{self.top}/", f"{self.top}\\")) else path

    def real(self, value: _Value) -> _Value:
        """A record, with everything in it, that speaks of the project in the place of its stand-in."""
        found: Any = self._real(value)
        return found  # type: ignore[no-any-return]

    def _real(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(self.stand_in, self.top)
        if isinstance(value, tuple | list | set | frozenset):
            return type(value)(self._real(it) for it in value)
        if isinstance(value, Mapping):
            return {self._real(key): self._real(it) for key, it in value.items()}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [it.name for it in dataclasses.fields(value) if it.init]
            return dataclasses.replace(value, **{name: self._real(getattr(value, name)) for name in fields})
        return value

    def error(self, error: MutagenError) -> MutagenError:
        """An error that speaks of the project; the error itself, changed."""
        for each in error.errors if isinstance(error, ErrorGroup) else (error,):
            each.message, each.hint, each.detail = (self.real(it) for it in (each.message, each.hint, each.detail))
            place: Place | None = each.place
            each.place = self.real(place)
        return error


@contextmanager
def shadow_of(file: str, content: bytes) -> Iterator[Shadow]:
    """A stand-in for the project of a file, in which the file has some content; all else is linked. Gone at the end."""
    path = Path(os.path.abspath(file))  # noqa: PTH100  links stay links
    top = _top(path)
    with tempfile.TemporaryDirectory(prefix="mutagen-stdin-") as folder:
        stand_in = Path(os.path.realpath(folder)) / (top.name or "project")
        for real in [it for it in reversed(path.parents) if it.is_relative_to(top)]:
            _mirror(real, stand_in / real.relative_to(top), without=path)
        place = stand_in / path.relative_to(top)
        place.write_bytes(content)
        if path.exists():
            shutil.copymode(path, place)
        yield Shadow(str(top), str(stand_in), str(place))


def _top(path: Path) -> Path:
    """The top of the project: the nearest folder with a mark of one, else the folder above the package."""
    marked = next((it for it in path.parents if any((it / mark).exists() for mark in _MARKS)), None)
    if marked is not None and marked != Path.home() and marked.parent != marked:
        return marked
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder = folder.parent
    return folder


def _mirror(real: Path, folder: Path, *, without: Path) -> None:
    """A folder whose entries are links, but for what leads to the file."""
    folder.mkdir(parents=True)
    for entry in os.scandir(real):
        if entry.name not in _LEFT_OUT and not without.is_relative_to(entry.path):
            (folder / entry.name).symlink_to(entry.path)
