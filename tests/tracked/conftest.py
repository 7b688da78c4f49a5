"""A project with rules and files, and reports as a run would give them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from mutagen.records.options import Options
from mutagen.records.plan import Plan, Refusal, RulePlan
from mutagen.records.result import FileChange, Report, Status
from mutagen.records.target import Call
from mutagen.tracked.keep import keep
from mutagen.tracked.lockfile import Line, parse


@dataclass
class Project:
    """A folder with ``net.py``, ``parts.py`` and ``rules.yaml``; runs change files and put down what they did."""

    folder: Path

    @property
    def lock(self) -> Path:
        return self.folder / "mutagen.lock"

    def lines(self) -> tuple[Line, ...]:
        return parse(self.lock.read_bytes(), str(self.lock))

    def options(self, rules: str = "rules.yaml", **more: object) -> Options:
        return Options(rules=rules, target="net.py", **{"lock": True, **more})  # type: ignore[arg-type]

    def report(self, changes: dict[str, str] | None = None, rules: str = "rules.yaml", status: str = "") -> Report:
        """What a run says that makes these texts of files; without any, that nothing is left to do."""
        files = tuple(self.change(name, text) for name, text in (changes or {}).items())
        target = str(self.folder / "net.py")
        tracked = {str(self.folder / name): raw(self.folder / name) for name in ("net.py", "parts.py")}
        hashes = {it.path: raw(Path(it.path)) for it in files if it.before is not None}
        state: Status = "would_change" if files else "unchanged"
        return Report(
            status=status or state,  # type: ignore[arg-type]
            plan=Plan(1, target, Call("Net"), (), hashes),
            trace_method="fx",
            nodes=1,
            modules=1,
            files=files,
            tracked=tracked,
            made_of={str(self.folder / rules): raw(self.folder / rules)},
        )

    def change(self, name: str, text: str) -> FileChange:
        path = self.folder / name
        return FileChange(str(path), path.read_bytes() if path.exists() else None, text.encode())

    def run(self, changes: dict[str, str] | None = None, rules: str = "rules.yaml", **more: object) -> None:
        keep(self.report(changes, rules), self.options(rules, **more), root=str(self.folder))


def raw(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refused(partial: str) -> RulePlan:
    return RulePlan("r", ("a",), (), refused=(Refusal("r", "a", "loop", "why", "what"),), partial=partial)  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "net.py").write_text("net = 1\n")
    (tmp_path / "parts.py").write_text("parts = 1\n")
    (tmp_path / "rules.yaml").write_text("version: 1\n")
    (tmp_path / "others.yaml").write_text("version: 1  # others\n")
    monkeypatch.chdir(tmp_path)
    return Project(Path(os.getcwd()))
