"""Pairs of right and wrong edits of small models; each wrong one is wrong in a way that a weaker proof would miss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mutagen.blocks.catalogue import Names, find_block, render
from mutagen.records.plan import InsertAtModule, InsertOnEdge, Product, SetArguments, SwapCall, SwapModule, Use
from mutagen.records.trace import Node, Trace


@dataclass(frozen=True)
class Trick:
    """``right`` and ``wrong`` are replacements of text in ``source``; ``says`` is in the note of a case that failed."""

    id: str
    source: str
    right: tuple[tuple[str, str], ...]
    wrong: tuple[tuple[str, str], ...]
    surgery: Callable[[Trace], list[Any]] = lambda trace: []
    products: tuple[Product, ...] = ()
    shape: tuple[int, ...] = (1, 4, 16, 16)
    modes: frozenset[str] = frozenset({"eval", "train"})
    says: str = "output"

    def edited(self, changes: tuple[tuple[str, str], ...]) -> str:
        text = self.source
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return text


def calls(trace: Trace, name: str) -> list[Node]:
    return [node for node in trace.nodes if node.name == name]


def gelu(*which: int) -> Callable[[Trace], list[Any]]:
    return lambda trace: [SwapCall(f"relu{i}", calls(trace, "relu")[i].key, "gelu") for i in which]


def swap(path: str, block: str, **args: Any) -> Callable[[Trace], list[Any]]:
    return lambda trace: [SwapModule(path, path, Use(block, args))]


def on_add(path: str, block: str, operand: int, *extra: int, **args: Any) -> Callable[[Trace], list[Any]]:
    return lambda trace: [InsertOnEdge(path, calls(trace, "add")[0].key, operand, extra, Use(block, args))]


def set_(path: str, **args: Any) -> Callable[[Trace], list[Any]]:
    return lambda trace: [SetArguments(path, path, args)]


def beside(path: str, at: Any, product: str, block: str = "LayerScale", **args: Any) -> Callable[[Trace], list[Any]]:
    return lambda trace: [InsertAtModule(product, path, at, Use(block, args))]


SCALE = """
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.gamma * x


"""

RESIDUAL = (
    SCALE
    + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.bn2 = nn.BatchNorm2d(4)
        self.other = nn.Conv2d(4, 4, 1)
        nn.init.zeros_(self.bn2.weight)  # the branch is closed

    def forward(self, x):
        out = self.bn1(self.conv(x))
        out = F.relu(out)
        out = self.bn2(out)
        side = self.other(x)
        return x + out
"""
)

CONVS = """
class Separable(nn.Module):
    def __init__(self, i, o, k, stride=1, padding=0, dilation=1, bias=True):
        super().__init__()
        self.depthwise = nn.Conv2d(i, i, k, stride=stride, padding=padding, dilation=dilation, groups=i, bias=False)
        self.pointwise = nn.Conv2d(i, o, 1, bias=bias)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(4, 8, 3, padding=1)
        self.conv = nn.Conv2d(8, 8, 3, stride=STRIDE, padding=2, dilation=2, bias=BIAS)

    def forward(self, x):
        return self.conv(self.stem(x)).mean((2, 3))
"""

SHARED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU()
        self.act = nn.GELU()

    def forward(self, x):
        out = self.relu(self.conv(x))
        out = out + x
        return self.relu(out)
"""

PLAIN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.seen.add_(1)
        out = self.bn(self.conv(x))
        out = F.relu(out)
        return out
"""

DROPS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.one = nn.Dropout(0.5)
        self.two = nn.Dropout(0.5)

    def forward(self, x):
        y = self.conv(x)
        a = self.one(y)
        b = self.two(y)
        return F.relu(a) - 2 * b
"""

FUNCTIONAL = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        y = self.conv(x)
        a = F.dropout(y, 0.5, self.training)
        b = F.dropout(y, 0.5, self.training)
        return F.relu(a) - 2 * b
"""

NORMS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(8)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        return self.norm2(self.conv2(x))
"""

GATE = """
class Gate(nn.Module):
    def __init__(self, x, g, inner):
        super().__init__()
BODY


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Conv2d(4, 8, 3, padding=1)
        self.right = nn.Conv2d(4, 8, 1)

    def forward(self, x):
        a = self.left(x)
        b = self.right(x)
        return a + b
