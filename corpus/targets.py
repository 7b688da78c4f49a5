"""Which targets a rule means, found in the live model alone.

``must`` are targets without doubt, ``may`` those where the definition leaves room (a projected shortcut through a pool,
an image-level branch beside a concatenation): a tool may change them, if it changes them rightly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import prod

from torch import nn

from corpus.observe import Event, ModuleCall, Observer

RULES = (
    "conv-to-dsc",
    "bn-to-gn",
    "relu-to-gelu",
    "gated-residuals",
    "eca-after-blocks",
    "gated-skips",
    "se-to-eca",
)

LOWER = 0.8  # below this share of the positions a tensor counts as one of lower resolution
CONVS = {"conv1d", "conv2d", "conv3d", "linear"}
NORMS = {"batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"}
LOOSE = {
    *("relu", "gelu", "silu", "hardtanh", "leaky_relu", "elu", "prelu", "dropout", "pad", "getitem", "interpolate"),
    *("avg_pool2d", "max_pool2d", "adaptive_avg_pool2d", "cat", "permute", "transpose", "contiguous", "flatten", "mul"),
    *("avg_pool3d", "max_pool3d", "conv_transpose2d", "conv_transpose3d", "reshape", "view", "add", "dropout2d"),
}
GATES = {"sigmoid", "hardsigmoid", "softmax", "tanh", "relu6", "hardtanh", "clamp"}


@dataclass(frozen=True, slots=True)
class Edge:
    """The operand ``operand`` of the ``nth`` addition ("add") or concatenation ("cat") of a run."""

    join: str
    nth: int
    operand: int
    other: int


@dataclass(frozen=True, slots=True)
class Targets:
    """Module paths, or edges; ``library`` counts what stands inside torch's own modules."""

    must: tuple[str | Edge, ...] = ()
    may: tuple[str | Edge, ...] = ()
    library: int = 0


@dataclass(slots=True)
class _Found:
    must: list[str | Edge] = field(default_factory=list)
    may: list[str | Edge] = field(default_factory=list)
    library: int = 0

    def frozen(self) -> Targets:
        return Targets(tuple(self.must), tuple(self.may), self.library)


def targets(rule: str, model: nn.Module, seen: Observer) -> Targets:
    """Returns what the rule speaks of in the model."""
    return _FINDERS[rule](model, seen)


def additions(seen: Observer) -> list[Event]:
    """Returns the additions of two tensors in the order of execution."""
    return [event for event in seen.events if event.name == "add" and len(event.operands) == 2]


def concatenations(seen: Observer) -> list[Event]:
    """Returns the concatenations in the order of execution."""
    return [event for event in seen.events if event.name == "cat" and len(event.operands) > 1]


def convs(model: nn.Module, seen: Observer) -> Targets:
    """Plain Conv2d of 16 channels or more with a real kernel, outside of stems."""
    return Targets(
        tuple(
            path
            for path, module in model.named_modules()
            if type(module) is nn.Conv2d
            and max(module.kernel_size) > 1
            and module.groups == 1
            and module.in_channels >= 16
            and not any(fnmatchcase(type(owner).__name__, "*Stem*") for owner in _owners(model, path))
        )
    )


def batch_norms(model: nn.Module, seen: Observer) -> Targets:
    """All BatchNorm2d."""
    return Targets(tuple(path for path, module in model.named_modules() if type(module) is nn.BatchNorm2d))


def relus(model: nn.Module, seen: Observer) -> Targets:
    """All calls of relu; ``must`` names them by the executing module and a number."""
    calls = [event for event in seen.events if event.name == "relu"]
    library = sum(event.library and event.path != "?" and not _is_relu(model, event.path) for event in calls)
    return Targets(tuple(f"{event.path}#{event.index}" for event in calls), (), library)


def residuals(model: nn.Module, seen: Observer) -> Targets:
    """The branch operand of every residual addition."""
    found = _Found()
    for nth, event in enumerate(additions(seen)):
        for sure, operand in _branches(event, seen):
            (found.must if sure else found.may).append(Edge("add", nth, operand, 1 - operand))
            found.library += event.library
    return found.frozen()


