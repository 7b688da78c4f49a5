"""``mutagen rules test``: the shipped sets pass theirs, and each thing that a test asks for has one that fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mutagen.errors import RuleError
from mutagen.load.rules_file import read_rules, shipped_rules
from mutagen.records.rule_tests import RuleTest
from mutagen.report.errors import members
from mutagen.sandbox.runner import Host
from mutagen.testing.copies import copy_model
from mutagen.testing.run import own_tests, run_test, untested

SOURCE = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.act = nn.ReLU()
        self.head = nn.Conv2d(16, 4, 3, padding=1)

    def forward(self, x):
        return self.head(self.act(self.conv(x)))
"""
RULE = "{id: gelu, match: {type: ReLU}, replace: {with: gelu}, expect: {instances: 99}}"
SHIPPED = [test for path in shipped_rules().values() for test in own_tests(str(path))]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host() as running:
        yield running


def written(folder: Path, test: str, *, rules: str = RULE) -> RuleTest:
    (folder / "net.py").write_text(SOURCE)
    path = folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - {rules}\ntests:\n  - {test}\n")
    (found,) = own_tests(str(path))
    return found


@pytest.mark.parametrize("test", SHIPPED, ids=[f"{Path(it.file).stem}-{it.name.replace(' ', '-')}" for it in SHIPPED])
def test_the_shipped_sets_do_what_their_tests_say(test: RuleTest, host: Host) -> None:
    assert run_test(test, host).problems == ()


def test_every_shipped_rule_has_a_test_with_a_patch_and_every_patch_a_test() -> None:
    patches = set()
    for name, path in shipped_rules().items():
        mine = [test.patch for test in own_tests(str(path)) if test.patch]
        assert mine, name
        patches |= set(mine)
    folder = next(iter(shipped_rules().values())).parent
    assert patches == {f"patches/{path.name}" for path in (folder / "patches").iterdir()}


def test_the_claims_of_rules_are_about_other_models(tmp_path: Path, host: Host) -> None:
    test = written(tmp_path, "{model: net.py, inputs: [1x3x8x8], expect: {instances: 1, sites: 1, params: same}}")
    outcome = run_test(test, host)
    assert (outcome.problems, outcome.reached) == ((), {"gelu"})
    assert (tmp_path / "net.py").read_text() == SOURCE
    assert untested(test.file, [outcome]) == ()
    assert [rule.id for rule in untested(test.file, [])] == ["gelu"]


def test_counts_that_are_not_met_are_problems(tmp_path: Path, host: Host) -> None:
    test = written(tmp_path, "{model: net.py, inputs: [1x3x8x8], expect: {instances: 2, params: decrease, sites: 1}}")
    assert run_test(test, host).problems == (
        "instances: expected 2, found 1",
        "params: expected decrease, found +0",
    )


def test_a_patch_is_written_only_when_told_and_compared_then(tmp_path: Path, host: Host) -> None:
    test = written(tmp_path, "{model: net.py, inputs: [1x3x8x8], patch: patches/p.patch}")
    (problem,) = run_test(test, host).problems
    assert problem == "there is no patch p.patch yet: run again with --update"
    assert not (tmp_path / "patches").exists()
    updated = run_test(test, host, update=True)
    assert (updated.problems, updated.wrote) == ((), True)
    stored = tmp_path / "patches/p.patch"
    assert b"+        self.act = nn.GELU()\n" in stored.read_bytes()
    assert not run_test(test, host, update=True).wrote
    stored.write_bytes(stored.read_bytes().replace(b"GELU", b"SiLU"))
    (problem,) = run_test(test, host).problems
    assert problem.startswith("the patch is another")
    assert "-+        self.act = nn.SiLU()\n++        self.act = nn.GELU()" in problem


def test_rules_that_match_nothing_are_a_problem_unless_asked_for(tmp_path: Path, host: Host) -> None:
    rules = RULE.replace("ReLU", "Tanh")
    (problem, help_) = run_test(written(tmp_path, "{model: net.py, inputs: [1x3x8x8]}", rules=rules), host).problems
    assert "rule gelu matches nothing" in problem
    assert help_.startswith("help: ")
    test = written(tmp_path, "{model: net.py, inputs: [1x3x8x8], expect: {instances: 0}}", rules=rules)
    assert run_test(test, host).problems == ()
    optional = rules.replace("id: gelu", "id: gelu, optional: true")
    (problem,) = run_test(written(tmp_path, "{model: net.py, inputs: [1x3x8x8]}", rules=optional), host).problems
    assert problem.startswith("nothing is changed")


