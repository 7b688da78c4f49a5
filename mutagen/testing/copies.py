"""A copy of a model with what it imports from its own folder, for a test to change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from mutagen.errors import Place, TargetError
from mutagen.load.target_file import find_target
from mutagen.records.rule_tests import RuleTest

SOURCE = "model.py"
_LARGE = 1_000_000
_MOST = 2_000


def copy_model(test: RuleTest, folder: Path) -> Path:
    """The file to change, under ``folder``: the text of the test, or the model with its package or its neighbours.

    Raises TargetError T031 where that would be thousands of files.
    """
    if test.source is not None:
        file = folder / SOURCE
        file.write_text(test.source, encoding="utf-8")
        return file
    located = find_target(str(Path(test.file).parent / (test.model or "")))
    file, root = Path(located.file), Path(located.root)
    inside = file.relative_to(root)
    top = root / inside.parts[0]
    found = _files(top) if top.is_dir() else (file, *_neighbours(file))
    for number, each in enumerate(found):
        if number == _MOST:
            message, hint = f"more than {_MOST:,} files stand around the model", "put it into a folder of its own"
            raise TargetError("T031", message, place=Place(str(file)), hint=hint)
        place = folder / each.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(each, place)
    return folder / inside


def _files(top: Path) -> Iterator[Path]:
    for each in sorted(top.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in each.relative_to(top).parts)
        if not hidden and each.is_file() and each.stat().st_size <= _LARGE:
            yield each


def _neighbours(file: Path) -> Iterator[Path]:
    """Modules and packages beside a file that is in no package."""
    for each in sorted(file.parent.iterdir()):
        if each.suffix == ".py" and each != file and each.is_file():
            yield each
        elif each.is_dir() and (each / "__init__.py").is_file():
            yield from _files(each)
