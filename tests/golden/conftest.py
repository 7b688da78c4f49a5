"""One process that imported torch serves all cases; every case works in a copy of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from mutagen.api import Options, make_plan_only, run
from mutagen.load.plan_file import dump_plan, read_plan
from mutagen.records.plan import Edit, Plan
from mutagen.records.result import FileChange, Report
from mutagen.report import diff
from mutagen.rewrite.apply import rewrite
from mutagen.sandbox.runner import Host, Session

ROOT = Path(__file__).parents[2]
PATCHES = Path(__file__).parent / "patches"
PACKAGES = Path(__file__).parent / "library" / "site-packages"


class SharedHost(Host):
    """A host for many runs: the sessions of a run end with it."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Session] = []

    def session(self, label: str, *, memory: int | None = None, watched: bool = False) -> Session:
        self.given.append(super().session(label, memory=memory, watched=watched))
        return self.given[-1]

    def close_sessions(self) -> None:
        while self.given:
            self.given.pop().close()


@dataclass
class Bench:
    """A working folder with a copy of some sources, and what can be done there."""

    folder: Path
    host: SharedHost
    update: bool
    original: dict[str, bytes] = field(default_factory=dict)

    def copy(self, source: Path) -> Path:
        """A copy of a file or folder, whose bytes are remembered."""
        place = self.folder / source.name
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place)
        self.original |= self.bytes()
        return place

    def write(self, name: str, text: str | bytes) -> Path:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        self.original |= self.bytes()
        return place

    def bytes(self) -> dict[str, bytes]:
        """Every source in the folder."""
        return {str(it): it.read_bytes() for it in sorted(self.folder.rglob("*.py"))}

    def run(self, rules: str, target: Path, model: str, inputs: tuple[str, ...], **more: object) -> Report:
        options = replace(Options(rules=rules, target=str(target), model=model, inputs=inputs), **more)  # type: ignore[arg-type]
        try:
            return run(options, self.host)
        finally:
            self.host.close_sessions()

    def plan(self, rules: str, target: Path, model: str, inputs: tuple[str, ...]) -> Plan:
        try:
            return make_plan_only(Options(rules=rules, target=str(target), model=model, inputs=inputs), self.host)
        finally:
            self.host.close_sessions()

    def check_applied(self, report: Report, patch: str) -> None:
        """What holds after every change that was written, whatever the rule."""
        assert report.failure == ""
        assert report.status == "applied", [(it.path, it.code) for rule in report.plan.rules for it in rule.refused]
        assert report.verdict is not None
        assert report.verdict.proof.equal
        assert not [it for it in report.verdict.checks if it.status == "fail"]
        changed = {it.path: it.after for it in report.files}
        assert self.bytes() == self.original | changed
        self.check_golden(report.files, patch)
        for it in report.files:
            _lines_stay(it, report)
        self._plan_travels(report)

    def check_golden(self, files: tuple[FileChange, ...], patch: str) -> None:
        """The patch is the stored one, and git takes it in both directions."""
        self._golden(diff.render(files, root=self.folder), PATCHES / f"{patch}.patch")
        self._patches(files)

    def check_untouched(self) -> None:
        assert self.bytes() == self.original

    def _golden(self, patch: bytes, golden: Path) -> None:
        if self.update:
            golden.write_bytes(patch)
        assert patch == golden.read_bytes(), f"{golden.name} is another patch; see it, then run with --update-golden"

    def _patches(self, files: tuple[FileChange, ...]) -> None:
        """Git takes the patch, and takes it back."""
        before = {it.path: it.before for it in files}
        self._restore()
        for it in files:
            if it.before is None:
                Path(it.path).unlink()
        patch = diff.render(files, root=self.folder)
        for arguments, wanted in (([], {it.path: it.after for it in files}), (["-R"], before)):
            command = ["git", "apply", "--whitespace=nowarn", *arguments, "-"]
            subprocess.run(command, input=patch, cwd=self.folder, check=True, capture_output=True)
            for path, data in wanted.items():
                assert (Path(path).read_bytes() if Path(path).exists() else None) == data
        for it in files:
            Path(it.path).write_bytes(it.after)

    def _restore(self) -> None:
        for path, data in self.original.items():
            Path(path).write_bytes(data)

    def _plan_travels(self, report: Report) -> None:
        """Written as JSON and read again it is the same plan, and writes the same bytes."""
        file = self.folder / "plan.json"
        file.write_text(dump_plan(report.plan), "utf-8")
        plan = read_plan(str(file))
        assert plan == report.plan
        assert set(rewrite(plan, self.original)) == set(report.files)


def _lines_stay(change: FileChange, report: Report) -> None:
    """Lines that no edit touches are in the result, byte for byte and in order."""
    touched = set()
    before = (change.before or b"").splitlines(keepends=True)
    for edit in report.plan.edits:
        if edit.span.file == change.path and not edit.old and _stands_within(before[edit.span.line - 1], edit):
            touched.add(edit.span.line)
        if edit.span.file == change.path and edit.old:
            touched |= set(range(edit.span.line, edit.span.end_line + 1))
    joined = tuple(f"from {it.module} import".encode() for it in report.plan.imports)
    joined = (*joined, b"from torch import") if report.plan.definitions else joined
    mark = b"\xef\xbb\xbf"
    assert change.before is None or change.before.startswith(mark) == change.after.startswith(mark)
    before = (change.before or b"").removeprefix(mark).splitlines(keepends=True)
    after = iter(change.after.removeprefix(mark).splitlines(keepends=True))
    for number, line in enumerate(before, start=1):
        if number not in touched and not line.startswith(joined or b"\0"):
            assert any(it == line for it in after), f"line {number} is not as it was: {line!r}"


def _stands_within(line: bytes, edit: Edit) -> bool:
    """Whether what is inserted there has text of the line before it, and goes on in it or has text behind it."""
    goes_on = line[edit.span.column :].strip() or not edit.new.startswith(("\n", "\r"))
    return bool(line[: edit.span.column].strip() and goes_on)


@pytest.fixture(scope="session")
def host() -> Iterator[SharedHost]:
    with SharedHost() as running:
        yield running


@pytest.fixture(scope="module")
def library_host() -> Iterator[SharedHost]:
    """A host whose Python finds the installed packages of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGES), os.environ.get("PYTHONPATH", "")]))
        with SharedHost() as running:
            yield running


@pytest.fixture
def bench(tmp_path: Path, host: SharedHost, request: pytest.FixtureRequest) -> Bench:
    """A folder that git does not see as part of this repository."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    return Bench(tmp_path, host, bool(request.config.getoption("--update-golden")))
