"""The text of a block that is composed of others: one class with a named part for each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from mutagen.blocks.catalogue import Names
from mutagen.blocks.short_names import snake
from mutagen.load.layers import CHANNELS, arguments_of, bare, layer
from mutagen.records.blocks import BODY, Block, Composed, Part
from mutagen.records.rules import Value

_WIDTH: Final = 96
_CONV: Final = {3: "Conv1d", 4: "Conv2d", 5: "Conv3d"}
_AXES: Final = {3: "L", 4: "HW", 5: "DHW"}
_MEANS: Final = {3: "2", 4: "(2, 3)", 5: "(2, 3, 4)"}
GROUP_NORM: Final = "group_norm"
"""The function of the catalogue that stands for GroupNorm with ``num_groups: auto``."""
SELECT: Final = (16, 32)
"""Reduction and least width of the layer that weighs branches for ``fuse: select`` (Li et al., CVPR 2019)."""


def part_names(composed: Composed) -> tuple[str, ...]:
    """What each part is called in the class: ``eca``, ``conv``; ``conv3`` and ``conv5`` where kernels differ."""
    stems = [_stem(it) for it in composed.parts]
    counts = Counter(stems)
    names: list[str] = []
    for index, (stem, part) in enumerate(zip(stems, composed.parts, strict=True)):
        alike = [it for it, other in zip(composed.parts, stems, strict=True) if other == stem]
        name = stem if counts[stem] == 1 else _told_apart(stem, part, alike)
        names.append(name or f"{stem}{stems[: index + 1].count(stem)}")
    return tuple(names)


def _stem(part: Part) -> str:
    known = layer(part.what)
    return known.part if known is not None else snake(bare(part.what))


def _told_apart(stem: str, part: Part, alike: Sequence[Part]) -> str:
    """The name with the argument in which each part differs from the others of its kind; empty where none does."""
    for name, mark in (("kernel_size", ""), ("dilation", "_d")):
        values = [it.args.get(name, 1) for it in alike]
        if all(type(it) is int for it in values) and len(set(values)) == len(values):
            return f"{stem}{mark}{part.args.get(name, 1)}"
    return ""


def used_blocks(composed: Composed) -> tuple[str, ...]:
    """The blocks that the class names, each once."""
    found = [GROUP_NORM if is_auto_norm(it) else it.what for it in composed.parts]
    return tuple(dict.fromkeys(it for it in found if layer(it) is None and it != BODY))


def is_auto_norm(part: Part) -> bool:
    """Whether a part is GroupNorm with as many groups as suit the channels."""
    return bare(part.what) == "GroupNorm" and part.args.get("num_groups", "auto") == "auto"


def composed_text(block: Block, names: Names, class_name: str, uses: Mapping[str, tuple[str, Block]]) -> str:
    """The class; ``uses`` gives the name in the file, and the block, for each block that it names."""
    composed = block.composed
    assert composed is not None
    parts = part_names(composed)
    made = [BODY if it.what == BODY else _made(it, names, uses) for it in composed.parts]
    lines = [f"self.{name} = {call}" for name, call in zip(parts, made, strict=True)]
    rank = rank_of(block)
    lines += _fusing(composed, names, rank)
    if composed.identity:
        lines.append(f"self.gamma = {names.nn}.Parameter({names.torch}.zeros(()))")
    forward = _forward(composed, parts, names, rank)
    body = "\n".join(_wrapped(it) for it in lines)
    steps = "\n".join(f"        {it}" for it in forward)
    tensor = f"{names.torch}.Tensor"
    given = [f"{BODY}: {names.nn}.Module"] if composed.wraps else []
    given += [f"{CHANNELS}: int"] if CHANNELS in block.arguments else []
    return (
        f"class {class_name}({names.nn}.Module):\n{_docstring(block)}\n\n"
        f"    def __init__(self, {', '.join(given)}) -> None:\n        super().__init__()\n{body}\n\n"
        f"    def forward(self, x: {tensor}) -> {tensor}:\n{steps}\n"
    )


def rank_of(block: Block) -> int:
    """The rank of the tensors that a composition takes: the only one, or 4 where parts take any."""
    ranks = next((it.values for it in block.requires if it.fact == "rank"), (4,))
    return 4 if 4 in ranks else int(str(ranks[0]))


def summary_of(composed: Composed, names: Mapping[str, str]) -> str:
    """One sentence on what a composition does; ``names`` are those of the classes of blocks."""
    start = f" Starts as {'the body alone' if composed.wraps else 'x itself'} (gamma = 0)." if composed.identity else ""
    parts = [Part(names.get(it.what, it.what), it.args) for it in composed.parts]
    if composed.fuse is None:
        return f"{_first(', then '.join(map(_told, parts)))}.{start}"
    how = {
        "add": "added up",
        "concat-conv1x1": "concatenated and mixed by a 1x1 convolution",
        "gate": "each times a gate that the input sets at each position",
        "select": "weighed for each channel by a softmax over them (SKNet, Li et al., CVPR 2019)",
    }[composed.fuse]
    return f"{_first(_listing(parts))} side by side, {how}.{start}"


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listing(parts: Sequence[Part]) -> str:
    """``3x3, 5x5 and 7x7 convolutions``, or what each part is."""
    told = [_told(it) for it in parts]
    if all(it.startswith("a ") and it.endswith(" convolution") for it in told):
        told = [it.removeprefix("a ").removesuffix(" convolution") for it in told]
        return f"{', '.join(told[:-1])} and {told[-1]} convolutions"
    return f"{', '.join(told[:-1])} and {told[-1]}"


def _told(part: Part) -> str:
    args = {name: value for name, value in part.args.items() if value != "auto"}
    what = "the body" if part.what == BODY else bare(part.what)
    if what in _CONV.values():
        kernel = args.pop("kernel_size", 1)
        axes = int(what[-2])
        sizes = kernel if isinstance(kernel, tuple) else (kernel,) * axes
        depthwise = "depthwise " if args.get("groups") == CHANNELS and args.pop("groups") else ""
        what = f"a {'x'.join(map(str, sizes))} {depthwise}convolution"
        dilation = args.pop("dilation", 1)
        what += f" with dilation {_shown(dilation)}" if dilation != 1 else ""
    rest = ", ".join(f"{name} {_shown(value)}" for name, value in args.items())
    return f"{what} ({rest})" if rest else what


def _shown(value: Value) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _docstring(block: Block) -> str:
    lines: list[str] = []
    line = '    """'
    for word in block.summary.split():
        if len(line) + len(word) + 1 > _WIDTH and line.strip():
            lines.append(line)
            line = "   "
        line += word if line.endswith('"') else f" {word}"
    if not lines and not block.paper:
        return f'{line}"""'
    paper = ["", f"    {block.paper}"] if block.paper else []
    return "\n".join([*lines, line, *paper, '    """'])