def residual_blocks(model: nn.Module, seen: Observer) -> Targets:
    """The residual additions made by the forward of the user's classes, on maps whose channels are axis 1."""
    found = _Found()
    events = additions(seen)
    every = residuals(model, seen)
    for edge in every.must + every.may:
        assert isinstance(edge, Edge)
        event = events[edge.nth]
        value = seen.values[event.operands[edge.operand]]
        if event.library or value.layout == "last":
            continue
        good = edge in every.must and len(value.shape) >= 4 and value.layout == "first"
        (found.must if good else found.may).append(edge)
    return found.frozen()


def skips(model: nn.Module, seen: Observer) -> Targets:
    """The operands of concatenations and additions that bypass a path through a lower resolution."""
    found = _Found()
    for nth, event in enumerate(concatenations(seen)):
        if event.axis not in (1, -3) or any(len(seen.values[index].shape) < 4 for index in event.operands):
            continue
        pairs = [(i, j) for i in range(len(event.operands)) for j in range(len(event.operands)) if i != j]
        for sure, operand, other in _bypasses(event, pairs, seen):
            (found.must if sure and len(event.operands) == 2 else found.may).append(Edge("cat", nth, operand, other))
    for nth, event in enumerate(additions(seen)):
        if any(len(seen.values[index].shape) < 4 for index in event.operands) or _branches(event, seen):
            continue
        for sure, operand, other in _bypasses(event, [(0, 1), (1, 0)], seen):
            (found.must if sure else found.may).append(Edge("add", nth, operand, other))
    return found.frozen()


def squeeze_excites(model: nn.Module, seen: Observer) -> Targets:
    """The modules of the user that scale their input by a gate computed from its global mean."""
    found: dict[str, bool] = {}
    for call in seen.calls:
        if call.library or call.path in ("", "?") or len(call.outputs) != 1:
            continue
        verdict = _squeeze_excite(call, seen)
        if verdict is not None:
            found[call.path] = verdict and found.get(call.path, True)
    inner = {path for path in found if not any(other.startswith(path + ".") for other in found)}
    return Targets(
        tuple(path for path in found if path in inner and found[path]),
        tuple(path for path in found if path not in inner or not found[path]),
    )


_FINDERS: dict[str, Callable[[nn.Module, Observer], Targets]] = {
    "conv-to-dsc": convs,
    "bn-to-gn": batch_norms,
    "relu-to-gelu": relus,
    "gated-residuals": residuals,
    "eca-after-blocks": residual_blocks,
    "gated-skips": skips,
    "se-to-eca": squeeze_excites,
}


def _owners(model: nn.Module, path: str) -> list[nn.Module]:
    parts = path.split(".")
    return [model.get_submodule(".".join(parts[:count])) for count in range(len(parts))]


def _is_relu(model: nn.Module, path: str) -> bool:
    return isinstance(model.get_submodule(path), nn.ReLU)


def _branches(event: Event, seen: Observer) -> list[tuple[bool, int]]:
    """Returns (beyond doubt, index of the branch operand); empty when the addition is not residual."""
    first, second = (seen.values[index] for index in event.operands)
    if not (first.floating and second.floating) or event.operands[0] == event.operands[1]:
        return []
    same = first.shape == second.shape
    for branch in (1, 0):
        shortcut, end = event.operands[1 - branch], event.operands[branch]
        width = _width(shortcut, end, seen)
        if width is not None:
            enough = width >= LOWER * (seen.values[shortcut].scale or 0.0)
            return [(same, branch)] if enough and len(second.shape) == len(first.shape) else []
    result = []
    for branch in (1, 0):
        sure = _projected(event.operands[1 - branch], event.operands[branch], seen)
        if sure is not None:
            result.append((sure and same, branch))
    plain = [item for item in result if item[0]]
    return plain if len(plain) == 1 else [(False, branch) for _, branch in result]


def _projected(shortcut: int, end: int, seen: Observer) -> bool | None:
    """Whether the shortcut is one projection away from an ancestor of the other; False: by more than a projection."""
    sure, spent, value = True, [0, 0], shortcut
    for _ in range(8):
        event = seen.values[value].event
        if event < 0:
            return None
        name = seen.events[event].name
        data = [index for index in seen.events[event].operands if seen.values[index].scale is not None]
        if not data:
            return None
        spent[0] += name in CONVS
        spent[1] += name in NORMS
        if name not in CONVS | NORMS or max(spent) > 1:
            sure = False
        if name not in CONVS | NORMS | LOOSE:
            return None
        value = data[0]
        width = _width(value, end, seen)
        if width is not None:
            return sure if width >= LOWER * (seen.values[shortcut].scale or 0.0) else None
    return None


