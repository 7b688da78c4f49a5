"""The doctor's findings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mutagen import doctor

CHECKOUT = Path(__file__).resolve().parents[2]


def by_name() -> dict[str, doctor.Fact]:
    return {fact.name: fact for fact in doctor.facts()}


def test_a_sound_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.boot, "installed", dict)
    found = doctor.facts()
    assert doctor.healthy(found)
    text = doctor.report(found)
    assert f"{len(list((CHECKOUT / 'rules').glob('*.yaml')))} in {CHECKOUT / 'rules'}" in text
    assert "PROBLEM" not in text


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.version

    def version(name: str) -> str:
        if name == "torch":
            raise doctor.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", version)
    fact = by_name()["torch"]
    assert (fact.state, "pip install torch" in fact.cure) == ("problem", True)
    assert not doctor.healthy(doctor.facts())
    assert "PROBLEM torch" in doctor.report()


def test_a_clash_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.boot, "installed", lambda: {"mutagen": ("1.48.1", "/site")})
    fact = by_name()["name clash"]
    assert fact.state == "problem"
    assert fact.detail.startswith("mutagen 1.48.1 shares the import name")


def test_every_command_on_path_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mutagen").write_text("")
    for name in ("a", "b"):
        (tmp_path / name / "mutagen").chmod(0o755)
    path = os.pathsep.join(str(tmp_path / name) for name in ("b", "c", "a", "b"))
    assert doctor.commands(path) == (str(tmp_path / "b/mutagen"), str(tmp_path / "a/mutagen"))
    monkeypatch.setenv("PATH", path)
    fact = by_name()["command"]
    assert (fact.state, "the first one runs" in fact.detail) == ("note", True)


def test_a_temp_folder_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.tempfile, "tempdir", str(tmp_path / "missing"))
    assert by_name()["temp folder"].state == "problem"


def test_a_missing_folder_is_a_problem_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise doctor.MutagenError("I010", "the installation lacks the folder 'rules'", hint="install it again")

    monkeypatch.setattr(doctor, "rules_dir", missing)
    fact = by_name()["rules"]
    assert (fact.state, fact.cure) == ("problem", "install it again")
