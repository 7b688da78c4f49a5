"""The audio tag library installs an import package of the same name: every state must start, explain, and exit 2."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import torch_mutagen_boot as boot

CHECKOUT = Path(__file__).resolve().parents[2]
AUDIO_INIT = '"""Audio tags."""\n\n\nclass StreamInfo:\n    pass\n'
AUDIO_MP3 = "from mutagen import StreamInfo\n\n\nclass MP3(StreamInfo):\n    pass\n"


def put_audio(site: Path, *, overwrite: bool) -> None:
    """Do what ``pip install mutagen`` does to a site-packages folder."""
    (site / "mutagen").mkdir(parents=True, exist_ok=True)
    init = site / "mutagen/__init__.py"
    if overwrite or not init.exists():
        init.write_text(AUDIO_INIT)
    (site / "mutagen/mp3.py").write_text(AUDIO_MP3)
    put_metadata(site, "mutagen", "1.48.1")
    put_metadata(site, "tagger", "2.0", requires="Mutagen (>=1.40)")


def put_metadata(site: Path, name: str, version: str, requires: str = "") -> None:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir()
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    if requires:
        lines.append(f"Requires-Dist: {requires}")
    (folder / "METADATA").write_text("\n".join(lines) + "\n")


@pytest.fixture
def ours(site: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(site, tmp_path / "site-packages"))


def test_alone_it_starts_without_a_word(ours: Path, python) -> None:
    run = python("-m", "torch_mutagen_boot", "--version", path=(ours,))
    assert (run.returncode, run.stderr) == (0, "")
    assert "0.1.0" in run.stdout


@pytest.mark.parametrize("start", ["torch_mutagen_boot", "mutagen"])
def test_overwritten_by_the_audio_library(ours: Path, python, start: str) -> None:
    put_audio(ours, overwrite=True)
    run = python("-m", start, "--version", path=(ours,))
    assert (run.returncode, run.stdout) == (2, "")
    assert "error[I001]: another package has overwritten or shadows ours" in run.stderr
    assert f"torch-mutagen 0.1.0 is installed in {ours}" in run.stderr
    assert f"mutagen 1.48.1 is installed in {ours}" in run.stderr
    assert "pip uninstall -y mutagen torch-mutagen && pip install torch-mutagen" in run.stderr
    assert "who asked for it:    tagger" in run.stderr


def test_after_the_audio_library_was_removed_again(ours: Path, python) -> None:
    (ours / "mutagen/__init__.py").unlink()
    run = python("-S", "-m", "torch_mutagen_boot", "--version", path=(ours,))
    assert (run.returncode, run.stdout) == (2, "")
    assert "error[I001]: mutagen/__init__.py is missing" in run.stderr
    assert "pip uninstall -y mutagen torch-mutagen && pip install torch-mutagen" in run.stderr


def test_installed_over_the_audio_library(ours: Path, python) -> None:
    put_audio(ours, overwrite=False)
    run = python("-m", "torch_mutagen_boot", "--version", path=(ours,))
    assert run.returncode == 0
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("warning[I002]: mutagen is installed too")
    silent = python("-m", "torch_mutagen_boot", "--version", path=(ours,), env={boot.SILENCE: "1"})
    assert (silent.returncode, silent.stderr) == (0, "")


def test_users_of_the_audio_library_are_told_what_they_imported(ours: Path, python) -> None:
    put_audio(ours, overwrite=False)
    run = python("-c", "from mutagen.mp3 import MP3", path=(ours,))
    assert run.returncode == 1
    assert "ImportError: 'mutagen' here is torch-mutagen" in run.stderr
    assert "'StreamInfo' belongs to the audio tag library" in run.stderr


def test_editable_beside_the_audio_library(python, tmp_path: Path) -> None:
    editable = tmp_path / "site-packages"
    put_audio(editable, overwrite=True)
    put_metadata(editable, "torch_mutagen", "0.1.0")
    run = python("-m", "torch_mutagen_boot", "--version", path=(editable, CHECKOUT))
    assert run.returncode == 2
    assert f"shadows ours: {editable / 'mutagen/__init__.py'}" in run.stderr
    assert "torch-mutagen 0.1.0 is installed in" in run.stderr


def test_a_foreign_package_that_cannot_be_imported(ours: Path, python) -> None:
    (ours / "mutagen/__init__.py").write_text("raise RuntimeError('no codec')\n")
    run = python("-m", "torch_mutagen_boot", "--version", path=(ours,))
    assert run.returncode == 2
    assert "cannot be imported: no codec" in run.stderr


def test_an_unknown_name_is_an_ordinary_attribute_error() -> None:
    import mutagen

    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        _ = mutagen.colour
    with pytest.raises(ImportError, match="audio tag"):
        _ = mutagen.File
    for name in mutagen.__all__:
        assert getattr(mutagen, name) is not None


def test_metadata_folders_are_told_apart(tmp_path: Path) -> None:
    put_metadata(tmp_path, "mutagen", "1.48.1")
    put_metadata(tmp_path, "mutagen_ai", "0.1.0")
    put_metadata(tmp_path, "mutagenesis", "3.0")
    (tmp_path / "torch_mutagen-0.1.0.dist-info").mkdir()
    found = boot.installed([str(tmp_path), str(tmp_path / "missing")])
    assert {name: version for name, (version, _) in found.items()} == {
        "mutagen": "1.48.1",
        "mutagen-ai": "0.1.0",
        "torch-mutagen": "0.1.0",
    }


def test_the_check_imports_nothing_for_it() -> None:
    code = "import sys, torch_mutagen_boot as boot; old = set(sys.modules); boot.broken(); boot.warning(); "
    code += "print(sorted(set(sys.modules) - old))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    assert "importlib.metadata" not in run.stdout
    assert run.stdout.count("'") <= 2 * 8
