"""Ways through the recorded graph: which operand of an addition is the branch, which bypasses a lower resolution."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from corpus.observe import Event, Observer

LOWER = 0.8  # below this share of the positions a tensor counts as one of lower resolution
CONVS = {"conv1d", "conv2d", "conv3d", "linear"}
LEARNED = {"conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "matmul", "bmm", "baddbmm", "einsum", "mm"}
NORMS = {"batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"}
RESHAPING = {"reshape", "view", "unflatten", "rearrange"}
LOOSE = {
    *("relu", "gelu", "silu", "hardtanh", "leaky_relu", "elu", "prelu", "dropout", "pad", "getitem", "interpolate"),
    *("avg_pool2d", "max_pool2d", "adaptive_avg_pool2d", "cat", "permute", "transpose", "contiguous", "flatten", "mul"),
    *("avg_pool3d", "max_pool3d", "conv_transpose2d", "conv_transpose3d", "reshape", "view", "add", "dropout2d"),
}


def branches(event: Event, seen: Observer) -> list[tuple[bool, int]]:
    """Returns (beyond doubt, index of the branch operand); empty when the addition is not residual."""
    first, second = (seen.values[index] for index in event.operands)
    if not (first.floating and second.floating) or event.operands[0] == event.operands[1]:
        return []
    if any(_gradient_only(event.operands[1 - end], event.operands[end], seen) for end in (0, 1)):
        return []
    same = first.shape == second.shape
    for branch in (1, 0):
        shortcut, end = event.operands[1 - branch], event.operands[branch]
        width = _width(shortcut, end, seen)
        if width is not None:
            enough = width >= LOWER * (seen.values[shortcut].scale or 0.0)
            certain = same and enough and _learns(shortcut, end, seen)
            # Between tensors of other axes there is no telling what is a lower resolution.
            fits = len(second.shape) == len(first.shape) and (enough or (same and _changes_axes(shortcut, end, seen)))
            return [(certain, branch)] if fits else []
    for branch in (1, 0):
        for certain, term in _carried(event.operands[1 - branch], seen):
            width = _width(term, event.operands[branch], seen)
            if width is not None and width >= LOWER * (seen.values[term].scale or 0.0):
                return [(certain and same, branch)]
    result = []
    for branch in (1, 0):
        sure = _projected(event.operands[1 - branch], event.operands[branch], seen)
        if sure is not None:
            result.append((sure and same, branch))
    plain = [item for item in result if item[0]]
    if len(plain) == 1 and not _adds_alike(event.operands[plain[0][1]], seen):
        return plain
    return [(False, branch) for _, branch in result]


def _adds_alike(value: int, seen: Observer) -> bool:
    """Whether the value is a sum of projections side by side, to which another one only adds."""
    event = seen.values[value].event
    if event < 0 or seen.events[event].name != "add" or len(seen.events[event].operands) != 2:
        return False
    ends = seen.events[event].operands
    alike = [_projected(ends[1 - end], ends[end], seen) for end in (0, 1)]
    return all(alike) or any(alike) and any(_adds_alike(end, seen) for end in ends)


def _changes_axes(start: int, end: int, seen: Observer) -> bool:
    """Whether axes mean something else on the way, so that a resolution cannot be told there (linear attention)."""
    rank, way = len(seen.values[end].shape), _on_the_way(start, end, seen)
    names = {seen.events[event].name for it in way if (event := seen.values[it].event) >= 0}
    return bool(names & RESHAPING) or any(len(seen.values[it].shape) != rank for it in way)


def _on_the_way(start: int, end: int, seen: Observer) -> set[int]:
    """The values that come from ``start`` and that ``end`` comes from, itself included."""
    reached = {start}
    for index in range(start + 1, end + 1):
        if reached.intersection(seen.values[index].parents):
            reached.add(index)
    return (_ancestors(end, seen) | {end}) & reached - {start}


def _learns(start: int, end: int, seen: Observer) -> bool:
    """Whether a layer stands on the way: ``x + 0.04 * x ** 3`` within an activation is no residual block."""
    way = _on_the_way(start, end, seen)
    names = {seen.events[event].name for it in way if (event := seen.values[it].event) >= 0}
    return bool(names & (CONVS | NORMS | LEARNED)) or any("attention" in name for name in names)


def _gradient_only(start: int, end: int, seen: Observer) -> bool:
    """Whether the sum is another value with the gradient of ``start``: ``x + (q - x).detach()``, no branch of ``x``."""
    cut = seen.values[end].event
    if cut < 0 or seen.events[cut].name != "detach":
        return False
    source = seen.values[seen.events[cut].operands[0]].event
    return source >= 0 and seen.events[source].name == "sub" and seen.events[source].operands[1:] == (start,)


def _carried(value: int, seen: Observer) -> Iterator[tuple[bool, int]]:
    """Yields (beyond doubt, shortcut) for the residual additions that made this value, the last first."""
    sure = True
    while (event := seen.values[value].event) >= 0 and seen.events[event].name == "add":
        added = seen.events[event]
        found = branches(added, seen) if len(added.operands) == 2 else []
        if len(found) != 1:
            return
        sure = sure and found[0][0]
        value = added.operands[1 - found[0][1]]
        yield sure, value


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
            sure = sure and not _modulated(value, end, seen)
            return sure if width >= LOWER * (seen.values[shortcut].scale or 0.0) else None
    return None


def _modulated(start: int, end: int, seen: Observer) -> bool:
    """Whether the value ends as a product of which one factor does not come from ``start``: ``noise * std + mean``."""
    event = seen.values[end].event
    if event < 0 or seen.events[event].name != "mul" or len(seen.events[event].operands) != 2:
        return False
    factors = [it for it in seen.events[event].operands if it != start and seen.values[it].event >= 0]
    random = any(seen.events[seen.values[it].event].name.startswith("rand") for it in factors)
    return random or any(_width(start, it, seen) is None for it in factors)


def bypasses(event: Event, pairs: list[tuple[int, int]], seen: Observer) -> list[tuple[bool, int, int]]:
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
    here, there = _widths(start, seen), _widths(end, seen)
    for root in here.keys() & there.keys() - {start, end}:
        level = min(scale, seen.values[root].scale or 0.0)
        if not level or here[root] < LOWER * level or there[root] >= LOWER * level:
            continue
        # One global mean is channel attention, not an encoder.
        if there[root] / scale * prod(seen.values[start].shape[2:]) > 1.5:
            return True
    return False


def _widths(end: int, seen: Observer) -> dict[int, float]:
    """Returns the lowest scale on the best way from each ancestor to ``end``."""
    last = seen.values[end].scale
    widths = {end: last if last is not None else float("inf")}
    for index in range(end, -1, -1):
        for parent in seen.values[index].parents if index in widths else ():
            scale = seen.values[parent].scale
            width = min(widths[index], scale if scale is not None else widths[index])
            widths[parent] = max(width, widths.get(parent, 0.0))
    return widths


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
