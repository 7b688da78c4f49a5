"""Other models of an edited file: built before and after, told of, and never broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.api import Options, run
from mutagen.errors import MutagenError, ProofError, TargetError
from mutagen.records.collateral import Built, Collateral, Other, Swap
from mutagen.records.result import Report
from mutagen.records.target import Call, Target
from mutagen.sandbox.runner import Host
from mutagen.verify import collateral
from mutagen.verify.collateral import Watch, watched

NET = """
import time
import urllib.request

import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16, depth=1):
        super().__init__()
        rates = [rate.item() for rate in torch.linspace(0, 1, depth)]
        self.stem = nn.Conv2d(3, width, 1)
        self.body = nn.Sequential(*[nn.Conv2d(width, width, 3, padding=1) for _ in rates])

    def forward(self, x):
        return self.body(self.stem(x))


def small():
    return Net()


def deep():
    return Net(depth=4)


def head():
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU())


def pretrained():
    urllib.request.urlopen("https://example.org/weights")
    return Net()


def endless():
    while True:
        time.sleep(0.01)
    return Net()


def huge():
    net = Net()
    net.blob = [bytearray(b"x") * 2**26 for _ in range(160)]
    return net
"""
BROKEN = """

def checked():
    net = Net()
    assert net.body[0].weight.dim() == 4
    return net
"""


def apply(folder: Path, source: str) -> tuple[Report, Path]:
    path = folder / "net.py"
    path.write_text(source)
    (folder / "train.py").write_text("from net import small\n")
    options = Options(rules="conv-to-dsc", target=str(path), model="small", inputs=("1x3x8x8",))
    with Host() as host:
        return run(options, host), path


def test_what_changes_stays_or_cannot_be_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collateral, "EACH", 8.0)
    monkeypatch.setattr(collateral, "LATER", 60.0)
    monkeypatch.setattr("mutagen.stages.proving.MEMORY", 900 * 2**20)
    report, path = apply(tmp_path, NET)
    assert report.status == "applied"
    found = {it.name: it for it in report.collateral}
    assert list(found) == ["deep", "head", "pretrained", "endless", "huge", "Net"]
    changed = found["deep"].changed
    assert changed is not None
    assert changed.classes == (Swap("Conv2d", "DepthwiseSeparableConv2d", 4),)
    assert changed.params[0] - changed.params[1] == 4 * (16 * 16 * 9 - 16 * 9 - 16 * 16)
    assert found["head"] == Collateral("head", str(path), True, True)
    assert (found["pretrained"].built_before, found["pretrained"].built_after) == (False, None)
    assert "network" in found["pretrained"].note
    assert found["endless"].built_before is None
    assert "longer than 8 s" in found["endless"].note
    assert found["huge"].built_before is None
    assert "memory" in found["huge"].note
    assert found["Net"].changed is not None
    assert report.importers == {str(path): (str(tmp_path / "train.py"),)}


def test_a_factory_that_breaks_is_a_refusal_with_its_line(tmp_path: Path) -> None:
    report, path = apply(tmp_path, NET.partition("def pretrained")[0] + BROKEN)
    assert report.status == "refused"
    [refusal] = [it for rule in report.plan.rules for it in rule.refused]
    assert refusal.code == "collateral"
    assert "checked can no longer be built" in refusal.message
    assert "weight" in refusal.message
    assert refusal.where is not None
    assert "net.body[0].weight" in path.read_text().splitlines()[refusal.where.line - 1]
    assert "checked" in refusal.advice
    assert "DepthwiseSeparable" not in path.read_text()


class Sessions:
    """Stand-ins that answer by the name of what is to be built."""

    def __init__(self, before: dict[str, object], after: dict[str, object]) -> None:
        self.answers = {"it": before, "with the change it": after}
        self.opened: list[str] = []
        self.asked: list[str] = []

    def __call__(self, label: str) -> Session:
        self.opened.append(label)
        return Session(self, label)


class Session:
    def __init__(self, sessions: Sessions, label: str) -> None:
        self.sessions, self.label = sessions, label

    def call(self, function: str, /, *args: object, timeout: float | None = None) -> object:
        if function.endswith("open_others"):
            return None
        call = args[1]
        assert isinstance(call, Call)
        self.sessions.asked.append(call.callee)
        answer = self.sessions.answers[self.label].get(call.callee, Built(1, {"": call.callee}))
        if isinstance(answer, MutagenError):
            raise answer
        return answer

    def kill(self) -> None:
        pass


def outcome(sessions: Sessions, *names: str) -> tuple[Collateral, ...]:
    target = Target("/m.py", "m", (), "/", overlay={"/m.py": b""})
    with watched(sessions, target, [Other(name, "/m.py", Call(name)) for name in names]) as watch:
        assert isinstance(watch, Watch)
        return watch.result()


def test_a_limit_after_the_edit_is_no_refusal() -> None:
    late = TargetError("T204", "it took longer than 10 s")
    [told] = outcome(Sessions({}, {"big": late}), "big")
    assert told == Collateral("big", "/m.py", True, None, note="it took longer than 10 s")


def test_another_process_goes_on_after_a_limit() -> None:
    late = TargetError("T204", "it took longer than 10 s")
    sessions = Sessions({"big": late}, {})
    told = outcome(sessions, "big", "other")
    assert [it.built_before for it in told] == [None, True]
    assert sessions.opened.count("it") == 2


def test_what_failed_before_may_fail() -> None:
    error = TargetError("T105", "big(...) cannot be built")
    [told] = outcome(Sessions({"big": error}, {"big": error}), "big")
    assert told == Collateral("big", "/m.py", False, None, note="big(...) cannot be built")


def test_what_built_before_must_build() -> None:
    error = TargetError("T105", "big(...) cannot be built")
    with pytest.raises(ProofError) as raised:
        outcome(Sessions({}, {"big": error}), "big")
    assert raised.value.code == "collateral"


def test_only_so_many_are_built() -> None:
    sessions = Sessions({}, {})
    told = outcome(sessions, *(f"net{n}" for n in range(collateral.MOST + 2)))
    assert len(sessions.asked) == 2 * collateral.MOST
    assert [it.note for it in told[-3:]] == ["", *["not tried, there are too many"] * 2]


def test_new_and_gone_modules_count_once_with_what_is_inside() -> None:
    before = Built(10, {"": "Net", "a": "Conv2d", "se": "SE", "se.fc": "Linear"})
    after = Built(12, {"": "Net", "a": "Conv2d", "eca": "ECA", "eca.conv": "Conv1d"})
    [told] = outcome(Sessions({"net": before}, {"net": after}), "net")
    assert told.changed is not None
    assert told.changed.params == (10, 12)
    assert set(told.changed.classes) == {Swap("SE", None, 1), Swap(None, "ECA", 1)}


def test_no_other_models_no_processes() -> None:
    with watched(Sessions({}, {}), Target("/m.py", "m", (), "/"), ()) as watch:
        assert watch is None


TWO_UNITS = """
import torch.nn as nn


