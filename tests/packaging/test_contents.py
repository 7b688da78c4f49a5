"""What the wheel and the source archive carry, and that the shipped folders are found in every kind of installation."""

from __future__ import annotations

import re
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from mutagen.resources import rules_dir, templates_dir

CHECKOUT = Path(__file__).resolve().parents[2]
FIND = "import mutagen.resources as r; print(r.rules_dir()); print(r.templates_dir())"


def shipped(kind: str, suffix: str) -> set[str]:
    return {path.name for path in (CHECKOUT / kind).iterdir() if path.name.endswith(suffix)}


def test_the_wheel_carries_rules_and_templates_and_one_module_at_the_top(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"mutagen", "torch_mutagen_boot.py"}
    assert {name.split("/")[-1] for name in names if "/_data/rules/" in name} >= shipped("rules", ".yaml")
    assert {name.split("/")[-1] for name in names if "/_data/templates/" in name} >= shipped("templates", ".j2")
    assert {"mutagen/py.typed", "mutagen/__init__.pyi"} <= set(names)
    assert not [name for name in names if "tests/" in name or "samples/" in name or name.endswith(".pyc")]


def test_metadata_warns_of_the_name_and_does_not_ask_for_torch(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    metadata = archive.read(name).decode()
    assert "\nName: torch-mutagen\n" in metadata
    assert "not the audio tag library" in metadata
    assert "License-Expression: Apache-2.0" in metadata
    hard = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert hard
    assert not [line for line in hard if line.startswith("Requires-Dist: torch")]
    (entry,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
    assert "mutagen = torch_mutagen_boot:main" in archive.read(entry).decode()


def test_the_source_archive_can_be_built_and_tested_from(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "Makefile",
        "constraints.txt",
        "torch_mutagen_boot.py",
    }
    assert wanted <= names
    assert {f"rules/{name}" for name in shipped("rules", ".yaml")} <= names
    assert {f"templates/{name}" for name in shipped("templates", ".j2")} <= names
    assert not [name for name in names if name.startswith((".venv", ".mypy_cache")) or name.endswith(".pyc")]


def test_no_module_repeats_a_name_of_the_audio_library() -> None:
    theirs = re.split(
        r"\s+",
        "_util _file _tags _constants _iff _riff _vorbis _tools aac ac3 aiff apev2 asf dsdiff dsf easyid3 easymp4 flac "
        "id3 m4a monkeysaudio mp3 mp4 musepack ogg oggflac oggopus oggspeex oggtheora oggvorbis optimfrog smf tak "
        "trueaudio wave wavpack",
    )
    ours = {path.stem for path in (CHECKOUT / "mutagen").iterdir()}
    assert not ours.intersection(theirs)


def test_the_folders_are_found_when_installed(site: Path, python) -> None:
    found = python("-c", FIND, path=(site,)).stdout.splitlines()
    assert found == [str(site / "mutagen/_data/rules"), str(site / "mutagen/_data/templates")]


def test_the_folders_are_found_in_the_checkout() -> None:
    assert (rules_dir(), templates_dir()) == (CHECKOUT / "rules", CHECKOUT / "templates")


def test_the_folders_are_found_in_an_editable_installation(site: Path, python, tmp_path: Path) -> None:
    """pip puts ``mutagen/_data`` and the boot module into site-packages, and the checkout on the path after it."""
    editable = tmp_path / "site"
    shutil.copytree(site / "mutagen/_data", editable / "mutagen/_data")
    found = python("-c", FIND, path=(editable, CHECKOUT)).stdout.splitlines()
    assert found == [str(CHECKOUT / "rules"), str(CHECKOUT / "templates")]


def test_an_installation_without_the_folders_says_so(site: Path, python, tmp_path: Path) -> None:
    shutil.copytree(site / "mutagen", tmp_path / "site/mutagen", ignore=shutil.ignore_patterns("_data"))
    run = python("-c", FIND, path=(tmp_path / "site",))
    assert run.returncode == 1
    assert "lacks the folder 'rules'" in run.stderr


@pytest.mark.parametrize("start", ["torch_mutagen_boot", "mutagen"])
def test_the_installed_command_lists_exactly_the_shipped_rules(site: Path, python, start: str) -> None:
    run = python("-m", start, "rules", "list", path=(site,))
    assert (run.returncode, run.stderr) == (0, "")
    listed = {line.split()[0] for line in run.stdout.splitlines()[1:]}
    assert listed == {name.removesuffix(".yaml") for name in shipped("rules", ".yaml")}
