"""One definition a block: in the file that needs it, or in a module beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.actions.draft import Draft
from mutagen.blocks.catalogue import load_blocks
from mutagen.planning.shared_blocks import module_stem, share_definitions
from mutagen.records.plan import Definition, Import
from mutagen.source.project import Project, open_project


def project(root: Path) -> Project:
    return open_project(str(root / "net.py"), str(root), ())


def use(file: Path, before: int = 5, style: str = "inline", block: str = "ECA") -> Definition:
    return Definition(str(file), block, block, style, before, "r")  # type: ignore[arg-type]


def test_the_first_use_of_a_file_decides(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    shared = share_definitions(
        Draft(definitions=(use(file, 20), use(file, 8), use(file, 30))), project(tmp_path), load_blocks()
    )
    assert shared.definitions == (use(file, 8),)
    assert shared.imports == ()


def test_a_module_beside_a_script(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    shared = share_definitions(Draft(definitions=(use(file, style="module"),)), project(tmp_path), load_blocks())
    assert [(it.file, it.style, it.before) for it in shared.definitions] == [(str(tmp_path / "eca.py"), "module", 1)]
    assert shared.imports == (Import(str(file), "eca", "ECA"),)


def test_a_module_in_a_package(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").touch()
    file = tmp_path / "pkg/net.py"
    shared = share_definitions(Draft(definitions=(use(file, style="module"),)), project(tmp_path), load_blocks())
    assert shared.imports == (Import(str(file), ".eca", "ECA"),)


def test_one_module_for_two_files(tmp_path: Path) -> None:
    for folder in ("pkg", "pkg/inner"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    first, second = tmp_path / "pkg/net.py", tmp_path / "pkg/inner/parts.py"
    for file in (first, second):
        file.touch()
    shared = share_definitions(Draft(definitions=(use(first), use(second))), project(tmp_path), load_blocks())
    assert [it.file for it in shared.definitions] == [str(tmp_path / "pkg/eca.py")]
    assert shared.imports == (Import(str(first), ".eca", "ECA"), Import(str(second), "pkg.eca", "ECA"))


def test_the_module_stands_beside_the_file_that_the_others_import(tmp_path: Path) -> None:
    for folder in ("pkg", "pkg/inner"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    first, second = tmp_path / "pkg/net.py", tmp_path / "pkg/inner/parts.py"
    first.write_text("from .inner.parts import Part\n")
    second.touch()
    shared = share_definitions(Draft(definitions=(use(first), use(second))), project(tmp_path), load_blocks())
    assert [it.file for it in shared.definitions] == [str(tmp_path / "pkg/inner/eca.py")]
    assert shared.imports == (Import(str(first), "pkg.inner.eca", "ECA"), Import(str(second), ".eca", "ECA"))


def test_a_file_that_stands_there_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "eca.py").write_text("# another one\n")
    shared = share_definitions(
        Draft(definitions=(use(tmp_path / "net.py", style="module"),)), project(tmp_path), load_blocks()
    )
    assert [Path(it.file).name for it in shared.definitions] == ["eca_block.py"]


@pytest.mark.parametrize(
    ("block", "stem"),
    [
        ("ECA", "eca"),
        ("LayerScale", "layer_scale"),
        ("AttentionGate2d", "attention_gate2d"),
        ("group_norm", "group_norm"),
    ],
)
def test_module_names(block: str, stem: str) -> None:
    assert module_stem(block) == stem