def test_refusals_are_problems_unless_asked_for_by_code(tmp_path: Path, host: Host) -> None:
    rules = "{id: dsc, match: {path: conv}, replace: {with: DepthwiseSeparableConv2d}}"
    odd = SOURCE.replace(
        "self.conv = nn.Conv2d(3, 16, 3, padding=1)", "self.conv = nn.Conv2d(3, 16, 3, padding_mode='x')"
    )
    source = SOURCE.replace("self.act(self.conv(x))", "self.act(self.conv(x) + self.conv.weight.sum())")
    assert odd != SOURCE
    test = replace(written(tmp_path, "{model: net.py, inputs: [1x3x8x8]}", rules=rules), model=None, source=source)
    (problem,) = run_test(test, host).problems
    code = problem.partition("[")[2].partition("]")[0]
    assert problem.startswith(f"refused[{code}] conv: ")
    assert run_test(replace(test, refused=(code,)), host).problems == ()
    problems = run_test(replace(test, refused=(code, "no-such-code")), host).problems
    assert problems == ("nothing is refused[no-such-code]",)


def test_a_model_that_cannot_be_built_is_a_problem_and_no_crash(tmp_path: Path, host: Host) -> None:
    test = replace(written(tmp_path, "{model: net.py}"), model=None, source="class Net(:\n")
    assert len(run_test(test, host).problems) >= 1
    raising = replace(test, source=SOURCE.replace("super().__init__()", "raise OSError('no weights')"))
    assert "no weights" in run_test(raising, host).problems[0]


def test_a_second_run_that_is_not_empty_is_a_problem(
    tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mutagen.testing import run as module

    test = written(tmp_path, "{model: net.py, inputs: [1x3x8x8]}")
    real = module.run

    def forgetful(options: object, part: object, *, claims: bool) -> object:
        report = real(options, part, claims=claims)  # type: ignore[arg-type]
        for change in report.files:
            Path(change.path).write_bytes(change.before or b"")
        return report

    monkeypatch.setattr(module, "run", forgetful)
    (problem,) = run_test(test, host).problems
    assert problem.startswith("a second run is not empty: ")


def test_a_model_is_copied_with_its_package_or_its_neighbours(tmp_path: Path) -> None:
    for name in (
        "pkg/__init__.py",
        "pkg/net.py",
        "pkg/sub/__init__.py",
        "beside.py",
        ".git/x.py",
        "other/y.py",
        "z.py",
    ):
        (tmp_path / "from" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / name).write_text("")
    (tmp_path / "from/pkg/net.py").write_text("from . import sub\n")

    def copied(model: str, folder: str) -> list[str]:
        (tmp_path / folder).mkdir()
        test = RuleTest("t", str(tmp_path / "from/rules.yaml"), None, model=model)  # type: ignore[arg-type]
        file = copy_model(test, tmp_path / folder)
        assert file.is_file()
        return sorted(str(it.relative_to(tmp_path / folder)) for it in (tmp_path / folder).rglob("*") if it.is_file())

    assert copied("pkg/net.py", "one") == ["pkg/__init__.py", "pkg/net.py", "pkg/sub/__init__.py"]
    assert copied("z.py", "two") == ["beside.py", "pkg/__init__.py", "pkg/net.py", "pkg/sub/__init__.py", "z.py"]


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("{call: Net()}", "the test has no model"),
        ("{model: net.py, source: 'x = 1'}", "both `model` and `source`"),
        ("{model: nett.py}", "there is no file nett.py"),
        ("{model: net.py, call: 'Net('}", "not a call"),
        ("{model: net.py, inputs: [large]}", "large"),
        ("{model: net.py, second_run: full}", "`second_run` cannot be 'full'"),
        ("{model: net.py, expects: {}}", "unknown key 'expects' in a test of rules"),
        ("{model: net.py, expect: {params: less}}", "must be decrease"),
    ],
)
def test_tests_that_are_wrong_are_told_with_the_rest(test: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    path = tmp_path / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - {RULE}\ntests:\n  - {test}\n")
    with pytest.raises(RuleError) as caught:
        read_rules(str(path))
    (error,) = members(caught.value)
    assert said in error.message
    assert error.place
    assert error.place.line == 5
    assert error.hint