def _bypasses(event: Event, pairs: list[tuple[int, int]], seen: Observer) -> list[tuple[bool, int, int]]:
    """Returns (beyond doubt, operand, other) for the operands that bypass what the other went through."""
    result: dict[int, tuple[bool, int, int]] = {}
    for operand, other in pairs:
        start, end = _uncropped(event.operands[operand], seen), event.operands[other]
        scale = seen.values[start].scale
        if scale is None:
            continue
        width = _width(start, end, seen)
        if width is not None:
            if width < LOWER * scale:
                positions = width / scale * prod(seen.values[start].shape[2:])
                sure = positions > 1.5 and len(seen.values[start].shape) == 4
                result[operand] = (sure, operand, other)
        elif operand not in result and _bypasses_from_root(start, end, seen):
            result[operand] = (False, operand, other)
    return list(result.values())


def _uncropped(value: int, seen: Observer) -> int:
    """Returns what the value was cropped or padded from."""
    while (event := seen.values[value].event) >= 0 and seen.events[event].name in {"pad", "getitem"}:
        value = seen.events[event].operands[0]
    return value


def _bypasses_from_root(start: int, end: int, seen: Observer) -> bool:
    """Whether some common ancestor reaches ``start`` at its resolution and ``end`` only through a lower one."""
    scale = seen.values[start].scale or 0.0
    common = sorted(_ancestors(start, seen) & _ancestors(end, seen), reverse=True)
    for root in [index for index in common if seen.values[index].scale][:40]:
        level = min(scale, seen.values[root].scale or 0.0)
        here, there = _width(root, start, seen), _width(root, end, seen)
        if here is None or there is None or here < LOWER * level or there >= LOWER * level:
            continue
        # One global mean is channel attention, not an encoder.
        if there / (seen.values[start].scale or 1.0) * prod(seen.values[start].shape[2:]) > 1.5:
            return True
    return False


def _ancestors(value: int, seen: Observer) -> set[int]:
    found: set[int] = set()
    waiting = [value]
    while waiting:
        for parent in seen.values[waiting.pop()].parents:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _width(start: int, end: int, seen: Observer) -> float | None:
    """Returns the lowest scale on the best way from ``start`` to ``end``; None when there is no way."""
    if start >= end:
        return None
    first = seen.values[start].scale
    widths: dict[int, float] = {start: first if first is not None else 0.0}
    for index in range(start + 1, end + 1):
        value = seen.values[index]
        best = max((widths[parent] for parent in value.parents if parent in widths), default=None)
        if best is not None:
            widths[index] = min(best, value.scale if value.scale is not None else best)
    return widths.get(end)


def _squeeze_excite(call: ModuleCall, seen: Observer) -> bool | None:
    """Returns True for a squeeze-and-excitation without doubt, False for a possible one, None for anything else."""
    if not call.inputs or len(seen.values[call.inputs[0]].shape) < 4:
        return None
    events = seen.events[call.first : call.last]
    last = seen.values[call.outputs[0]].event
    if last < call.first or seen.events[last].name != "mul":
        return None
    final = seen.events[last]
    names = [event.name for event in events]
    layers = [event for event in events if event.name in CONVS]
    small = [event for event in layers if _positions(event.outputs[0], seen) == 1]
    gated = GATES.intersection(names)
    pools = [event for event in events if ("pool" in event.name or event.name in {"mean", "amax", "max"})]
    if call.inputs[0] not in final.operands or len(small) < 2 or not gated or not pools or len(layers) != len(small):
        return None
    plain = len(pools) == 1 and pools[0].operands[0] == call.inputs[0] and "max" not in pools[0].name
    sure = plain and len(small) == 2 and not NORMS.intersection(names) and names.count("mul") == 1
    return sure and bool(gated & {"sigmoid", "hardsigmoid", "relu6", "hardtanh"}) and "softmax" not in names


def _positions(value: int, seen: Observer) -> int:
    shape = seen.values[value].shape
    return prod(shape[2:]) if len(shape) > 2 else 1
