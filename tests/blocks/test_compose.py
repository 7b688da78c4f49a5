"""Blocks out of others: what is written computes what the reference does, in any rank and with any fusion."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import torch
from torch import nn

from mutagen.blocks.catalogue import Names, check_options, load_blocks
from mutagen.blocks.compose import part_names
from mutagen.blocks.live import build
from mutagen.blocks.live_composed import Composition
from mutagen.blocks.own import completed
from mutagen.blocks.recognise import block_of
from mutagen.blocks.text import block_text, uses_of
from mutagen.errors import RuleError
from mutagen.load.layers import LAYERS, arguments_of
from mutagen.records.blocks import Composed, OwnBlock, Part
from mutagen.records.plan import Use

CONV3 = Part("Conv2d", {"kernel_size": 3})
WIDE = Part("nn.Conv2d", {"kernel_size": 3, "dilation": 2, "groups": "channels", "bias": False})
PARTS = {
    "two": (CONV3, WIDE),
    "mixed": (Part("ECA"), Part("GroupNorm", {"num_groups": "auto"}), Part("GELU"), Part("Conv2d", {"kernel_size": 1})),
    "oblong": (Part("Conv2d", {"kernel_size": (1, 7), "padding": "same"}), Part("Conv2d", {"kernel_size": (7, 1)})),
    "line": (Part("Conv1d", {"kernel_size": 5}), Part("BatchNorm1d"), Part("ECA", {"kernel_size": 3})),
    "volume": (Part("Conv3d", {"kernel_size": 3}), Part("MaxPool3d", {"kernel_size": 3})),
}
SIZES = {3: (2, 8, 9), 4: (2, 8, 6, 5), 5: (2, 8, 4, 5, 3)}


def never(*_: Any) -> Any:
    raise AssertionError("nothing is borrowed")


def made(parts: tuple[Part, ...], fuse: Any = None, *, identity: bool = False) -> Any:
    blocks = completed([OwnBlock("Mine", Composed(parts, fuse, identity))], never)
    return blocks["Mine"], blocks


def written(block: Any, blocks: Any) -> str:
    needed = uses_of(block)
    texts = [block_text(blocks[it], Names(), it, blocks=blocks, parts={}) for it in needed]
    return "\n\n".join([*texts, block_text(block, Names(), "Mine", blocks=blocks, parts={it: it for it in needed})])


@pytest.mark.parametrize("identity", [False, True])
@pytest.mark.parametrize("fuse", [None, "concat-conv1x1", "add", "gate", "select"])
@pytest.mark.parametrize("name", PARTS)
def test_text_and_reference_agree(name: str, fuse: Any, identity: bool) -> None:
    block, blocks = made(PARTS[name], fuse, identity=identity)
    space: dict[str, Any] = {"torch": torch, "nn": nn}
    exec("import math\n" + written(block, blocks), space)
    ours = space["Mine"](8)
    rank = next(iter(block.requires)).values[0]

    def make(what: str, args: Any, channels: int) -> nn.Module:
        return build(Use(what, args), None, (channels,))

    theirs = Composition(block.composed, 8, rank, make)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.copy_(torch.rand_like(parameter) - 0.3)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(SIZES[rank])
    assert torch.equal(ours.train()(x), theirs.train()(x))
    assert ours(x).shape == x.shape
    assert not torch.equal(ours(x), x)


@pytest.mark.parametrize("fuse", [None, "add", "gate", "select", "concat-conv1x1"])
def test_identity_at_the_start(fuse: Any) -> None:
    block, _ = made(PARTS["two"], fuse, identity=True)
    x = torch.randn(2, 8, 6, 5)
    assert torch.equal(Composition(block.composed, 8, 4, never)(x), x)


@pytest.mark.parametrize("fuse", [None, "concat-conv1x1", "select"])
def test_lines_are_short_and_parse(fuse: Any) -> None:
    block, blocks = made((*PARTS["two"], *PARTS["mixed"], *PARTS["oblong"]), fuse)
    text = written(block, blocks)
    assert max(map(len, text.split("\n"))) <= 100
    ast.parse(text)


def test_parts_have_names_that_tell_them_apart() -> None:
    kernels = [Part("Conv2d", {"kernel_size": it}) for it in (3, 5)]
    assert part_names(Composed(tuple(kernels))) == ("conv3", "conv5")
    assert part_names(Composed((CONV3, WIDE))) == ("conv_d1", "conv_d2")
    assert part_names(Composed((CONV3, CONV3, Part("ECA")))) == ("conv1", "conv2", "eca")


def test_a_composition_is_recognised_by_its_parts_and_not_by_others() -> None:
    from mutagen.blocks.recognise import standing_products
    from mutagen.records.trace import ClassInfo, Instance, Trace

    block, blocks = made((Part("ECA"), CONV3))
    text = "import math\nimport torch\nfrom torch import nn\n\n" + written(block, blocks)

    def found(source: str, mine: str = "Mine", eca: str = "ECA") -> Any:
        infos = [ClassInfo(it, it, "net", "net.py", 1, ()) for it in (mine, eca)]
        instances = [
            Instance(path, (), f"net.{it.name}", (), {}, (), False, it) for path, it in zip("ab", infos, strict=True)
        ]
        trace = Trace("fx", tuple(instances), (), (), False, None, ())
        return standing_products(trace, lambda _: source.encode(), blocks)

    assert found(text) == {"a": "Mine", "b": "ECA"}
    renamed = text.replace("class Mine", "class Yours").replace("ECA", "Gate")
    assert found(renamed, "Yours", "Gate") == {"a": "Mine", "b": "ECA"}
    assert found(text.replace("padding=1", "padding=0")) == {"b": "ECA"}
    assert found(text.replace("self.eca = ECA(", "self.eca = nn.Identity(")) == {"b": "ECA"}
    assert found(text.replace("x = self.eca(x)", "self.eca(x)")) == {"b": "ECA"}
    assert block_of(text.encode(), "Mine") is None, "the catalogue alone knows none of it"


@pytest.mark.parametrize(
    ("name", "args", "says"),
    [
        ("Conv2d", {}, "needs a kernel_size"),
        ("Conv2d", {"kernel_size": 2}, "even kernel"),
        ("Conv2d", {"kernel_size": 3, "padding": 2}, "does not keep the shape; 1 would"),
        ("MaxPool2d", {"kernel_size": 3, "padding": 0}, "does not keep the shape"),
        ("Conv2d", {"kernel_size": (3, 3), "dilation": (1, 2, 3)}, "no padding"),
    ],
)
def test_layers_that_would_change_the_shape(name: str, args: Any, says: str) -> None:
    assert says in str(arguments_of(name, args))


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_is_one_of_torch_and_takes_what_is_said(name: str) -> None:
    import inspect

    known = list(inspect.signature(getattr(nn, name).__init__).parameters)[1:]
    layer = LAYERS[name]
    assert known[: len(layer.leading)] == list(layer.leading)
    assert set(layer.options) <= set(known)


def test_parts_of_other_kinds_are_refused() -> None:
    for name in ("AttentionGate2d", "DepthwiseSeparableConv2d"):
        with pytest.raises(RuleError, match="cannot be a part") as caught:
            made((Part(name), Part("ECA")))
        assert caught.value.code == "R145"
    with pytest.raises(RuleError, match="takes no argument"):
        check_options(load_blocks()["ECA"], {"chanels": 3})
