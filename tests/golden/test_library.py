"""Models whose classes live in an installed package: the file of the user's changes, the package never."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
PACKAGES = FOLDER / "library" / "site-packages"
CASES = tomllib.loads((FOLDER / "library.toml").read_text())["case"]
APPLIED = [(case, rule) for case in CASES for rule in case.get("applied", ())]
REFUSED = [(case, rule, code) for case in CASES for rule, code in case.get("refused", {}).items()]
SHAPE = ("1x3x16x16",)


@pytest.fixture(scope="module")
def host(library_host: Any) -> Any:
    return library_host


@pytest.fixture(scope="module")
def packages() -> dict[Path, bytes]:
    """Every file of the installed package."""
    return {it: it.read_bytes() for it in PACKAGES.rglob("*") if it.is_file()}


def name(case: dict[str, Any], *more: str) -> str:
    return "-".join([case["model"], case["call"], *more])


@pytest.mark.parametrize(("case", "rule"), APPLIED, ids=[name(case, rule) for case, rule in APPLIED])
def test_applied(bench: Any, packages: dict[Path, bytes], case: dict[str, Any], rule: str) -> None:
    path = bench.copy(FOLDER / "library" / "models" / f"{case['model']}.py")
    report = bench.run(rule, path, case["call"], SHAPE)
    bench.check_applied(report, f"library-{name(case)}--{rule}")
    assert not report.verdict.weights.lost or report.plan.rules[0].planned
    written = bench.bytes()
    assert bench.run(rule, path, case["call"], SHAPE).status == "unchanged"
    assert bench.bytes() == written
    assert packages == {it: it.read_bytes() for it in PACKAGES.rglob("*") if it.is_file()}


@pytest.mark.parametrize(("case", "rule", "code"), REFUSED, ids=[name(case, rule) for case, rule, _ in REFUSED])
def test_refused(bench: Any, case: dict[str, Any], rule: str, code: str) -> None:
    path = bench.copy(FOLDER / "library" / "models" / f"{case['model']}.py")
    report = bench.run(rule, path, case["call"], SHAPE)
    assert report.status == "refused"
    assert {it.code for outcome in report.plan.rules for it in outcome.refused} == {code}
    bench.check_untouched()


def test_weights_of_the_library_move_by_an_exact_table(bench: Any) -> None:
    path = bench.copy(FOLDER / "library" / "models" / "factories.py")
    weights = bench.run("eca-after-blocks", path, "resnet10", SHAPE, write=False).verdict.weights
    assert weights.lost == ()
    assert weights.moved["layer1.0.bn2.running_var"] == "layer1.0.bn2.0.running_var"
    assert all(new == old.replace(".bn2.", ".bn2.0.") for old, new in weights.moved.items())


def some(bench: Any, path: str) -> str:
    file = bench.folder / "rules.yaml"
    match = f"{{edge: residual, path: '{path}'}}"
    file.write_text(f"version: 1\nrules:\n  - id: some\n    match: {match}\n    insert: {{block: ECA, at: branch}}\n")
    return str(file)


def test_blocks_of_which_only_some_are_selected_become_of_a_subclass(bench: Any) -> None:
    path = bench.copy(FOLDER / "library" / "models" / "factories.py")
    report = bench.run(some(bench, "layer2.*"), path, "scaled10", SHAPE, write=False)
    assert report.status == "would_change"
    text = report.files[0].after.decode()
    for block in ("model.layer2[0]", "model.layer2[1]"):
        made = f"{block}.eca = ECA({block}.bn2.num_features)"
        assert f"    {block}.__class__ = EcaScaledBlock\n    {made}\n" in text
    assert not report.verdict.weights.lost and not report.verdict.weights.moved


def test_a_subclass_keeps_every_key(bench: Any) -> None:
    path = bench.copy(FOLDER / "library" / "models" / "factories.py")
    report = bench.run("eca-after-blocks", path, "scaled10", SHAPE, write=False)
    assert {it.rung for it in report.plan.edits} == {"subclass"}
    weights = report.verdict.weights
    assert not weights.lost and not weights.moved
    assert weights.new == tuple(f"{block}.eca.conv.weight" for block in ("layer1.0", "layer2.0", "layer2.1"))


def test_who_loads_weights_is_told_of_new_parameters(bench: Any) -> None:
    source = (FOLDER / "library" / "models" / "factories.py").read_text()
    loading = (
        "model = ResNet(blocks.ScaledBlock, [1, 2], **kwargs)\n    model.load_state_dict(model.state_dict(), False)"
    )
    path = bench.write(
        "factories.py",
        source.replace("return ResNet(blocks.ScaledBlock, [1, 2], **kwargs)", loading + "\n    return model"),
    )
    report = bench.run("eca-after-blocks", path, "scaled10", SHAPE, write=False)
    assert report.status == "would_change"
    assert any("EcaScaledBlock" in it and "strict=False" in it for it in report.notes)


def test_every_model_is_used() -> None:
    assert {it.stem for it in (FOLDER / "library" / "models").glob("*.py")} == {case["model"] for case in CASES}
    stored = {it.name for it in (FOLDER / "patches").glob("library-*")}
    assert stored == {f"library-{name(case)}--{rule}.patch" for case, rule in APPLIED}
