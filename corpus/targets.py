"""Which targets a rule means, found in the live model alone.

``must`` are targets without doubt, ``may`` those where the definition leaves room (a projected shortcut through a pool,
an image-level branch beside a concatenation): a tool may change them, if it changes them rightly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import prod

from torch import nn

from corpus.observe import Event, ModuleCall, Observer
from corpus.watch import Place
from corpus.ways import CONVS, NORMS, branches, bypasses

RULES = (
    "conv-to-dsc",
    "conv-to-dsc-last-third",
    "bn-to-gn",
    "relu-to-gelu",
    "eca-after-blocks",
    "eca-one-path",
    "gated-residuals",
    "gated-skips",
)
# Shipped and judged as well, but none of the eight sets of the table.
MORE_RULES = ("se-to-eca",)

GATES = {"sigmoid", "hardsigmoid", "softmax", "tanh", "relu6", "hardtanh", "clamp"}


@dataclass(frozen=True, slots=True)
class Edge:
    """The operand ``operand`` of the ``nth`` addition ("add") or concatenation ("cat") of a run.

    It is the one of number ``turn`` that ``place`` makes: training may make others elsewhere, evaluation does not.
    """

    join: str
    nth: int
    operand: int
    other: int
    place: Place = field(default=("", 0, 0), compare=False)
    turn: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Targets:
    """Module paths, or edges; ``library`` counts what stands inside torch's own modules.

    ``named`` are the paths that a rule made for this model alone has to name, ``count`` what it has to count.
    """

    must: tuple[str | Edge, ...] = ()
    may: tuple[str | Edge, ...] = ()
    library: int = 0
    named: tuple[str, ...] = ()
    count: int = 0


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


def last_convs(model: nn.Module, seen: Observer) -> Targets:
    """The last third, in the order of their first calls, of what ``convs`` finds; none where that is less than one."""
    every = [path for path in convs(model, seen).must if isinstance(path, str)]
    count = len(every) // 3
    called = [path for path in _in_order(seen) if path in every]
    never = [path for path in every if path not in called]
    # Where those that are never called would stand in the order is open.
    sure = called[len(called) - max(count - len(never), 0) :]
    open_ones = [path for path in called[len(called) - count :] if path not in sure] + never if count else []
    return Targets(tuple(sure), tuple(open_ones), count=count)


def one_path(model: nn.Module, seen: Observer) -> Targets:
    """The branch of the middle residual block, alone in its module; without such, the result of the middle conv."""
    events = additions(seen)
    owners = Counter(owner for event in events for owner in _prefixes(event.path))
    alone = {path for path, count in owners.items() if count == 1 and path}
    edges = [
        edge
        for edge in residual_blocks(model, seen).must
        if isinstance(edge, Edge) and events[edge.nth].path in alone and _made_within(events[edge.nth], edge, seen)
    ]
    if edges:
        middle = edges[len(edges) // 2]
        return Targets((middle,), named=(events[middle.nth].path,))
    modules = dict(model.named_modules())
    calls = Counter(call.path for call in seen.calls)
    paths = [path for path in _in_order(seen) if calls[path] == 1 and type(modules.get(path)) is nn.Conv2d]
    return Targets((paths[len(paths) // 2],), named=(paths[len(paths) // 2],)) if paths else Targets()


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
    joins = additions(seen)
    for nth, event in enumerate(joins):
        for sure, operand in branches(event, seen):
            (found.must if sure else found.may).append(_edge(nth, joins, operand, 1 - operand))
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
    joins = concatenations(seen)
    for nth, event in enumerate(joins):
        if event.axis not in (1, -3) or any(len(seen.values[index].shape) < 4 for index in event.operands):
            continue
        pairs = [(i, j) for i in range(len(event.operands)) for j in range(len(event.operands)) if i != j]
        for sure, operand, other in bypasses(event, pairs, seen):
            (found.must if sure and len(event.operands) == 2 else found.may).append(_edge(nth, joins, operand, other))
    joins = additions(seen)
    for nth, event in enumerate(joins):
        if any(len(seen.values[index].shape) < 4 for index in event.operands) or branches(event, seen):
            continue
        gate = _only_gates(event, seen)
        for sure, operand, other in bypasses(event, [(0, 1), (1, 0)], seen):
            (found.must if sure and not gate else found.may).append(_edge(nth, joins, operand, other))
    return found.frozen()


def _edge(nth: int, joins: list[Event], operand: int, other: int) -> Edge:
    event = joins[nth]
    turn = sum(it.place == event.place for it in joins[:nth])
    return Edge(event.name, nth, operand, other, event.place, turn)


def _only_gates(event: Event, seen: Observer) -> bool:
    """Whether nothing reads the sum but a gate, which weights something: additive attention."""
    readers = {other.name for other in seen.events if set(other.operands) & set(event.outputs)}
    return bool(readers) and readers <= {"sigmoid", "hardsigmoid", "softmax"}


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
    "conv-to-dsc-last-third": last_convs,
    "bn-to-gn": batch_norms,
    "relu-to-gelu": relus,
    "eca-after-blocks": residual_blocks,
    "eca-one-path": one_path,
    "gated-residuals": residuals,
    "gated-skips": skips,
    "se-to-eca": squeeze_excites,
}


def _in_order(seen: Observer) -> list[str]:
    """Returns the paths of all modules in the order in which they first returned."""
    return list(dict.fromkeys(call.path for call in seen.calls))


def _prefixes(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _made_within(event: Event, edge: Edge, seen: Observer) -> bool:
    """Whether the branch comes from the module that adds, not from the one around it."""
    source = seen.values[event.operands[edge.operand]].event
    path = seen.events[source].path if source >= 0 else ""
    return path == event.path or path.startswith(event.path + ".")


def _owners(model: nn.Module, path: str) -> list[nn.Module]:
    parts = path.split(".")
    return [model.get_submodule(".".join(parts[:count])) for count in range(len(parts))]


def _is_relu(model: nn.Module, path: str) -> bool:
    return isinstance(model.get_submodule(path), nn.ReLU)


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
