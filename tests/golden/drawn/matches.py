"""What random rules match: one subject, or a pattern, narrowed by any of the tests of the language."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mutagen.load.rules_words import EDGES, MEANINGS, OPERATIONS
from tests.golden.drawn.drawing import Drawn, Text, filled, pairs, some, table
from tests.golden.drawn.models import Model

TYPES = ("Conv2d", "BatchNorm2d", "ReLU", "Linear", "MaxPool2d", "Sequential", "*Norm*", "Dropout", "nn.Conv2d")
OPS = ("relu", "relu", "relu", "gelu", "conv2d", "batch_norm", "linear", "cat", "add", "max_pool2d", "dropout")
FACTS: dict[str, list[Any]] = {
    "kernel_size": [1, 3, {"gt": 1}, {"in": [1, 3]}, [3, 3]],
    "stride": [1, 2, {"ge": 2}],
    "groups": [1, {"gt": 1}],
    "in_channels": [{"ge": 16}, {"multiple_of": 8}, 3, {"ne": 3}],
    "out_channels": [{"le": 64}, {"gt": 16}],
    "num_features": [{"ge": 32}, 16],
    "bias": [True, False],
    "params": [{"gt": 1000}, {"lt": 5000}],
    "macs": [{"gt": 100000}],
    "calls": [1, {"gt": 1}],
    "channels": [{"ge": 32}],
    "height": [{"le": 8}],
    "macs_share": [{"ge": 0.05}],
    "inplace": [True],
    "shortcut": ["identity", "projected"],
}
NAMED: dict[str, Text] = {
    "heavy": {"params": {"ge": 500}},
    "wide": {"channels": {"ge": 16}},
    "costly": {"macs_share": {"ge": 0.02}},
    "plain": {"stride": 1, "groups": 1},
}
"""Tests with a name, which files that use them define."""
ONLY: list[Text] = [{"first": 1}, {"first": 3}, {"last": 1}, {"last": 2}, {"every": 2}, {"nth": 2}, {"nth": 1}]
CHAINS = (
    "relu(bn(conv(x)))",
    "act(norm(conv(x)))",
    "bn(conv(x))",
    "act(conv(x))",
    "act(bn(x))",
    "conv2(relu(bn1(conv1(x))))",
    "bn2(conv2(act(bn1(conv1(x)))))",
    "conv2(conv1(x))",
    "act(fc(x))",
    "fc2(drop(act(fc1(x))))",
    "fc2(act(fc1(x)))",
    "pool(act(bn(x)))",
    "conv(act(x))",
    "conv(cat(x))",
    "relu(add(x))",
    "conv(up(x))",
    "ln(fc(x))",
)


def modules(model: Model) -> Drawn:
    """Keys that select modules."""
    types = st.sampled_from([*TYPES, *model.classes])
    by_type = st.one_of(types, st.lists(types, min_size=1, max_size=2, unique=True))
    return st.one_of(
        st.fixed_dictionaries({"type": by_type}),
        st.fixed_dictionaries({"type": by_type}),
        st.fixed_dictionaries({"isa": st.sampled_from(["Conv2d", "_ConvNd", "*Block", "_BatchNorm", "Module"])}),
        st.fixed_dictionaries({"path": paths(model)}),
        st.fixed_dictionaries({"type": types, "path": paths(model)}),
    )


def paths(model: Model) -> st.SearchStrategy[str]:
    """Paths such as this model may have."""
    own = st.sampled_from(model.attributes or ("conv",)).flatmap(
        lambda it: st.sampled_from([it, f"**.{it}", f"{it}.**", f"{it}.0.**", f"{it}.[0:2].**", f"re:.*{it}.*"])
    )
    usual = ["*", "**", "**.0", "**.conv*", "layer{1,2}.**", "layer[2:4].[0:2].*", "re:.*[02]", "features.*"]
    return st.one_of(own, own, st.sampled_from(usual))


def _sources(model: Model) -> Drawn:
    return st.one_of(
        st.sampled_from(model.classes or ("Net",)).map(lambda it: {"class": it}),
        st.sampled_from(["__init__", "forward", "_make*", "*"]).map(lambda it: {"function": it}),
        st.sampled_from(["*.py", "net.py", model.target]).map(lambda it: {"file": it}),
    )


def subjects(model: Model) -> st.SearchStrategy[tuple[str, Text]]:
    """The kind of a subject, as positions are looked up by, and the keys that give it."""
    edges = st.sampled_from(EDGES).map(lambda edge: (edge, {"edge": edge}))
    blocks = st.sampled_from([*MEANINGS, *model.classes]).map(lambda block: ("block", {"block": block}))
    calls = st.sampled_from([*OPS, *OPS, *OPERATIONS]).map(lambda op: ("op", {"op": op}))
    chosen = modules(model).map(lambda keys: ("type", keys))
    branches = st.tuples(modules(model), modules(model)).map(lambda both: ("type", {"any": list(both)}))
    return st.one_of(chosen, chosen, blocks, calls, edges, branches)


def narrowed(model: Model, keys: Text, *, often: int) -> Drawn:
    """A subject with further tests, each of them once in ``often`` times or less."""
    near = subjects(model).map(lambda it: it[1])
    others = st.one_of(modules(model), st.fixed_dictionaries({"inside": modules(model)}))
    more = {
        "where": some(pairs(FACTS), often=often),
        "is": some(st.sampled_from(sorted(NAMED)), often=2 * often),
        "not": some(st.one_of(others, st.lists(others, min_size=1, max_size=2)), often=often),
        "inside": some(modules(model), often=2 * often),
        "has": some(near, often=4 * often),
        "after": some(near, often=3 * often),
        "before": some(near, often=3 * often),
        "source": some(_sources(model), often=3 * often),
        "all": some(modules(model).map(lambda it: [it]), often=5 * often),
        "only": some(st.sampled_from(ONLY), often=often),
    }
    return st.fixed_dictionaries(more).map(lambda found: filled({**found, **keys}))


def patterns(model: Model) -> Drawn:
    """A chain of operations with parts described here and there."""

    def described(chain: str) -> Drawn:
        parts = parts_in(chain)
        tests = table(
            {
                "where": some(pairs(FACTS, most=1), often=3),
                "path": some(paths(model), often=5),
                "inside": some(modules(model), often=8),
                "not": some(modules(model), often=6),
                "is": some(st.sampled_from(sorted(NAMED)), often=10),
            }
        ).map(lambda it: it or None)
        beside = {
            "path": some(paths(model), often=12),
            "inside": some(modules(model), often=10),
            "source": some(_sources(model), often=14),
            "not": some(modules(model), often=8),
            "only": some(st.sampled_from(ONLY), often=6),
        }
        return table({**{part: some(tests, often=3) for part in parts}, **beside}, pattern=chain)

    return st.sampled_from(CHAINS).flatmap(described)


def parts_in(chain: str) -> list[str]:
    """The names of the parts of a pattern, the last to run first."""
    return chain.rstrip(")").split("(")[:-1]
