"""Blocks that random rules bring along: compositions of all kinds, borrowed classes, a template."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from mutagen.records.blocks import Fuse
from tests.golden.drawn.drawing import Drawn, Text, filled, some

BORROWED: dict[str, Text] = {
    "Triplet": {"from": "theirs/attention.py:TripletAttention"},
    "TripletFlat": {"from": "theirs/attention.py:TripletAttention", "args": {"no_spatial": True}},
    "Squeezed": {"from": "theirs/attention.py:SEAttention", "args": {"reduction": 4}},
    "Mixed": {"from": "theirs/mixing.py:Mixing"},
    "MixedThere": {"from": "theirs/mixing.py:Mixing", "how": "import"},
    "Sized": {"from": "theirs/awkward.py:Kernel", "args": {"kernel": 1}},
    "Late": {"from": "theirs/awkward.py:Late", "channels": "size"},
}
COMPOSED: dict[str, Text] = {
    "EdgeContext": {"serial": ["ECA", {"Conv2d": {"kernel_size": 3, "dilation": 2, "padding": "auto"}}]},
    "TriScale": {
        "parallel": [{"Conv2d": {"kernel_size": 3}}, {"Conv2d": {"kernel_size": 5}}, {"Conv2d": {"kernel_size": 7}}],
        "fuse": "concat-conv1x1",
    },
    "Tower": {"serial": [{"Conv2d": {"kernel_size": 1}}, "BatchNorm2d", "GELU"], "start": "identity"},
    "Summed": {"parallel": ["ECA", {"LayerScale": {"init": 0.5}}], "fuse": "add"},
    "Picked": {
        "parallel": [{"Conv2d": {"kernel_size": 3, "groups": "channels"}}, {"MaxPool2d": {"kernel_size": 3}}],
        "fuse": "select",
        "start": "identity",
    },
    "Gated": {"parallel": ["Triplet", "ECA"], "fuse": "gate"},
    "Nested": {"serial": ["EdgeContext", "DepthwiseSeparableConv2d"]},
}
AROUND: dict[str, Text] = {
    "Refined": {"serial": ["body", "ECA"]},
    "Prepared": {"serial": [{"Conv2d": {"kernel_size": 1}}, "body"]},
    "Beside": {"parallel": ["body", {"Conv2d": {"kernel_size": 1}}], "fuse": "add"},
    "BesideGated": {"parallel": ["body", "ECA"], "fuse": "gate"},
    "BesideSelected": {"parallel": ["body", "Mixed"], "fuse": "select"},
    "BesideMixed": {"parallel": ["body", {"Conv2d": {"kernel_size": 3}}], "fuse": "concat-conv1x1"},
    "Softly": {"serial": ["body", "SqueezeExcite2d"], "start": "identity"},
    "Normed": {"serial": ["body", {"GroupNorm": {"num_groups": "auto"}}, "ReLU"]},
}
TEMPLATED = "SpatialGate"
MADE = "made"
KNOWN: dict[str, Text] = {**BORROWED, **COMPOSED, **AROUND}
PARTS: list[str | Text] = [
    *("ECA", "SqueezeExcite2d", "LayerScale", "DepthwiseSeparableConv2d", "BatchNorm2d", "ReLU", "GELU", "SiLU"),
    {"Conv2d": {"kernel_size": 1}},
    {"Conv2d": {"kernel_size": 3, "groups": "channels"}},
    {"Conv2d": {"kernel_size": 3, "dilation": 2, "padding": "auto", "bias": False}},
    {"GroupNorm": {"num_groups": "auto"}},
    {"AvgPool2d": {"kernel_size": 3}},
    {"Dropout": {"p": 0.1}},
    *("Triplet", "Mixed", "Squeezed", "EdgeContext", "Summed", "Tower"),
]


def composed(*, around: bool) -> st.SearchStrategy[str | Text]:
    """A composition by its name, or ``{MADE: ...}`` for one that a file has yet to name."""
    return st.one_of(st.sampled_from(sorted(AROUND if around else COMPOSED)), _made(around=around))


def _made(*, around: bool) -> Drawn:
    def arranged(parts: list[Any], way: str, fuse: str, start: str | None, place: int) -> Text:
        if around:
            parts.insert(place % (len(parts) + 1), "body")
        return {MADE: filled({way: parts, "fuse": fuse if way == "parallel" else None, "start": start})}

    parts = st.lists(st.sampled_from(PARTS), min_size=2, max_size=3)
    ways, fuses = st.sampled_from(["serial", "parallel"]), st.sampled_from(get_args(Fuse))
    return st.builds(arranged, parts, ways, fuses, some(st.just("identity"), often=4), st.integers(0, 3))


def borrowed() -> st.SearchStrategy[str | Text]:
    """A borrowed class by its name, or on the spot."""
    return st.one_of(st.sampled_from(sorted(BORROWED)), st.sampled_from(list(BORROWED.values())))


def with_names(rules: Any, blocks: Text) -> Any:
    """The rules with a name for each composition that has none; ``blocks`` are the names that are given."""
    if isinstance(rules, dict) and MADE in rules:
        name = next((key for key, it in blocks.items() if it == rules[MADE]), f"Made{len(blocks) + 1}")
        blocks[name] = rules[MADE]
        return name
    if isinstance(rules, dict):
        return {key: with_names(it, blocks) for key, it in rules.items()}
    return [with_names(it, blocks) for it in rules] if isinstance(rules, list) else rules


def used(data: Any, blocks: Text) -> Text:
    """Those of the blocks that rules or blocks name, and those which these name."""
    found: Text = {}
    new = _names(data)
    while new := [it for it in dict.fromkeys(new) if it in blocks and it not in found]:
        found |= {name: blocks[name] for name in new}
        new = _names([found[name] for name in new])
    return dict(sorted(found.items()))


def _names(data: Any) -> list[str]:
    if isinstance(data, dict):
        return [name for pair in data.items() for it in pair for name in _names(it)]
    return [name for it in data for name in _names(it)] if isinstance(data, list) else [data]
