"""What random rules do: any action that goes with a subject, with any of the options it takes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mutagen.blocks.catalogue import load_blocks
from mutagen.load.rules_words import AROUND, FUNCTIONS, POSITIONS, TORCH_BLOCKS
from tests.golden.drawn.blocks import TEMPLATED, borrowed, composed
from tests.golden.drawn.drawing import Drawn, filled, pairs, some, table
from tests.golden.drawn.matches import parts_in

SETTABLE: dict[str, list[Any]] = {
    "dilation": [1, 2],
    "padding": ["auto", 0, 1],
    "padding_mode": ["reflect"],
    "kernel_size": [5],
    "bias": [True, False],
    "eps": [0.001],
    "momentum": [0.01],
    "inplace": [False, True],
    "groups": [2],
    "stride": [1],
    "p": [0.2],
    "affine": [False],
}
RUNGS = ("site", "origin", "split", "subclass", "override", "forward")
ARGUMENTS = {"int": st.sampled_from([1, 3, 4]), "number": st.sampled_from([0.0, 0.5]), "bool": st.booleans()}
OPTIONLESS = ("set", "skip", "remove")
"""Actions without ``style``, ``emit`` and ``start``."""
BLOCKS = sorted(name for name, it in load_blocks().items() if it.kind in ("feature", "scale", "combine"))


def way(*, often: int = 4) -> Drawn:
    """The options of all actions with a block."""
    return table(
        {
            "style": some(st.sampled_from(["inline", "module"]), often=often),
            "partial": some(st.just("allow"), often=3),
            "emit": some(st.sampled_from(["in-place", "flag", "subclass"]), often=often),
            "start": some(st.sampled_from(["paper", "identity"]), often=2 * often),
            "strategy": some(st.sampled_from(RUNGS), often=3 * often),
        }
    )


def actions(kind: str) -> Drawn:
    """Any action for a subject of that kind."""
    found = [_inserted(kind), _inserted(kind), _replaced(kind)]
    if kind in ("type", "block"):
        found += [_around(), _beside(), pairs(SETTABLE).map(lambda it: {"set": it})]
        found += [table({"partial": some(st.just("allow"))}).map(lambda it: {"remove": it or True})]
        found += [st.just({"skip": True})]
    return st.one_of(found)


def parts(chain: str) -> Drawn:
    """What becomes of some parts of a pattern."""
    names = parts_in(chain)
    chosen = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)
    options = table(
        {
            "partial": some(st.just("allow"), often=3),
            "emit": some(st.sampled_from(["flag", "subclass"]), often=8),
            "style": some(st.just("module"), often=8),
        }
    )
    return chosen.flatmap(
        lambda it: st.tuples(table({name: _part(name, names) for name in it}), options).map(
            lambda both: {"replace": {**both[0], **both[1]}}
        )
    )


def _part(name: str, names: list[str]) -> Drawn:
    kind = name.rstrip("0123456789")
    if kind == "conv":
        return st.just({"with": "DepthwiseSeparableConv2d"})
    if kind in ("bn", "norm", "ln"):
        others = [f"${{{it}.groups}}" for it in names if it.startswith("conv")]
        groups = st.sampled_from(["auto", 1, 4, *others])
        return some(groups).map(lambda it: {"with": "GroupNorm", **({"args": {"num_groups": it}} if it else {})})
    if kind in ("relu", "act"):
        return st.just({"with": "gelu"})
    return st.sampled_from(["gelu", "GroupNorm", "ECA", "DepthwiseSeparableConv2d"]).map(lambda it: {"with": it})


def _arguments(block: Any) -> Drawn:
    options = load_blocks()[block].options if isinstance(block, str) and block in load_blocks() else {}
    known = {name: ARGUMENTS[kind] for name, kind in options.items() if kind in ARGUMENTS}
    return st.fixed_dictionaries({}, optional=known)


def _with(blocks: st.SearchStrategy[Any], key: str, **given: Any) -> Drawn:
    """A block with arguments and options, under ``key``."""
    return blocks.flatmap(
        lambda block: st.tuples(_arguments(block), way()).map(
            lambda it: filled({key: block, **given, "args": it[0] or None, **it[1]})
        )
    )


def _replaced(kind: str) -> Drawn:
    functions = [*FUNCTIONS] if kind == "op" else [*load_blocks(), *TORCH_BLOCKS, *FUNCTIONS]
    blocks = st.sampled_from(functions)
    if kind == "block":
        blocks = st.one_of(blocks, borrowed())
    return _with(blocks, "with").map(lambda it: {"replace": it})


def _inserted(kind: str) -> Drawn:
    blocks = st.one_of(st.sampled_from([*BLOCKS, TEMPLATED, "GroupNorm"]), composed(around=False), borrowed())
    return (
        st.sampled_from(POSITIONS.get(kind, AROUND))
        .flatmap(lambda at: _with(blocks, "block", at=at))
        .map(lambda it: {"insert": it})
    )


def _around() -> Drawn:
    return _with(composed(around=True), "with").map(lambda it: {"wrap": it})


def _beside() -> Drawn:
    blocks = st.one_of(st.sampled_from(["ECA", "SqueezeExcite2d"]), composed(around=False), borrowed())
    fuse = some(st.sampled_from(["add", "gate", "select", "concat-conv1x1"]))
    return st.tuples(_with(blocks, "block"), fuse).map(lambda it: {"branch": filled({**it[0], "fuse": it[1]})})
