"""Rules that add to one call or one signature leave rows as long as the file keeps them, laid out as there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.conftest import ROOT

RULES = {
    "eca": '{id: eca, match: {block: residual, path: "layer4.*"}, insert: {block: ECA, at: branch-end}}',
    "gate": '{id: gate, match: {edge: residual, path: "layer4.*"}, insert: {block: LayerScale, at: branch}}',
    "se": '{id: se, match: {path: "layer4.*.conv1"}, insert: {block: SqueezeExcite2d, at: after}}',
}
HANGING, ALIGNED = "tests/style/models/torchvision_resnet.py", "samples/resnet_torchvision_style.py"


@pytest.mark.parametrize(
    ("source", "rules", "patch"),
    [
        (HANGING, ("eca", "gate"), "long-rows-hanging-two"),
        (HANGING, ("eca", "gate", "se"), "long-rows-hanging-three"),
        (ALIGNED, ("eca", "gate"), "long-rows-aligned-two"),
        (ALIGNED, ("eca", "gate", "se"), "long-rows-aligned-three"),
    ],
)
def test_rules_that_meet_in_one_call(source: str, rules: tuple[str, ...], patch: str, bench: Any) -> None:
    target = bench.copy(ROOT / source)
    path = bench.folder / "rules.yaml"
    path.write_text("version: 1\nrules:\n" + "".join(f"  - {RULES[it]}\n" for it in rules))
    report = bench.run(str(path), target, "resnet18()", ("1x3x64x64",))
    bench.check_applied(report, patch)
    rows = {row for it in report.files for row in it.after.split(b"\n")} - set(
        (ROOT / source).read_bytes().split(b"\n")
    )
    assert max(map(len, rows)) <= 120
    again = bench.run(str(path), target, "resnet18()", ("1x3x64x64",))
    assert again.status == "unchanged" and not again.plan.edits
