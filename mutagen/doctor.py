"""What this installation looks like, for people who ask why something does not work; never imports torch."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import mutagen
import torch_mutagen_boot as boot
from mutagen.errors import MutagenError
from mutagen.resources import rules_dir, templates_dir

State = Literal["ok", "note", "problem"]

_REQUIRED = ("jinja2", "click", "rich", "pydantic", "ruamel.yaml", "filelock")
_MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the report: what was looked at, what was found, and what to do if it is a problem."""

    name: str
    state: State
    detail: str
    cure: str = ""


def facts() -> tuple[Fact, ...]:
    """Return everything that is worth knowing about this installation."""
    return (
        Fact("mutagen", "ok", f"{mutagen.__version__} in {Path(mutagen.__file__).parent}"),
        Fact("python", "ok", f"{platform.python_version()} at {sys.executable} on {platform.platform()}"),
        _torch(),
        *(_dependency(name) for name in _REQUIRED),
        _folder("rules", "*.yaml"),
        _folder("templates", "*.j2"),
        _clash(),
        _commands(),
        _temporary(),
    )


def healthy(found: tuple[Fact, ...]) -> bool:
    """Whether nothing stands in the way of a run."""
    return all(fact.state != "problem" for fact in found)


def report(found: tuple[Fact, ...] | None = None) -> str:
    """Return the facts as text, one a line, each problem followed by its cure."""
    lines = []
    for fact in facts() if found is None else found:
        lines.append(f"{_MARKS[fact.state]} {fact.name + ':':<12} {fact.detail}")
        if fact.cure:
            lines.append(f"{'':20} -> {fact.cure}")
    return "\n".join(lines)


def commands(path: str | None = None) -> tuple[str, ...]:
    """Return every ``mutagen`` on PATH, the one that runs first."""
    names = ("mutagen.exe", "mutagen.cmd", "mutagen") if os.name == "nt" else ("mutagen",)
    found = []
    for folder in (os.environ.get("PATH", "") if path is None else path).split(os.pathsep):
        for name in names:
            file = Path(folder or ".") / name
            if file.is_file() and os.access(file, os.X_OK) and str(file) not in found:
                found.append(str(file))
    return tuple(found)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _torch() -> Fact:
    there = _version("torch")
    if there:
        return Fact("torch", "ok", there)
    cure = "pip install torch (rules, check and explain work without)"
    return Fact("torch", "problem", "not installed: models cannot be traced", cure)


def _dependency(name: str) -> Fact:
    there = _version(name)
    if there:
        return Fact(name, "ok", there)
    return Fact(name, "problem", "not installed", f"pip install {name}")


def _folder(kind: Literal["rules", "templates"], pattern: str) -> Fact:
    try:
        folder = rules_dir() if kind == "rules" else templates_dir()
    except MutagenError as error:
        return Fact(kind, "problem", error.message, error.hint)
    return Fact(kind, "ok", f"{len(list(folder.glob(pattern)))} in {folder}")


def _clash() -> Fact:
    foreign = [f"{name} {boot.installed()[name][0]}" for name in boot.FOREIGN if name in boot.installed()]
    if not foreign:
        return Fact("name clash", "ok", "no other package called 'mutagen' is installed")
    detail = f"{', '.join(foreign)} shares the import name and is broken by {boot.OURS}"
    return Fact("name clash", "problem", detail, "use two environments, or uninstall both and install one again")


def _commands() -> Fact:
    found = commands()
    if not found:
        return Fact("command", "note", "no 'mutagen' on PATH", "python -m mutagen works too")
    mine = {str(Path(sys.prefix) / name / "mutagen") for name in ("bin", "Scripts")}
    if len(found) == 1 or found[0] in mine:
        return Fact("command", "ok", ", ".join(found))
    return Fact("command", "note", f"{', '.join(found)}: the first one runs", "if it is not ours: python -m mutagen")


def _temporary() -> Fact:
    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "try").write_bytes(b"")
    except OSError as error:
        return Fact("temp folder", "problem", str(error), "set TMPDIR to a folder that can be written")
    return Fact("temp folder", "ok", tempfile.gettempdir())