"""

TO_GELU = ("F.relu(out)", "F.gelu(out)")
ADD_SCALE = ("self.other =", "self.scale = Scale()\n        self.other =")
SCALED = Product("scale", "scale")

SCALE_ = render(find_block("LayerScale"), Names(), "LayerScale") + "\n"
TWO_CONVS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(4, 4, 3, padding=1)
        self.two = nn.Conv2d(4, 4, 3, padding=1)
        self.two.weight = self.one.weight
        self.bn = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.bn(self.two(self.one(x))))
"""
ONE = "self.one = nn.Conv2d(4, 4, 3, padding=1"
TWO = "self.two = nn.Conv2d(4, 4, 3, padding=1"


TRICKS = [
    Trick(
        "forgotten behind a closed residual",
        RESIDUAL,
        right=(TO_GELU,),
        wrong=(),
        surgery=gelu(0),
    ),
    Trick(
        "wrong operand behind a closed gate",
        RESIDUAL,
        right=(ADD_SCALE, ("return x + out", "return x + self.scale(out)")),
        wrong=(ADD_SCALE, ("return x + out", "return x + self.scale(side)")),
        surgery=on_add("scale", "LayerScale", 1),
        products=(SCALED,),
    ),
    Trick(
        "shortcut scaled in place of the branch",
        RESIDUAL,
        right=(ADD_SCALE, ("return x + out", "return x + self.scale(out)")),
        wrong=(ADD_SCALE, ("return x + out", "return self.scale(x) + out")),
        surgery=on_add("scale", "LayerScale", 1),
        products=(SCALED,),
    ),
    Trick(
        "norms exchanged",
        RESIDUAL,
        right=(TO_GELU,),
        wrong=(TO_GELU, ("self.bn1(self.conv(x))", "self.bn2(self.conv(x))"), ("self.bn2(out)", "self.bn1(out)")),
        surgery=gelu(0),
    ),
    Trick(
        "group norms exchanged",
        NORMS,
        right=(("nn.BatchNorm2d(8)", "nn.GroupNorm(4, 8)"),),
        wrong=(
            ("nn.BatchNorm2d(8)", "nn.GroupNorm(4, 8)"),
            ("self.norm1(self", "self.norm3(self"),
            ("self.norm2(self", "self.norm1(self"),
            ("self.norm3(self", "self.norm2(self"),
        ),
        surgery=lambda trace: swap("norm1", "GroupNorm")(trace) + swap("norm2", "GroupNorm")(trace),
        products=(Product("norm1", "norm1"), Product("norm2", "norm2")),
    ),
    Trick(
        "other number of groups",
        NORMS,
        right=(("norm1 = nn.BatchNorm2d(8)", "norm1 = nn.GroupNorm(4, 8)"),),
        wrong=(("norm1 = nn.BatchNorm2d(8)", "norm1 = nn.GroupNorm(8, 8)"),),
        surgery=swap("norm1", "GroupNorm"),
        products=(Product("norm1", "norm1"),),
    ),
    Trick(
        "stride lost",
        CONVS.replace("STRIDE", "2").replace("BIAS", "False"),
        right=(("nn.Conv2d(8, 8, 3, stride", "Separable(8, 8, 3, stride"),),
        wrong=(("nn.Conv2d(8, 8, 3, stride=2", "Separable(8, 8, 3, stride=1"),),
        surgery=swap("conv", "DepthwiseSeparableConv2d"),
        products=(Product("conv", "conv"),),
    ),
    Trick(
        "dilation lost",
        CONVS.replace("STRIDE", "1").replace("BIAS", "True"),
        right=(("nn.Conv2d(8, 8, 3, stride", "Separable(8, 8, 3, stride"),),
        wrong=(("nn.Conv2d(8, 8, 3, stride=1, padding=2, dilation=2", "Separable(8, 8, 3, padding=1"),),
        surgery=swap("conv", "DepthwiseSeparableConv2d"),
        products=(Product("conv", "conv"),),
    ),
    Trick(
        "bias lost",
        CONVS.replace("STRIDE", "1").replace("BIAS", "True"),
        right=(("nn.Conv2d(8, 8, 3, stride", "Separable(8, 8, 3, stride"),),
        wrong=(("nn.Conv2d(8, 8, 3, stride=1, padding=2, dilation=2", "Separable(8, 8, 3, 1, 2, 2, False) #"),),
        surgery=swap("conv", "DepthwiseSeparableConv2d"),
        products=(Product("conv", "conv"),),
        says="parameter conv/pointwise.bias (the edited model has none)",
    ),
    Trick(
        "one call of a shared activation too many",
        SHARED,
        right=(("return self.relu(out)", "return self.act(out)"),),
        wrong=(("self.relu(", "self.act("),),
        surgery=gelu(1),
    ),
    Trick(
        "the other call of a shared activation",
        SHARED,
        right=(("return self.relu(out)", "return self.act(out)"),),
        wrong=(("out = self.relu(", "out = self.act("),),
        surgery=gelu(1),
    ),
    Trick(
        "active in evaluation only",
        PLAIN,
        right=(TO_GELU,),
        wrong=(("F.relu(out)", "F.relu(out) if self.training else F.gelu(out)"),),
        surgery=gelu(0),
        modes=frozenset({"train"}),
    ),
    Trick(
        "active in training only",
        PLAIN,
        right=(TO_GELU,),
        wrong=(("F.relu(out)", "F.gelu(out) if self.training else F.relu(out)"),),
        surgery=gelu(0),
        modes=frozenset({"eval"}),
    ),
    Trick(
        "right at the described size only",
        PLAIN,
        right=(TO_GELU,),
        wrong=(("F.relu(out)", "F.gelu(out) if out.shape[2] == 16 else F.relu(out)"),),
        surgery=gelu(0),
    ),
    Trick(
        "height and width exchanged",
        PLAIN,
        right=(TO_GELU,),
        wrong=(("F.relu(out)", "F.gelu(out) * (out.shape[2] / out.shape[3])"),),
        surgery=gelu(0),
    ),
    Trick(
        "right for one batch size only",
        PLAIN,
        right=(TO_GELU,),
        wrong=(("F.relu(out)", "F.gelu(out) * (2 / len(out))"),),
        surgery=gelu(0),
    ),
    Trick(
        "samples mixed",
        PLAIN,
        right=(TO_GELU,),
        wrong=(("F.relu(out)", "F.gelu(out + 0.1 * (out.mean(0, keepdim=True) - out))"),),
        surgery=gelu(0),
    ),
    Trick(
        "update of a buffer lost",
        PLAIN,
        right=(TO_GELU,),
        wrong=(TO_GELU, ("self.seen.add_(1)", "pass")),
        surgery=gelu(0),
        modes=frozenset({"train"}),
        says="buffer seen",
    ),
    Trick(
        "statistics gathered twice",
        PLAIN,
        right=(TO_GELU,),
        wrong=(TO_GELU, ("out = self.bn(self.conv(x))", "self.bn(self.conv(x)); out = self.bn(self.conv(x))")),
        surgery=gelu(0),
        modes=frozenset({"train"}),
        says="buffer bn.running",
    ),
    Trick(
        "gradient detached",
        PLAIN,
        right=(TO_GELU,),
        wrong=(("F.relu(out)", "F.gelu(out.detach())"),),
        surgery=gelu(0),
        says="gradient",
    ),
    Trick(
        "gradient detached from one operand",
        RESIDUAL,
        right=(TO_GELU,),
        wrong=(TO_GELU, ("return x + out", "return x.detach() + out")),
        surgery=gelu(0),
        says="gradient of input 0",
    ),
    Trick(
        "parameter frozen",
        PLAIN,
        right=(TO_GELU,),
        wrong=(TO_GELU, ("self.register_buffer", "self.conv.requires_grad_(False); self.register_buffer")),
        surgery=gelu(0),
        says="parameter conv.weight",
    ),
    Trick(
        "dropout modules exchanged",
        DROPS,
        right=(("F.relu(a)", "F.gelu(a)"),),
        wrong=(("F.relu(a)", "F.gelu(a)"), ("a = self.one", "a = self.two"), ("b = self.two", "b = self.one")),
        surgery=gelu(0),
        modes=frozenset({"train"}),
    ),
    Trick(
        "dropout functions exchanged",
        FUNCTIONAL,
        right=(("F.relu(a)", "F.gelu(a)"),),
        wrong=(("F.relu(a)", "F.gelu(b)"), ("2 * b", "2 * a")),
        surgery=gelu(0),
        modes=frozenset({"train"}),
    ),
    Trick(
        "an operand too many in another place",
        RESIDUAL,
        right=(TO_GELU,),
        wrong=(TO_GELU, ("return x + out", "return x + out + 1e-3 * side.mean()")),
        surgery=gelu(0),
        says="gradient of other.weight (the reference has none)",
    ),
    Trick(
        "result in a tuple",
        PLAIN,
        right=(TO_GELU,),
        wrong=(TO_GELU, ("return out", "return (out,)")),
        surgery=gelu(0),
    ),
    Trick(
        "dilation of the twin",
        TWO_CONVS,
        right=((ONE, ONE.replace("padding=1", "padding=2, dilation=2")),),
        wrong=((TWO, TWO.replace("padding=1", "padding=2, dilation=2")),),
        surgery=set_("one", dilation=2, padding="auto"),
    ),
    Trick(
        "dilation of both",
        TWO_CONVS,
        right=((ONE, ONE.replace("padding=1", "padding=2, dilation=2")),),
        wrong=(
            (ONE, ONE.replace("padding=1", "padding=2, dilation=2")),
            (TWO, TWO.replace("padding=1", "padding=2, dilation=2")),
        ),
        surgery=set_("one", dilation=2, padding="auto"),
    ),
    Trick(
        "reflecting padding of the twin",
        TWO_CONVS,
        right=((ONE, ONE + ", padding_mode='reflect'"),),
        wrong=((ONE, ONE + ", padding_mode='replicate'"),),
        surgery=set_("one", padding_mode="reflect"),
    ),
    Trick(
        "momentum",
        TWO_CONVS,
        right=(("BatchNorm2d(4)", "BatchNorm2d(4, momentum=0.2)"),),
        wrong=(("BatchNorm2d(4)", "BatchNorm2d(4, momentum=0.3)"),),
        surgery=set_("bn", momentum=0.2),
        modes=frozenset({"train"}),
        says="buffer bn.running",
    ),
    Trick(
        "probability",
        TWO_CONVS,
        right=(("Dropout(0.5)", "Dropout(0.2)"),),
        wrong=(("Dropout(0.5)", "Dropout(0.25)"),),
        surgery=set_("drop", p=0.2),
        modes=frozenset({"train"}),
    ),
    Trick(
        "tie broken by what is set",
        TWO_CONVS,
        right=((ONE, ONE.replace("padding=1", "padding=2, dilation=2")),),
        wrong=(
            (ONE, ONE.replace("padding=1", "padding=2, dilation=2")),
            ("self.two.weight = self.one.weight", "self.two.weight = nn.Parameter(self.one.weight.detach().clone())"),
        ),
        surgery=set_("one", dilation=2, padding="auto"),
        says="two.weight",
    ),
    Trick(
        "before instead of behind",
        SCALE_ + TWO_CONVS,
        right=(
            ("self.bn = ", "self.scale = LayerScale(4)\n        self.bn = "),
            ("self.bn(", "self.scale(self.bn("),
            ("))))", ")))))"),
        ),
        wrong=(
            ("self.bn = ", "self.scale = LayerScale(4)\n        self.bn = "),
            ("self.bn(", "self.bn(self.scale("),
            ("))))", ")))))"),
        ),
        surgery=beside("bn", "after", "scale"),
        products=(Product("scale", "scale"),),
    ),
    Trick(
        "another element is wrapped",
        SCALE_ + TWO_CONVS,
        right=(
            (f"{ONE})", "self.one = nn.Sequential(LayerScale(4), nn.Conv2d(4, 4, 3, padding=1))"),
            ("self.one.weight", "self.one[1].weight"),
        ),
        wrong=(
            (f"{ONE})", "self.one = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), LayerScale(4))"),
            ("self.one.weight", "self.one[0].weight"),
        ),
        surgery=beside("one", "before", "m"),
        products=(Product("m", "one.0", "one.1"),),
    ),
]
