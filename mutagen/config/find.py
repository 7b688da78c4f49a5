"""Which table holds for a file: that of the nearest pyproject.toml that has one; nothing is merged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mutagen.errors import Place, UserError

if TYPE_CHECKING:
    from mutagen.records.config import Config, Entry

FILE = "pyproject.toml"


def config_for(path: str | None, *, given: str | None = None) -> Config | None:
    """The configuration of the file or folder at ``path`` (the current folder where it is None), or that ``given``.

    Raises UserError C205 for a given file without the table, and as ``read_config`` does.
    """
    if given is not None:
        found = _read(Path(given).absolute())
        if found is None:
            hint = "write [tool.mutagen] into it, or leave --config out"
            raise UserError("C205", "the file has no table [tool.mutagen]", place=Place(given), hint=hint)
        return found
    start = Path(os.path.abspath(path)) if path is not None and os.path.exists(path) else Path.cwd()  # noqa: PTH100, PTH110
    for folder in (start, *start.parents):
        file = folder / FILE
        if file.is_file() and _may_speak_of_us(file) and (found := _read(file)) is not None:
            return found
    return None


def _may_speak_of_us(file: Path) -> bool:
    """Whether a file is worth parsing; one that cannot be read is, for the sake of the error."""
    try:
        return b"mutagen" in file.read_bytes()
    except OSError:
        return True


def _read(file: Path) -> Config | None:
    from mutagen.config.read import read_config  # with the parser, which most projects have no need of

    return read_config(file)


def entry_for(config: Config, target: str) -> Entry | None:
    """What a configuration says of a target, by its file or, for a dotted module, by its name."""
    path = os.path.realpath(target)
    return next((it for it in config.targets if it.target == target or os.path.realpath(it.target) == path), None)


def patterns(config: Config) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The patterns of a configuration with full paths: of excluded files, and of those that rules spare."""
    from mutagen.source.file_globs import full_pattern

    folder = str(Path(config.file).parent)
    exclude = tuple(full_pattern(it, folder) for it in config.exclude)
    return exclude, tuple((full_pattern(it, folder), ids) for it, ids in config.per_file_ignores)
