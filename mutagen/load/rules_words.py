"""The words of rule files: which keys and values this version reads, which the language has but this version lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

Level = str
KnownBlocks = Mapping[str, Collection[str]]

VERSION = 1

KEYS: Mapping[Level, tuple[str, ...]] = {
    "file": ("version", "include", "model", "where", "rules", "budget", "blocks", "templates", "tests"),
    "model": ("factory", "args", "kwargs", "inputs"),
    "rule": (
        *("id", "why", "match", "replace", "insert", "set", "wrap", "branch", "remove", "skip"),
        *("safety", "optional", "enabled", "expect"),
    ),
    "match": (
        *("type", "isa", "path", "block", "edge", "op", "where", "is", "inside", "has", "after", "before", "source"),
        *("all", "any", "not", "only", "pattern"),
    ),
    "pattern": ("pattern", "path", "inside", "source", "all", "any", "not", "only"),
    "part": ("with", "args"),
    "insert-part": ("block", "at", "args", "start"),
    "wrap-part": ("with", "args", "start"),
    "branch-part": ("block", "fuse", "args", "start"),
    "remove-part": (),
    "source": ("class", "function", "file"),
    "where": ("eq", "ne", "gt", "ge", "lt", "le", "in", "multiple_of"),
    "replace": ("with", "args", "style", "partial", "emit", "start", "strategy"),
    "insert": ("block", "at", "args", "style", "partial", "emit", "start", "strategy"),
    "wrap": ("with", "args", "style", "partial", "emit", "start", "strategy"),
    "branch": ("block", "fuse", "args", "style", "partial", "emit", "start", "strategy"),
    "remove": ("partial", "strategy"),
    "skip": (),
    "only": ("first", "last", "every", "nth"),
    "expect": ("instances", "sites", "params", "macs", "keys_lost", "keys_moved", "keys_new"),
    "budget": ("params", "macs", "keys_lost"),
    "test": ("name", "model", "source", "call", "inputs", "rules", "expect", "patch", "second_run"),
    "from": ("from", "how", "channels", "args"),
    "blocks": ("from", "how", "channels", "args", "serial", "parallel", "fuse", "start"),
}

LATER: Mapping[Level, tuple[str, ...]] = {
    "file": (),
    "model": (),
    "rule": ("combine", "head"),
    "match": ("criterion",),
    "pattern": ("criterion",),
    "part": ("strategy", "start"),
    "insert-part": ("strategy",),
    "wrap-part": ("strategy",),
    "branch-part": ("strategy",),
    "remove-part": ("strategy",),
    "source": (),
    "where": (),
    "replace": (),
    "insert": (),
    "wrap": (),
    "branch": (),
    "remove": (),
    "skip": (),
    "only": (),
    "expect": (),
    "budget": (),
    "from": (),
    "blocks": (),
    "test": (),
}

LATER_VALUES: Mapping[str, tuple[str, ...]] = {
    "edge": (),
    "block": (),
    "at": ("shortcut",),
}

SUBJECTS: Mapping[str, str] = {
    "type": "type",
    "isa": "type",
    "path": "type",
    "block": "block",
    "op": "op",
    "edge": "edge",
}
EDGES = ("residual", "skip", "concat", "add", "mul")
MEANINGS = ("residual", "repeated", "bottleneck", "squeeze-excite", "attention")
AROUND = ("after", "before", "input", "output")
POSITIONS: Mapping[str, tuple[str, ...]] = {
    "type": AROUND,
    "block": ("branch-end", *AROUND),
    "residual": ("branch",),
    "skip": ("skip",),
    "op": ("before", "after"),
    "concat": ("first", "second"),
    "add": ("first", "second"),
    "mul": ("first", "second"),
}
JOINS = ("add", "mul", "cat")
"""Operations that read two tensors in a pattern."""
ACTIONS = ("replace", "insert", "set", "wrap", "branch", "remove", "skip")
# What `set` takes beside the arguments of a constructor.
SET_OPTIONS = ("partial",)
SET_LATER = ("strategy", "start", "emit")
SHORTCUTS = ("identity", "projected")
LAYOUTS = ("channels-first", "channels-last")

FUNCTIONS: KnownBlocks = {"gelu": (), "GELU": (), "nn.GELU": ()}
TORCH_BLOCKS: KnownBlocks = {"GroupNorm": ("num_groups",), "nn.GroupNorm": ("num_groups",)}

_OPERATIONS = """
relu relu6 gelu silu elu celu selu mish leaky_relu prelu hardswish hardsigmoid hardtanh sigmoid tanh softplus
softmax log_softmax glu add sub mul div matmul bmm cat stack mean sum flatten interpolate pad linear
conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d batch_norm layer_norm group_norm
instance_norm dropout dropout2d scaled_dot_product_attention max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d
avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d
"""
OPERATIONS = tuple(_OPERATIONS.split())

_HABITS: Mapping[str, str] = dict(
    pair.split(" ")
    for pair in (
        *("gte ge", "lte le", "neq ne", "min ge", "max le", "> gt", ">= ge", "< lt", "<= le", "== eq", "!= ne"),
        *("name id", "description why", "reason why", "arguments args", "params args", "class type", "exclude not"),
        *("operation op", "by with", "into with", "position at"),
    )
)


def closest(word: str, allowed: Iterable[str]) -> str:
    """The allowed word that was probably meant, else an empty text."""
    by_lower = {each.lower(): each for each in allowed}
    habit = _HABITS.get(word)
    if habit in by_lower:
        return habit
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else ""


def suggestion(word: str, allowed: Iterable[str]) -> str:
    """``did you mean 'x'?``, or an empty text."""
    meant = closest(word, allowed)
    return f"did you mean {meant!r}?" if meant else ""


def listed(words: Iterable[str]) -> str:
    """The words with commas between them."""
    return ", ".join(words)


def hint_for(word: str, allowed: Iterable[str], *, what: str) -> str:
    """A suggestion and the list of what is allowed."""
    words = list(allowed)
    return f"{suggestion(word, words)} {what}: {listed(words)}".strip()