class Unit(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return self.conv(x)


class Plain(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(x)


class Net(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.body = nn.Sequential()
        for unit in units:
            self.body.append(unit(16))

    def forward(self, x):
        return self.body(x)


def small():
    return Net([Unit, Unit, Unit])


def plain():
    return Net([Plain, Plain, Plain])
"""


def test_an_argument_that_another_model_cannot_take_gives_way_to_what_is_built(tmp_path: Path) -> None:
    """``plain`` hands over a class that has no such argument: the one module is set anew where ``small`` is made."""
    path = tmp_path / "net.py"
    path.write_text(TWO_UNITS)
    rules = tmp_path / "rules.yaml"
    match = "{type: Conv2d, path: body.1.conv}"
    rule = f"{{id: one, match: {match}, replace: {{with: DepthwiseSeparableConv2d}}}}"
    rules.write_text(f"version: 1\nrules: [{rule}]\n")
    options = Options(rules=str(rules), target=str(path), model="small", inputs=("1x16x8x8",))
    with Host() as host:
        report = run(options, host)
        again = run(options, host)
    assert (report.status, again.status) == ("applied", "unchanged")
    assert {it.rung for it in report.plan.edits} == {"override"}
    assert any("plain can no longer be built" in note for note in report.notes)
    assert next(it for it in report.collateral if it.name == "plain").changed is None
    text = path.read_text()
    assert text.endswith("return model\n\n\ndef plain():\n    return Net([Plain, Plain, Plain])\n")
    assert TWO_UNITS[TWO_UNITS.index("class Unit") : TWO_UNITS.index("def small")].strip() in text
