from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

RESNET = ("resnet_cifar.py", "--model", "resnet20()", "--input", "1x3x32x32")

RULES = """\
version: 1
rules:
  - id: some
    match: {type: Conv2d, where: {in_channels: {ge: 32}, stride: 1}, not: {path: "layer3.2.*"}, only: {first: 2}}
    replace: {with: DepthwiseSeparableConv2d}
  - id: none
    match: {type: Conv2d, path: "layer4.**"}
    set: {dilation: 2}
"""


def test_each_test_tells_what_it_turns_away_with_the_value(tmp_path: Path, data: Callable[..., Any]) -> None:
    (tmp_path / "mine.yaml").write_text(RULES)
    some, none = data("match", str(tmp_path / "mine.yaml"), *RESNET)["rules"]
    missed = {it["test"]: it for it in some["missed"]}
    assert [it["path"] for it in some["matched"]] == ["layer2.0.conv2", "layer2.1.conv1"]
    assert some["matched"][0]["site"]["line"] == 35
    assert list(missed) == ["fail in_channels", "fail stride", "excluded by not", "not picked by only"]
    assert missed["fail in_channels"]["paths"][0] == {"path": "conv1", "value": "3"}
    assert missed["fail stride"]["paths"] == [{"path": "layer3.0.conv1", "value": "(2, 2)"}]
    assert [it["path"] for it in missed["excluded by not"]["paths"]] == ["layer3.2.conv1", "layer3.2.conv2"]
    assert sum(it["count"] for it in some["missed"]) + len(some["matched"]) == 19
    assert (none["matched"], none["missed"][0]["count"]) == ([], 19)


def test_people_see_sites_and_a_few_paths(tmp_path: Path, ask: Callable[..., str]) -> None:
    (tmp_path / "mine.yaml").write_text(RULES)
    out = ask("match", str(tmp_path / "mine.yaml"), *RESNET).splitlines()
    assert out[0].startswith("some: 19 Conv2d seen; ") and out[0].endswith("; 2 matched")
    assert "  matched  resnet_cifar.py:35:22: layer2.0.conv2" in out
    assert "  missed   1 fail stride: (2, 2) in layer3.0.conv1" in out
    assert "  missed   19 fail path: conv1, layer1.0.conv1, layer1.0.conv2, layer1.1.conv1 and 15 more" in out
    assert "and 15 more" not in ask("match", str(tmp_path / "mine.yaml"), *RESNET, "-v")


def test_near_misses_of_the_kind_itself_are_counted(ask: Callable[..., str]) -> None:
    out = ask("match", "gated-skips", *RESNET)
    assert out == "gated-skips: 0 skips seen; 9 joins are residual; 0 matched\n  missed   9 joins are residual\n"


def test_wrong_rules_are_an_error(tmp_path: Path, ask: Callable[..., str]) -> None:
    (tmp_path / "bad.yaml").write_text(RULES.replace("path:", "pth:"))
    assert "error[R112]" in ask("match", str(tmp_path / "bad.yaml"), *RESNET, code=2)


def test_what_is_spared_is_neither_matched_nor_missed(tmp_path: Path, ask: Callable[..., str]) -> None:
    ignores = "[tool.mutagen.per-file-ignores]\n'/**' = ['none', 'some']\n"
    (tmp_path / "pyproject.toml").write_text(ignores)
    (tmp_path / "mine.yaml").write_text(RULES)
    out = ask("match", str(tmp_path / "mine.yaml"), *RESNET, "--config", str(tmp_path / "pyproject.toml"))
    assert "  spared   layer2.0.conv2, layer2.1.conv1\n" in out
    assert "matched  " not in out.partition("\n\n")[0]
    told = ask(
        "explain",
        "layer2.1.conv1",
        *RESNET,
        "--rules",
        str(tmp_path / "mine.yaml"),
        "--config",
        str(tmp_path / "pyproject.toml"),
    )
    assert "rule some does not select it: a comment or the configuration spares it" in told
