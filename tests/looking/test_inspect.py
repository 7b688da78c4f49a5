from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mutagen.records.look import Look
from mutagen.records.target import Call
from mutagen.records.trace import Instance, Trace
from mutagen.report.look_text import render

RESNET = ("resnet_cifar.py", "--model", "resnet20()", "--input", "1x3x32x32")
UNET = ("unet/unet_model.py", "--model", "UNet(3, 2)", "--input", "1x3x64x64")


@pytest.fixture
def resnet(data: Callable[..., Any]) -> Any:
    return data("inspect", *RESNET)


def test_instances_tell_class_shape_costs_and_site(resnet: Any) -> None:
    by_path = {it["path"]: it for it in resnet["instances"]}
    conv = by_path["layer3.2.conv2"]
    assert (conv["class"], conv["output"], conv["calls"]) == ("torch.nn.Conv2d", [1, 64, 8, 8], 1)
    assert conv["params"] == 64 * 64 * 9
    assert conv["macs"] == 64 * 64 * 9 * 8 * 8
    assert conv["macs_share"] == pytest.approx(conv["macs"] / resnet["macs"], abs=1e-6)
    assert conv["site"] == {"path": "resnet_cifar.py", "line": 35, "column": 22, "end_line": 35, "end_column": 95}
    assert by_path[""]["site"]["line"] == 95
    assert by_path[""]["macs"] == resnet["macs"]
    assert sum(by_path[path]["macs"] for path in ("conv1", "layer1", "layer2", "layer3", "linear")) == resnet["macs"]
    assert (resnet["model"], resnet["inputs"][0]["shape"]) == ("resnet20()", [1, 3, 32, 32])


def test_blocks_and_residual_edges_are_found(resnet: Any) -> None:
    blocks = [it["path"] for it in resnet["instances"] if it["blocks"] == ["residual"]]
    assert blocks == [f"layer{stage}.{block}" for stage in (1, 2, 3) for block in range(3)]
    assert [it["scope"] for it in resnet["joins"]] == blocks
    assert {it["kind"] for it in resnet["joins"]} == {"residual"}
    first, projected = resnet["joins"][0], resnet["joins"][3]
    assert (first["shortcut"], projected["shortcut"]) == ("identity", "projected")
    assert first["operands"][0] == {"source": "layer1.0.bn2", "shape": [1, 16, 32, 32], "role": "branch"}
    assert first["operands"][1]["role"] == "shortcut"
    assert first["where"]["line"] == 54


def test_skips_are_told_from_what_they_join(data: Callable[..., Any]) -> None:
    found = data("inspect", *UNET)
    assert [(it["kind"], it["scope"]) for it in found["joins"]] == [("skip", f"up{n}") for n in (1, 2, 3)]
    assert [[part["role"] for part in it["operands"]] for it in found["joins"]] == [["skip", None]] * 3


def test_people_get_a_table_with_paths_and_sites(ask: Callable[..., str]) -> None:
    out = ask("inspect", *UNET)
    (row,) = (line.split() for line in out.splitlines() if line.startswith("up1.conv.double_conv.0 "))
    assert row[1:] == ["Conv2d", "1x128x16x16", "294,912", "75,497,472", "13.1", "%", "unet/unet_parts.py:16:13"]
    assert "  skip in up1 at unet/unet_parts.py:66:13: skip down2.maxpool_conv.1.double_conv.5 1x128x16x16, " in out
    assert out.splitlines()[-1].startswith(
        "UNet(3, 2) on 1x3x64x64: 74 modules, 1,927,042 parameters, 576,323,584 MACs"
    )


def test_depth_leaves_out_what_lies_deeper(ask: Callable[..., str]) -> None:
    out = ask("inspect", *UNET, "--depth", "1")
    assert "\nup1 " in out
    assert "\nup1.conv " not in out


def test_calls_add_up_and_what_is_not_called_is_told(tmp_path: Path, data: Callable[..., Any]) -> None:
    (tmp_path / "own.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 3, 3)\n        self.unused = nn.ReLU()\n\n"
        "    def forward(self, x):\n        return self.conv(self.conv(x))\n"
    )
    found = {it["path"]: it for it in data("inspect", str(tmp_path / "own.py"), "--input", "1x3x8x8")["instances"]}
    assert (found["conv"]["calls"], found["conv"]["macs"]) == (2, 3 * 3 * 9 * (36 + 16))
    assert (found["unused"]["calls"], found["unused"]["output"], found["unused"]["macs"]) == (0, None, 0)


def test_a_model_that_cannot_be_built_is_an_error_of_the_user(ask: Callable[..., str]) -> None:
    assert "error[T103]" in ask("inspect", "resnet_cifar.py", "--model", "resnet21()", code=2)


def test_a_terminal_gets_a_tree(tmp_path: Path) -> None:
    def instance(path: str) -> Instance:
        return Instance(path, (path,), "torch.nn.ReLU", (), {"params": 0, "calls": 1}, (), True, shape=(1, 2))

    paths = ("", "a", "a.0", "a.1", "a.1.x", "b")
    trace = Trace("fx", tuple(map(instance, paths)), (), (), False, Call("Net"), ())
    out = render(Look(trace, None, {}, {}, (), {}), root=tmp_path, styled=True)
    names = [line.split("│", 1)[1].split(" ReLU")[0].split("│ R")[0].rstrip(" │") for line in out.splitlines()[3:9]]
    assert [name.strip() for name in names] == ["(model)", "├─ a", "│  ├─ 0", "│  └─ 1", "│     └─ x", "└─ b"]
    assert "MACs not counted" in out
