from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mutagen.records.plan import Edit, Plan, Refusal, RulePlan
from mutagen.records.result import Case, Counts, FileChange, Proof, Report, Status, Verdict, Weights
from mutagen.records.span import Span
from mutagen.records.target import Call
from mutagen.sandbox.runner import Host


@dataclass(frozen=True)
class Options:
    """What the command line hands over, as ``mutagen.api.Options``."""

    rules: str
    target: str
    model: str | None = None
    inputs: tuple[str, ...] = ()
    inputs_from: str | None = None
    scope: str = "file"
    style: str | None = None
    write: bool = True
    timeout: float = 120.0
    memory: int | None = None
    plan_file: str | None = None
    device: str | None = None
    prove_with: str | None = None
    prove_inputs: tuple[str, ...] = ()


@dataclass
class Api:
    """Stands in for ``mutagen.api``: answers with what a test prepared, and keeps what it was asked."""

    outcomes: list[Report | BaseException] = field(default_factory=list)
    plan: Plan | None = None
    asked: list[Options] = field(default_factory=list)

    def run(self, options: Options, host: Host) -> Report:
        self.asked.append(options)
        outcome = self.outcomes[min(len(self.asked), len(self.outcomes)) - 1]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def make_plan_only(self, options: Options, host: Host) -> Plan:
        self.asked.append(options)
        assert self.plan is not None
        return self.plan


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    stub, module = Api(), ModuleType("mutagen.api")
    members: dict[str, Any] = {"Options": Options, "run": stub.run, "make_plan_only": stub.make_plan_only}
    for name, member in members.items():
        setattr(module, name, member)
    monkeypatch.setitem(sys.modules, "mutagen.api", module)
    return stub


@pytest.fixture
def make_plan(tmp_path: Path) -> Callable[..., Plan]:
    def make(name: str = "model.py", *, refused: bool = False) -> Plan:
        file = str(tmp_path / name)
        refusal = Refusal("r", "conv", "no-edit", "no exact edit exists", "split the rule", Span(file, 1, 4, 1, 5))
        rule = RulePlan(
            "r", ("conv",), () if refused else ("conv",), (), (refusal,) if refused else (), (f"{file}:1:5",)
        )
        edits = () if refused else (Edit(Span(file, 1, 4, 1, 5), "1", "2", "r", "site", "one", ("conv",)),)
        return Plan(1, file, Call("Net"), (), {file: "00"}, edits, rules=(rule,))

    return make


@pytest.fixture
def make_report(make_plan: Callable[..., Plan]) -> Callable[..., Report]:
    def make(status: Status, name: str = "model.py") -> Report:
        plan = make_plan(name, refused=status == "refused")
        changed = status in ("applied", "would_change", "failed")
        proof = Proof(status != "failed", True, 0.0, (Case("eval", ((1, 3),), True, 0.0),))
        verdict = Verdict(proof, (), Counts((4, 6), (0, 0), (8, 8)), Weights(("a",), {}, (), ()))
        return Report(
            status=status,
            plan=plan,
            trace_method="fx",
            nodes=1,
            modules=1,
            files=(FileChange(plan.file, b"x = 1\r\n", b"x = 2  # \xe4\r\n"),) if changed else (),
            verdict=verdict if changed else None,
            failure="eval differs" if status == "failed" else "",
        )

    return make


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the command."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
