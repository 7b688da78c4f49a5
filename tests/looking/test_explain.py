from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

RESNET = ("resnet_cifar.py", "--model", "resnet20()", "--input", "1x3x32x32")
UNET = ("unet/unet_model.py", "--model", "UNet(3, 2)", "--input", "1x3x64x64")
FLAGS = RESNET[1:]
LINES = ["35", "78", "69", "95", "53", "87"]


def test_a_module_is_told_with_both_chains(ask: Callable[..., str]) -> None:
    out = ask("explain", "layer3.2.conv2", *RESNET).splitlines()
    assert out[0] == "layer3.2.conv2 is torch.nn.Conv2d"
    assert [line.split(":")[1] for line in out if line.startswith("  resnet_cifar.py:")] == [
        "35",
        "78",
        "69",
        "95",
        "53",
        "87",
    ]
    place = out.index(
        "  resnet_cifar.py:78:27 in ResNet._make_layer: block(self.in_planes, planes, stride, self.option)"
    )
    assert out[place + 1] == "    with planes = 64, stride = 1, self.in_planes = 64, self.option = 'A'"
    assert "  resnet_cifar.py:87:15 in ResNet.forward: self.layer3(out)" in out
    assert not any(line.startswith("rule ") for line in out)


def test_a_block_is_told_by_the_call_around_it(ask: Callable[..., str]) -> None:
    out = ask("explain", "layer3.2", *RESNET)
    assert out.startswith("layer3.2 is resnet_cifar.BasicBlock (residual)\n")
    assert out.endswith("called by, innermost first\n  resnet_cifar.py:87:15 in ResNet.forward: self.layer3(out)\n")


def test_rules_tell_rung_and_reason_or_why_not(ask: Callable[..., str]) -> None:
    out = ask("explain", "layer3.2.conv2", *RESNET, "--rules", "conv-to-dsc")
    assert "\nrule conv-to-dsc\n  resnet_cifar.py:35:22 by rung site: nn.Conv2d(" in out
    assert "    because all 9 instance(s) made here are selected\n" in out
    first = ask("explain", "conv1", *RESNET, "--rules", "conv-to-dsc")
    assert "\nrule conv-to-dsc does not select it: it fails in_channels, which is 3\n" in first
    other = ask("explain", "conv1", *RESNET, "--rules", "bn-to-gn")
    assert "\nrule bn-to-gn does not select it: it is none of 19 BatchNorm2d\n" in other
    around = ask("explain", "layer3.2.conv2", *RESNET, "--rules", "eca-after-blocks")
    assert "does not select it, but changes something around it" in around
    assert "+ out = self.eca(out)" in around


def test_a_refusal_is_told_with_its_code(tmp_path: Path, ask: Callable[..., str]) -> None:
    rule = "version: 1\nrules:\n  - {id: r, match: {path: layer1.0.conv1}, set: {nonsense: 2}}\n"
    (tmp_path / "mine.yaml").write_text(rule)
    out = ask("explain", "layer1.0.conv1", *RESNET, "--rules", str(tmp_path / "mine.yaml"))
    assert "refused[unknown-argument] layer1.0.conv1: " in out
    assert "    help: " in out


def test_rules_that_meet_are_told_and_explain_goes_on(tmp_path: Path, ask: Callable[..., str]) -> None:
    rule = (
        "version: 1\nrules:\n"
        "  - {id: a, match: {path: layer1.0.conv1}, set: {bias: true}}\n"
        "  - {id: b, match: {path: layer1.1.conv1}, set: {dilation: 2, padding: 2}}\n"
    )
    (tmp_path / "mine.yaml").write_text(rule)
    out = ask("explain", "layer1.0.conv1", *RESNET, "--rules", str(tmp_path / "mine.yaml"))
    assert "layer1.0.conv1 is torch.nn.Conv2d" in out
    assert "\nrule a" in out and "\nrule b does not select it" in out


def test_a_line_makes_calls_and_leads_to_modules(ask: Callable[..., str]) -> None:
    made = ask("explain", "resnet_cifar.py:35", *FLAGS)
    assert made == (
        "resnet_cifar.py:35\n"
        "  35:22 nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False) makes layer1.0.conv2, "
        "layer1.1.conv2, layer1.2.conv2, layer2.0.conv2 and 5 more\n"
    )
    called = ask("explain", "resnet_cifar.py:53:9", *FLAGS)
    assert "  53:24 self.conv2(out) calls layer1.0.conv2, " in called
    assert "  53:15 self.bn2(self.conv2(out)) calls layer1.0.bn2, " in called
    outer = ask("explain", "resnet_cifar.py:78", *FLAGS)
    assert " makes layer1.0, " in outer and " leads to layer1.0.conv1, " in outer
    assert "nothing on this line makes or calls" in ask("explain", "resnet_cifar.py:1", *FLAGS)


def test_a_line_of_another_file_needs_the_target_behind_it(ask: Callable[..., str]) -> None:
    out = ask("explain", "unet/unet_parts.py:16", *UNET, "--rules", "conv-to-dsc")
    assert "  16:13 nn.Conv2d(in_channels, mid_channels, " in out
    assert "\nrule conv-to-dsc\n  unet/unet_parts.py:16:13 by rung site: " in out
    assert "error[T231]" in ask("explain", "resnet_cifar.py:16", *UNET, code=2)


def test_a_path_that_is_not_there_gets_a_suggestion(ask: Callable[..., str]) -> None:
    err = ask("explain", "layer3.2.conv3", *RESNET, code=2)
    assert "error[T230]" in err and "did you mean layer3.2.conv" in err
