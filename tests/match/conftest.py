"""A small language for traces: each method adds one call and returns its index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from mutagen.match.select import select
from mutagen.records.match import RuleMatches
from mutagen.records.rules import Action, Query, Rule, Test
from mutagen.records.target import Call
from mutagen.records.trace import ClassInfo, Instance, Node, NodeKey, Trace

TORCH = {
    "Conv1d": "conv.Conv1d",
    "Conv2d": "conv.Conv2d",
    "ConvTranspose2d": "conv.ConvTranspose2d",
    "Linear": "linear.Linear",
    "BatchNorm2d": "batchnorm.BatchNorm2d",
    "GroupNorm": "normalization.GroupNorm",
    "LayerNorm": "normalization.LayerNorm",
    "ReLU": "activation.ReLU",
    "GELU": "activation.GELU",
    "Sequential": "container.Sequential",
}


class Net:
    """Builds a trace; ``inside`` enters a module of a class, so that calls get its path as scope."""

    def __init__(self, root: str = "Net") -> None:
        self.nodes: list[Node] = []
        self.instances: dict[str, Instance] = {}
        self.scope = ""
        self.instance("", root)

    def instance(self, path: str, kind: str, *, bases: tuple[str, ...] = (), aliases=(), **facts) -> Instance:
        library = kind in TORCH
        name = f"torch.nn.modules.{TORCH[kind]}" if library else kind if "." in kind else f"models.{kind}"
        bare = name.rpartition(".")[2]
        info = None if library else ClassInfo(bare, bare, "models", "/m/models.py", 1, bases)
        mro = (name, *bases, "torch.nn.modules.module.Module")
        item = Instance(path, (path, *aliases), name, mro, facts, (), library, info)
        return self.instances.setdefault(path, item)

    @contextmanager
    def inside(self, path: str, kind: str, **facts) -> Iterator[str]:
        outer, self.scope = self.scope, f"{self.scope}.{path}" if self.scope else path
        self.instance(self.scope, kind, **facts)
        yield self.scope
        self.scope = outer

    def add_node(self, kind, name, inputs, shape, *, path=None, **constants) -> int:
        index = len(self.nodes)
        key = NodeKey(self.scope, name, None, index)
        self.nodes.append(
            Node(
                index, kind, name, key, tuple(inputs), path, constants, self.scope, (), tuple(shape) if shape else None
            )
        )
        return index

    def shape(self, index: int) -> tuple[int, ...]:
        return self.nodes[index].shape or ()

    def input(self, *shape: int) -> int:
        return self.add_node("input", "x", (), shape)

    def weight(self, *shape: int) -> int:
        return self.add_node("attribute", "weight", (), shape)

    def op(self, name: str, *inputs: int, shape=None, kind="function", **constants) -> int:
        return self.add_node(kind, name, inputs, shape or self.shape(inputs[0]), **constants)

    def call(self, path: str, kind: str, name: str, x: int, shape=None, **facts) -> int:
        full = f"{self.scope}.{path}" if self.scope else path
        self.instance(full, kind, **facts)
        return self.add_node("module", name, (x,), shape or self.shape(x), path=full)

    def conv(self, path: str, x: int, out: int | None = None, *, k: int = 3, stride: int = 1, **facts) -> int:
        batch, channels, *size = self.shape(x)
        out = out or channels
        known = {"in_channels": channels, "out_channels": out, "kernel_size": (k, k), "stride": (stride, stride)}
        params = channels * out * k * k
        facts = {**known, "groups": 1, "params": params, **facts}
        return self.call(path, "Conv2d", "conv2d", x, (batch, out, *(n // stride for n in size)), **facts)

    def bn(self, path: str, x: int) -> int:
        return self.call(
            path, "BatchNorm2d", "batch_norm", x, num_features=self.shape(x)[1], params=2 * self.shape(x)[1]
        )

    def relu(self, path: str, x: int) -> int:
        return self.call(path, "ReLU", "relu", x)

    def linear(self, path: str, x: int, out: int) -> int:
        *rest, channels = self.shape(x)
        facts = {"in_features": channels, "out_features": out, "params": (channels + 1) * out}
        return self.call(path, "Linear", "linear", x, (*rest, out), **facts)

    def pool(self, x: int) -> int:
        batch, channels, *size = self.shape(x)
        return self.op("max_pool2d", x, shape=(batch, channels, *(n // 2 for n in size)))

    def up(self, x: int) -> int:
        batch, channels, *size = self.shape(x)
        return self.op("interpolate", x, shape=(batch, channels, *(n * 2 for n in size)))

    def cat(self, *inputs: int, dim: int = 1) -> int:
        shape = list(self.shape(inputs[0]))
        shape[dim] = sum(self.shape(index)[dim] for index in inputs)
        return self.op("cat", *inputs, shape=shape, dim=dim)

    def squeeze(self, x: int) -> int:
        batch, channels, *size = self.shape(x)
        return self.op("adaptive_avg_pool2d", x, shape=(batch, channels, *(1 for _ in size)))

    def basic_block(self, path: str, x: int, out: int | None = None, stride: int = 1, kind: str = "BasicBlock") -> int:
        with self.inside(path, kind):
            y = self.relu("relu", self.bn("bn1", self.conv("conv1", x, out, stride=stride)))
            y = self.bn("bn2", self.conv("conv2", y))
            if out or stride != 1:
                x = self.bn("downsample.1", self.conv("downsample.0", x, out, k=1, stride=stride))
            return self.op("relu", self.op("add", y, x))

    def se(self, path: str, x: int, kind: str = "Attn") -> int:
        channels = self.shape(x)[1]
        with self.inside(path, kind, params=2 * channels * (channels // 4)):
            y = self.op("relu", self.conv("fc1", self.squeeze(x), channels // 4, k=1))
            y = self.op("sigmoid", self.conv("fc2", y, channels, k=1))
            return self.op("mul", x, y)

    def trace(self) -> Trace:
        uses = {source for node in self.nodes for source in node.inputs}
        ends = [node.index for node in self.nodes if node.index not in uses and node.name != "size"]
        self.scope = ""
        self.add_node("output", "output", ends, None)
        return Trace("fx", tuple(self.instances.values()), tuple(self.nodes), (), False, Call("Net"), ())


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.fixture
def query():
    """Makes a query with tests written as ``{fact: value}`` or ``{fact: {test: value}}``."""

    def make(where: Mapping[str, object] | None = None, **parts) -> Query:
        tests = []
        for fact, value in (where or {}).items():
            each = value if isinstance(value, dict) else {"eq": value}
            tests += [Test(fact, name, wanted) for name, wanted in each.items()]
        for name in ("type", "path"):
            if isinstance(parts.get(name), str):
                parts[name] = (parts[name],)
        if isinstance(parts.get("excluded"), Query):
            parts["excluded"] = (parts["excluded"],)
        return Query(where=tuple(tests), **parts)

    return make


@pytest.fixture
def run():
    """Selects with one rule ``r``; without an action it asks for a block that stands nowhere."""

    def select_one(net: Net, wanted: Query, action: Action | None = None, products=None) -> RuleMatches:
        trace = net.trace()
        (found,) = select((Rule("r", wanted, action or Action("replace", "Nothing")),), trace, products or {})
        return found

    return select_one
