"""The shipped rules on the samples: what is written, byte for byte."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CASES = [
    (case["target"], case["model"], case["input"], rule)
    for case in tomllib.loads((Path(__file__).parent / "samples.toml").read_text())["case"]
    for rule in case["rules"]
]
KEEPS_KEYS = ("eca-after-blocks", "gated-residuals", "gated-skips", "relu-to-gelu")
# Where a rule of the language finds nothing to do in a sample, with the words that say why.
NOTHING = [
    ("resnet_cifar.py", "resnet20", "gated-skips", "9 joins are residual"),
    ("mobilenet_like.py", "mobilenet", "relu-to-gelu", "0 calls of relu"),
    ("mobilenet_like.py", "mobilenet", "conv-to-dsc", "8 fail groups"),
    ("vgg_plain.py", "PlainNet", "se-to-eca", "0 squeeze-excite"),
]


def rules_of(name: str) -> str:
    return str(ROOT / "samples/rules/everything.yaml") if name == "everything" else name


def name_of(target: str, model: str, rule: str) -> str:
    return f"{Path(target).stem}-{model.partition('(')[0]}--{rule}"


@pytest.mark.parametrize(("target", "model", "shape", "rule"), CASES, ids=[name_of(a, b, d) for a, b, _, d in CASES])
def test_patch(bench: Any, target: str, model: str, shape: str, rule: str) -> None:
    first = Path(target).parts[0]
    copy = bench.copy(ROOT / "samples" / first)
    path = copy if copy.suffix == ".py" else copy / Path(target).name
    report = bench.run(rules_of(rule), path, model, (shape,))
    bench.check_applied(report, name_of(target, model, rule))
    weights = report.verdict.weights
    if rule in KEEPS_KEYS:
        assert weights.lost == ()
        assert not weights.moved
    if rule == "bn-to-gn":
        ends = {key.rpartition(".")[2] for key in weights.lost}
        assert ends == {"running_mean", "running_var", "num_batches_tracked"}

    written = bench.bytes()
    again = bench.run(rules_of(rule), path, model, (shape,))
    assert again.status == "unchanged"
    assert again.files == ()
    assert bench.bytes() == written


@pytest.mark.parametrize(("target", "model", "rule", "words"), NOTHING)
def test_a_rule_without_match_says_what_it_saw(bench: Any, target: str, model: str, rule: str, words: str) -> None:
    from mutagen.errors import RuleError

    path = bench.copy(ROOT / "samples" / target)
    with pytest.raises(RuleError) as raised:
        bench.run(rule, path, model, ("1x3x64x64",))
    assert raised.value.code == "M001"
    assert words in raised.value.message
    bench.check_untouched()


def test_every_golden_patch_has_a_case() -> None:
    samples = {f"{name_of(a, b, d)}.patch" for a, b, _, d in CASES}
    others = ("idiom-", "library-", "module-", "own-", "action-", "origin-", "emit-", "vendor-", "two-levels-")
    others += ("match-", "pattern-", "long-rows-", "wrap--", "place--")
    patches = (it.name for it in (Path(__file__).parent / "patches").iterdir())
    stored = {name for name in patches if not name.startswith(others)}
    assert stored == samples
