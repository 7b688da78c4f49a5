"""How a module of the project is written in an import: as the file writes those beside it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mutagen.actions.definition import written_module
from mutagen.source.file import read_source


@pytest.mark.parametrize(
    ("head", "module", "written"),
    [
        ("from .blocks import Up", "pkg.models.unets.blocks", ".blocks"),
        ("from ..resnet import Block", "pkg.models.attention", "..attention"),
        ("from ..resnet import Block", "pkg.models.unets.blocks", ".blocks"),
        ("from ..resnet import Block", "pkg.config", "pkg.config"),  # one dot more than the file uses
        ("from .blocks import Up", "pkg.models.attention", "pkg.models.attention"),
        ("from pkg.models.resnet import Block", "pkg.models.unets.blocks", "pkg.models.unets.blocks"),
        ("from ..resnet import Block", "other.models.attention", "other.models.attention"),
        ("import torch", "pkg.models.attention", "pkg.models.attention"),
    ],
)
def test_dots_as_many_as_the_file_uses(tmp_path: Path, head: str, module: str, written: str) -> None:
    path = str(tmp_path / "pkg" / "models" / "unets" / "net.py")
    scene: Any = SimpleNamespace(project=SimpleNamespace(root=str(tmp_path)))
    assert written_module(module, read_source(path, f"{head}\n".encode()), scene) == written
