"""Parts of a change are refused: their matches stay, the rest is planned anew, proved and written."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mutagen.api import Options, run
from mutagen.cli.interactive import Questions
from mutagen.records.result import Report
from mutagen.tracked.drift import compare
from mutagen.tracked.lockfile import parse

SAMPLES = Path(__file__).parents[2] / "samples"
MODEL, INPUTS = "resnet20()", ("1x3x32x32",)


@pytest.fixture
def answered(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Report]:
    """Apply rules to a copy of a sample, with answers as they are typed."""

    def answered(rules: str, answers: str, **more: Any) -> Report:
        target = bench.folder / "resnet_cifar.py"
        if not target.exists():
            bench.copy(SAMPLES / "resnet_cifar.py")
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        options = replace(Options(rules=rules, target=str(target), model=MODEL, inputs=INPUTS), **more)
        try:
            return run(options, bench.host, review=Questions())
        finally:
            bench.host.close_sessions()

    return answered


def test_a_refused_hunk_drops_its_matches_and_the_rest_is_proved(
    bench: Any, answered: Callable[..., Report], capsys: pytest.CaptureFixture[str]
) -> None:
    report = answered("bn-to-gn", "y\ny\n?\nn\n")
    err = capsys.readouterr().err
    assert "resnet_cifar.py: bn-to-gn for layer1.0.bn1, layer1.1.bn1" in err
    assert "(1/3) take this hunk [y,n,a,q,?]? " in err and "leave it out, with everything else" in err
    assert report.status == "applied"
    assert report.verdict is not None and report.verdict.proof.equal
    (rule,) = report.plan.rules
    assert len(rule.planned) == 18 and "bn1" not in rule.planned
    text = (bench.folder / "resnet_cifar.py").read_text()
    assert "self.bn1 = nn.BatchNorm2d(16)" in text
    original = (SAMPLES / "resnet_cifar.py").read_text()
    assert text.count("nn.BatchNorm2d") == original.count("nn.BatchNorm2d") - 2


def test_hunks_of_one_match_go_together(bench: Any, answered: Callable[..., Report], capsys: Any) -> None:
    """The module is made in one hunk and called in another: whoever refuses the one is not asked about the other."""
    report = answered("eca-after-blocks", "n\n")
    assert capsys.readouterr().err.count("take this hunk") == 1
    assert report.status == "unchanged"
    assert "9 of these refused by hand" in report.plan.rules[0].explanation
    bench.check_untouched()


def test_all_and_quit_decide_on_what_follows(bench: Any, answered: Callable[..., Report], capsys: Any) -> None:
    looked = answered("bn-to-gn", "a\n", write=False)
    assert (looked.status, len(looked.plan.rules[0].planned)) == ("would_change", 19)
    assert capsys.readouterr().err.count("take this hunk") == 1
    for answers in ("q\n", ""):
        assert answered("bn-to-gn", answers).status == "unchanged"
        assert capsys.readouterr().err.count("take this hunk") == 1
    bench.check_untouched()


def test_a_part_gets_no_line_in_the_lock_file(bench: Any, answered: Callable[..., Report]) -> None:
    lock = bench.folder / "mutagen.lock"
    assert answered("bn-to-gn", "y\ny\nn\n", lock=True).status == "applied"
    assert parse(lock.read_bytes(), "") == ()
    assert answered("relu-to-gelu", "a\n").status == "applied"
    (line,) = parse(lock.read_bytes(), "")
    assert line.run.startswith("relu-to-gelu ")
    assert answered("bn-to-gn", "a\n").status == "applied"
    assert len(parse(lock.read_bytes(), "")) == 2
    assert not compare(parse(lock.read_bytes(), ""), str(lock)).errors


SIDE_BY_SIDE = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, width=16, depth=3):
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU()
        self.convs = nn.Sequential(*[nn.Conv2d(width, width, 3, padding=1) for _ in range(depth)])
        self.tail = nn.Sequential(nn.Conv2d(width, width, 3), nn.BatchNorm2d(width), nn.ReLU())

    def forward(self, x):
        return self.tail(self.convs(self.act(self.norm(x))))
"""
RULES = """\
version: 1
rules:
  - {id: gn, match: {type: BatchNorm2d}, replace: {with: GroupNorm}}
  - {id: gelu, match: {type: ReLU}, replace: {with: gelu}}
"""


@pytest.fixture
def side_by_side(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Report]:
    """Apply two rules whose edits stand in neighbouring lines, and in one line."""

    def side_by_side(answers: str, **more: Any) -> Report:
        target = bench.write("net.py", SIDE_BY_SIDE)
        rules = bench.folder / "rules.yaml"
        rules.write_text(RULES)
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        options = Options(rules=str(rules), target=str(target), model="Net()", inputs=("1x16x12x12",))
        try:
            return run(replace(options, **more), bench.host, review=Questions())
        finally:
            bench.host.close_sessions()

    return side_by_side


def lines_of(bench: Any) -> list[str]:
    return [it.strip() for it in (bench.folder / "net.py").read_text().splitlines() if "self." in it][:4]


@pytest.mark.parametrize(
    ("answers", "norm", "act", "tail"),
    [
        ("y\ny\ny\ny\n", "group_norm", "GELU", ("group_norm", "GELU")),
        ("n\ny\ny\ny\n", "BatchNorm2d", "GELU", ("group_norm", "GELU")),
        ("y\nn\nn\ny\n", "group_norm", "ReLU", ("BatchNorm2d", "GELU")),
        ("n\nn\ny\nn\n", "BatchNorm2d", "ReLU", ("group_norm", "ReLU")),
    ],
)
def test_edits_of_two_rules_in_one_hunk_are_asked_about_one_by_one(
    answers: str,
    norm: str,
    act: str,
    tail: tuple[str, str],
    bench: Any,
    side_by_side: Callable[..., Report],
    capsys: Any,
) -> None:
    report = side_by_side(answers)
    err = capsys.readouterr().err
    assert (report.status, report.verdict is not None and report.verdict.proof.equal) == ("applied", True)
    kept = lines_of(bench)
    assert norm in kept[0] and act in kept[1]
    assert all(it in kept[3] for it in tail)
    for rule, line in (("gn", "+        self.norm = "), ("gelu", "+        self.act = ")):
        (shown,) = [
            it for it in err.split("net.py: ") if it.startswith(f"{rule} for {'norm' if rule == 'gn' else 'act'}")
        ]
        assert shown.count("\n+") == 1 and line in shown


def test_what_is_left_is_proved_in_a_smaller_configuration(bench: Any, side_by_side: Callable[..., Report]) -> None:
    report = side_by_side("n\na\n", prove_with="Net(8, 1)", prove_inputs=("1x8x12x12",))
    assert (report.status, report.verdict is not None and report.verdict.proof.kind) == ("applied", "shrunk")
    assert lines_of(bench)[:2] == ["self.norm = nn.BatchNorm2d(width)", "self.act = nn.GELU()"]
    assert side_by_side("q\n", prove_with="Net(8, 1)", prove_inputs=("1x8x12x12",)).status == "unchanged"
