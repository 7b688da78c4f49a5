"""The examples that the language was designed by, word for word: each does on a sample what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
SAMPLES = FOLDER.parents[1] / "samples"
TEXT = (FOLDER / "examples.yaml").read_text()
HEAD, *RULES = re.split(r"(?m)^(?=  - id: )", TEXT)
TARGETS = {
    "conv-to-dsc": ("unet/unet_model.py", None, None),
    "eca-after-blocks": ("resnet_cifar.py", "resnet20()", "1x3x32x32"),
    "gated-residuals": ("vit_small.py", "vit_small()", "1x3x32x32"),
    "gated-skips": ("unet/unet_model.py", None, None),
    "bn-to-gn": ("mobilenet_like.py", "mobilenet()", "1x3x64x64"),
    "relu-to-gelu": ("legacy_tabs_crlf.py", "get_model()", "1x3x32x40"),
    "se-to-eca": ("senet_like.py", "se_resnet()", "1x3x32x32"),
    "dilate-stage-4": ("resnet_torchvision_style.py", "resnet18()", "1x3x64x64"),
    "one-eca": ("resnet_torchvision_style.py", "resnet18()", "1x3x64x64"),
    "dw-gn-gelu": ("unet/unet_model.py", None, None),
}


def _name(rule: str) -> str:
    return rule.split()[2]


@pytest.mark.parametrize("rule", RULES, ids=[_name(rule) for rule in RULES])
def test_example(bench: Any, rule: str) -> None:
    target, model, shape = TARGETS[_name(rule)]
    copy = bench.copy(SAMPLES / Path(target).parts[0])
    path = copy if copy.suffix == ".py" else copy / Path(target).name
    head = HEAD if model is None else re.sub(r"(?m)^model: .*\n", "", HEAD)
    rules = bench.folder / "rules.yaml"
    rules.write_text(head + rule)
    given = (model, (shape,)) if shape is not None else (None, ())
    report = bench.run(str(rules), path, *given)
    assert report.status == "applied"
    assert report.verdict.proof.equal
    assert report.plan.rules[0].planned
    written = bench.bytes()
    assert written != bench.original
    again = bench.run(str(rules), path, *given)
    assert again.status == "unchanged"
    assert again.plan.rules[0].already
    assert bench.bytes() == written


def test_every_example_is_tried() -> None:
    assert [_name(rule) for rule in RULES] == list(TARGETS)
    assert HEAD.startswith("version: 1\nmodel: ")


@pytest.mark.parametrize(
    ("target", "model", "shape", "working"),
    [
        ("unet/unet_model.py", None, None, "conv-to-dsc gated-skips bn-to-gn relu-to-gelu"),
        (
            "resnet_torchvision_style.py",
            "resnet18()",
            "1x3x64x64",
            "conv-to-dsc eca-after-blocks gated-residuals bn-to-gn relu-to-gelu one-eca",
        ),
        (
            "senet_like.py",
            "se_resnet()",
            "1x3x32x32",
            "conv-to-dsc eca-after-blocks gated-residuals bn-to-gn relu-to-gelu se-to-eca one-eca",
        ),
    ],
)
def test_all_examples_in_one_file(bench: Any, target: str, model: str | None, shape: str | None, working: str) -> None:
    """Each does what is left for it; ``optional``, since no model has everything that they speak of."""
    copy = bench.copy(SAMPLES / Path(target).parts[0])
    path = copy if copy.suffix == ".py" else copy / Path(target).name
    rules = bench.folder / "rules.yaml"
    head = HEAD if model is None else re.sub(r"(?m)^model: .*\n", "", HEAD)
    rules.write_text(head + "".join(rule.replace("\n", "\n    optional: true\n", 1) for rule in RULES))
    given = (model, (shape,)) if shape is not None else (None, ())
    report = bench.run(str(rules), path, *given)
    assert report.status == "applied", report.failure
    assert [it.rule for it in report.plan.rules if it.planned] == working.split()
    written = bench.bytes()
    assert bench.run(str(rules), path, *given).status == "unchanged"
    assert bench.bytes() == written