def _made(part: Part, names: Names, uses: Mapping[str, tuple[str, Block]]) -> str:
    """The call that makes a part."""
    if is_auto_norm(part):
        others = {key: value for key, value in part.args.items() if key != "num_groups"}
        return f"{uses[GROUP_NORM][0]}({', '.join([CHANNELS, *_keywords(others)])})"
    if layer(part.what) is not None:
        found = arguments_of(part.what, part.args)
        assert not isinstance(found, str), "checked when the rules were read"
        leading, named = found
        return f"{names.nn}.{bare(part.what)}({', '.join([*map(source, leading), *_keywords(named)])})"
    written, block = uses[part.what]
    channels = [name for name, origin in block.arguments.items() if origin == "channels"]
    rest = _keywords({**block.given, **part.args})
    return f"{written}({', '.join([*channel_arguments(block, CHANNELS, channels), *rest])})"


def channel_arguments(block: Block, text: str, channels: Sequence[str]) -> list[str]:
    """The arguments that are channels as a call gives them: by position where they come first."""
    return [f"{name}={text}" if block.by_name else text for name in channels]


def _keywords(args: Mapping[str, Value]) -> list[str]:
    return [f"{name}={source(value)}" for name, value in args.items()]


def source(value: Value) -> str:
    """A value from a rule as source; ``channels`` is the argument of that name."""
    if value == CHANNELS:
        return CHANNELS
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(source, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _fusing(composed: Composed, names: Names, rank: int) -> list[str]:
    """What the constructor makes for bringing branches together."""
    count, conv = len(composed.parts), f"{names.nn}.{_CONV[rank]}"
    if composed.fuse == "concat-conv1x1":
        return [f"self.fuse = {conv}({count} * channels, channels, 1)"]
    if composed.fuse == "gate":
        return [f"self.gate = {conv}(channels, {count}, 1)"]
    if composed.fuse == "select":
        return [
            f"hidden = max(channels // {SELECT[0]}, {SELECT[1]})",
            f"self.squeeze = {conv}(channels, hidden, 1)",
            f"self.select = {conv}(hidden, {count} * channels, 1)",
        ]
    return []


def _forward(composed: Composed, parts: Sequence[str], names: Names, rank: int) -> list[str]:
    if composed.identity and composed.wraps:
        return _added_to_body(composed, parts)
    steps, terms = _steps(composed, parts, names, rank)
    if not composed.identity:
        return [*steps, *_spread("return ", terms)]
    if len(terms) == 1:
        return [*steps, f"return x + self.gamma * {terms[0]}"]
    return [*steps, *_spread("y = ", terms), "return x + self.gamma * y"]


def _added_to_body(composed: Composed, parts: Sequence[str]) -> list[str]:
    """What the body gives, plus gamma times what the others make of it (in a row) or of the input (side by side)."""
    others = [it for it in parts if it != BODY]
    if composed.fuse is not None:
        terms = [f"self.{it}(x)" for it in others]
        rest = terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"
        return [f"return self.{BODY}(x) + self.gamma * {rest}"]
    given = ["x", *["y"] * (len(others) - 1)]
    each = [f"self.{part}({it})" for part, it in zip(others, given, strict=True)]
    return [f"x = self.{BODY}(x)", *(f"y = {it}" for it in each[:-1]), f"return x + self.gamma * {each[-1]}"]


def needs_channels(composed: Composed, blocks: Mapping[str, Block]) -> bool:
    """Whether any part of a composition is made for a number of channels."""
    if composed.fuse not in (None, "add"):
        return True
    for part in composed.parts:
        known = layer(part.what)
        if known is not None and (known.leading or CHANNELS in part.args.values()):
            return True
        if known is None and part.what != BODY and "channels" in blocks[part.what].arguments.values():
            return True
    return False


def _steps(composed: Composed, parts: Sequence[str], names: Names, rank: int) -> tuple[list[str], list[str]]:
    """The lines of ``forward`` before its last, and the terms of the sum that it returns."""
    calls = [f"self.{it}(x)" for it in parts]
    count = len(calls)
    if composed.fuse is None:
        passed = "y" if composed.identity else "x"
        given = ["x", *[passed] * (count - 1)]
        each = [f"self.{part}({it})" for part, it in zip(parts, given, strict=True)]
        return [f"{passed} = {it}" for it in each[:-1]], each[-1:]
    if composed.fuse == "add":
        return [], calls
    if composed.fuse == "concat-conv1x1":
        return _listed(f"y = {names.torch}.cat(", calls), ["self.fuse(y)"]
    if composed.fuse == "gate":
        shape = ", ".join(["B", str(count), *_AXES[rank]])
        scaled = [f"a[:, {i}:{i + 1}] * {it}" for i, it in enumerate(calls)]
        return [f"a = self.gate(x).sigmoid()  # ({shape})"], scaled
    return [
        *_listed(f"y = {names.torch}.stack(", calls),
        f"z = self.squeeze(y.sum(1).mean({_MEANS[rank]}, keepdim=True)).relu()",
        f"a = self.select(z).unflatten(1, ({count}, -1)).softmax(1)  # a weight for each branch and channel",
    ], ["(a * y).sum(1)"]


def _listed(head: str, calls: Sequence[str]) -> list[str]:
    short = f"{head}[{', '.join(calls)}], dim=1)"
    if len(short) + 8 <= _WIDTH:
        return [short]
    return [head, *(["    [", *(f"        {it}," for it in calls), "    ],"]), "    dim=1,", ")"]


def _spread(head: str, terms: Sequence[str]) -> list[str]:
    short = head + " + ".join(terms)
    if len(short) + 8 <= _WIDTH:
        return [short]
    return [f"{head}(", f"    {terms[0]}", *(f"    + {it}" for it in terms[1:]), ")"]


def _wrapped(line: str) -> str:
    """A line of the constructor, its arguments one a line where it would be too long."""
    text = f"        {line}"
    if len(text) <= _WIDTH or not text.endswith(")"):
        return text
    head, _, inner = text[:-1].partition("(")
    return f"{head}(\n            {inner}\n        )"
