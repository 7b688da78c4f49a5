"""Whether an edited copy computes what the rule means (for its bytes see bytes_check).

Three looks, each in a fresh process: ``survey`` finds the targets in the original, ``examine`` runs the edited copy
with weights that hide nothing, ``compare`` operates on the live objects of the original and compares the numbers.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from corpus import blocks
from corpus.observe import SHAPES, Observer, observe
from corpus.surgery import BlocksOnEdges, GeluForRelu, swap, take_weights
from corpus.targets import MORE_RULES, RULES, Edge, Targets, additions, concatenations, targets
from corpus.watch import Watch, tensors

EXACT, LOOSE = 1e-4, 1e-3
# In double precision rounding cannot be taken for another meaning: a deep net carries 1e-7 to more than 1e-3.
SHARPER = 1e-3
Build = Callable[[], nn.Module]
Inputs = Callable[[int], list[Tensor]]


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of the original: targets per rule, classes by path, relu and gelu calls.

    ``precise`` says that it runs in double precision, so that everything is compared in it; ``trains``, that it runs
    in training mode, with the same numbers each time.
    """

    targets: Mapping[str, Targets]
    classes: Mapping[str, tuple[str, ...]]
    repeatable: bool
    calls: Mapping[str, int]
    precise: bool = False
    trains: bool = True


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of the edited copy.

    ``edges`` gives, for each addition and concatenation outside of new modules, the new modules that each operand comes
    straight from, in whatever shape, with the run of the addition's owner. ``train`` is None where the model does not
    run in training. ``firsts`` are the paths of all modules, each object's first alone.
    """

    state: Mapping[str, Tensor]
    classes: Mapping[str, tuple[str, ...]]
    new: frozenset[str]
    edges: Mapping[str, tuple[JoinSeen, ...]]
    calls: Mapping[str, int]
    eval: tuple[Tensor, ...] = ()
    train: tuple[Tensor, ...] | None = None
    firsts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class JoinSeen:
    """One addition or concatenation of the edited copy."""

    path: str
    run: int
    products: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class Verdict:
    """``problems`` is empty when the judge agrees; ``changed`` are the targets that were changed."""

    problems: list[str] = field(default_factory=list)
    changed: int = 0
    difference: float = 0.0
    notes: list[str] = field(default_factory=list)


def survey(build: Build, inputs: Inputs) -> Survey:
    """Returns the targets of all rules in the original model."""
    precise = _runs_in_double(build, inputs)
    inputs = _drawn(inputs, precise)
    model = _built(build, precise).eval()
    _seed()
    seen, first = observe(model, inputs(1))
    _seed()
    with torch.no_grad():
        second = model(*inputs(1))
    same = _difference(tensors(first), tensors(second))
    found = {rule: targets(rule, model, seen) for rule in (*RULES, *MORE_RULES)}
    classes, calls, trains = _classes(model), _calls(seen, frozenset()), _trains(model, inputs)
    return Survey(found, classes, same is not None and same == 0, calls, precise, trains)


def examine(build: Build, inputs: Inputs, original: Survey, moved: Mapping[str, str]) -> Examined:
    """Returns what the edited copy consists of and computes, with all its parameters drawn anew."""
    inputs = _drawn(inputs, original.precise)
    model = _built(build, original.precise)
    randomise(model)
    new = new_modules(original.classes, _classes(model), moved)
    names = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    state = {name: tensor.detach().clone() for name, tensor in names}
    evaluated = _run(model, inputs(1), None, training=False)
    trained = _train_run(model, inputs, None) if original.trains else None
    seen, _ = observe(model.eval(), inputs(1))
    return Examined(
        state,
        _classes(model),
        new,
        {"add": _joins(seen, "add", new), "cat": _joins(seen, "cat", new)},
        _calls(seen, new),
        evaluated,
        trained,
        frozenset(path for path, _ in model.named_modules()),
    )


def compare(
    build: Build, inputs: Inputs, rule: str, original: Survey, edited: Examined, moved: Mapping[str, str]
) -> Verdict:
    """Returns whether the edited copy is what the rule makes of the original."""
    verdict = Verdict()
    inputs = _drawn(inputs, original.precise)
    model = _built(build, original.precise)
    try:
        gone, watch = _SURGEONS[rule](model, original.targets[rule], edited, verdict)
    except blocks.Unfit as problem:
        verdict.problems.append(f"block: {problem}")
        return verdict
    missing = take_weights(model, edited.state, moved, gone)
    verdict.problems += [f"lost or reshaped: {name}" for name in missing[:5]]
    verdict.problems += _census(rule, original, edited, moved, gone)
    if verdict.problems:
        return verdict
    try:
        verdict.problems += _numbers(model, inputs, edited, watch, verdict, original)
    except blocks.Unfit as problem:
        verdict.problems.append(f"block: {problem}")
    return verdict


def randomise(model: nn.Module) -> None:
    """Gives every parameter and running statistic a value that follows from its name and hides nothing."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            generator = torch.Generator().manual_seed(int(hashlib.sha256(name.encode()).hexdigest()[:12], 16))
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float32)
            if parameter.numel() == 1:
                parameter.fill_(0.4 + 0.5 * float(torch.rand((), generator=generator)))
            elif parameter.dim() > 1:
                spread = float(parameter.float().std())
                parameter.copy_(noise * (spread if spread > 0 else 0.05))
            else:
                parameter.add_((0.2 * noise).to(parameter.dtype))
        for name, buffer in model.named_buffers():
            generator = torch.Generator().manual_seed(int(hashlib.sha256(name.encode()).hexdigest()[:12], 16))
            if name.endswith("running_mean"):
                buffer.copy_(0.1 * torch.randn(buffer.shape, generator=generator))
            elif name.endswith("running_var"):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))


_IDENTITY = tuple(kind.__name__ for kind in nn.Identity.__mro__)


def new_modules(
    before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]], moved: Mapping[str, str]
) -> frozenset[str]:
    """Returns the paths of the edited model that were not there, or that hold something else now."""
    homes = _all_homes(before, after, moved)
    kept = {homes.get(path, path) for path in before}
    other = {path for path in set(before) & set(after) if path not in homes and before[path][0] not in after[path]}
    # A new identity computes nothing; it stands where others of its class have a block.
    added = {path for path in set(after) - kept if after[path] != _IDENTITY}
    found = added | other
    # What lies inside something new is a part of it, unless it moved there.
    moved_in = set(homes.values())
    return frozenset(found | {p for p in after if any(p.startswith(q + ".") for q in found) and p not in moved_in})


def _homes(
    before_classes: Mapping[str, tuple[str, ...]],
    after_classes: Mapping[str, tuple[str, ...]],
    moved: Mapping[str, str],
) -> dict[str, str]:
    """Returns where the modules of moved weights are now, owners that moved with all their parts included.

    Part 0 of a sequence that is put into one of its own and a sequence that is put into another have the same names:
    the second is so only if the other parts moved along.
    """

    def whole(old: str, new: str) -> bool:
        parts = [it for it in before_classes if it.startswith(f"{old}.")]
        return not new.startswith(f"{old}.") or all(
            before_classes[it][0] in after_classes.get(new + it[len(old) :], ()) for it in parts
        )

    homes = {}
    for old, new in moved.items():
        before, after = old.split("."), new.split(".")
        while before and after and before != after:
            if before[-1] != after[-1]:
                break
            before.pop()
            after.pop()
            if before != after and whole(".".join(before), ".".join(after)):
                homes[".".join(before)] = ".".join(after)
    return homes


Surgeon = Callable[[nn.Module, Targets, Examined, Verdict], tuple[set[str], Callable[[nn.Module], Watch] | None]]


def _swapper(make: Callable[[nn.Module, Mapping[str, Tensor]], nn.Module]) -> Surgeon:
    def operate(model: nn.Module, wanted: Targets, edited: Examined, verdict: Verdict) -> tuple[set[str], None]:
        gone = set()
        named = dict(model.named_modules(remove_duplicate=False))
        for path in map(str, wanted.must + wanted.may):
            if path not in edited.new:
                if path in wanted.must:
                    verdict.problems.append(f"not changed: {path}")
                continue
            old = named[path]
            swap(model, path, make(old, _below(edited.state, path)))
            gone |= {alias for alias, module in named.items() if module is old}
            verdict.changed += 1
        return gone, None

    return operate


def _relu_surgeon(
    model: nn.Module, wanted: Targets, edited: Examined, verdict: Verdict
) -> tuple[set[str], Callable[[nn.Module], Watch]]:
    if edited.calls["relu"]:
        verdict.problems.append(f"{edited.calls['relu']} calls of relu are left")
    verdict.changed = len(wanted.must) - edited.calls["relu"]
    return set(), GeluForRelu


def _edge_surgeon(make: Callable[[Mapping[str, Tensor]], nn.Module]) -> Surgeon:
    def operate(
        model: nn.Module, wanted: Targets, edited: Examined, verdict: Verdict
    ) -> tuple[set[str], Callable[[nn.Module], Watch]]:
        allowed = [edge for edge in wanted.must + wanted.may if isinstance(edge, Edge)]
        placed: dict[Edge, nn.Module] = {}
        users: dict[str, object] = {}
        for join, seen in edited.edges.items():
            counts: dict[tuple[str, int], int] = {}
            for nth, event in enumerate(seen):
                position = counts[event.path, event.run] = counts.get((event.path, event.run), -1) + 1
                here = {edge.operand: edge for edge in allowed if (edge.join, edge.nth) == (join, nth)}
                for edge, product in _placed(f"{join} {nth}", event, here, verdict):
                    if users.setdefault(product, (event.path, join, position)) != (event.path, join, position):
                        verdict.problems.append(f"one block for several places: {product}")
                    placed[edge] = make(_below(edited.state, product))
        verdict.problems += [
            f"not changed: {target.join} {target.nth}, operand {target.operand}"
            for target in allowed
            if target in wanted.must and target not in placed
        ]
        verdict.changed = len(placed)
        return set(), lambda live: BlocksOnEdges(live, placed)

    return operate


def _one_attention(
    model: nn.Module, wanted: Targets, edited: Examined, verdict: Verdict
) -> tuple[set[str], Callable[[nn.Module], Watch] | None]:
    """One block in all, on an edge or on what one module returns."""
    if isinstance(wanted.must[0], Edge):
        return _edge_surgeon(blocks.ChannelAttention)(model, wanted, edited, verdict)
    made = [path for path in _outermost(edited) if path in edited.firsts]
    if len(made) != 1:
        verdict.problems.append(f"one new block was expected, not {', '.join(made[:5]) or 'none'}")
        return set(), None
    block = blocks.ChannelAttention(_below(edited.state, made[0]))
    model.get_submodule(wanted.must[0]).register_forward_hook(lambda module, given, result: block(result))
    verdict.changed = 1
    return set(), None


def _outermost(edited: Examined) -> list[str]:
    """Returns the new modules with nothing old inside, beside those within another."""
    whole = {
        path for path in edited.new if all(each in edited.new for each in edited.classes if each.startswith(path + "."))
    }
    return sorted(path for path in whole if not any(path.startswith(other + ".") for other in whole))


def _placed(name: str, event: JoinSeen, here: Mapping[int, Edge], verdict: Verdict) -> Iterator[tuple[Edge, str]]:
    """Yields the target and the new module for each operand of one addition or concatenation that comes from one."""
    for operand, products in enumerate(event.products):
        if not products:
            continue
        # The two operands of an addition may have changed places.
        alone = next(iter(here.values())) if len(here) == 1 and name.startswith("add") else None
        edge = here.get(operand, alone)
        if edge is None:
            verdict.problems.append(f"changed, though no target: {name} in '{event.path}', operand {operand}")
        else:
            yield edge, max(products, key=len)


_SEPARABLE = _swapper(lambda old, weights: blocks.Separable(_as(nn.Conv2d, old), weights))
_SURGEONS: dict[str, Surgeon] = {
    "conv-to-dsc": _SEPARABLE,
    "conv-to-dsc-last-third": _SEPARABLE,
    "bn-to-gn": _swapper(lambda old, weights: blocks.Groups(_as(nn.BatchNorm2d, old), weights)),
    "se-to-eca": _swapper(lambda old, weights: blocks.ChannelAttention(weights)),
    "relu-to-gelu": _relu_surgeon,
    "gated-residuals": _edge_surgeon(blocks.Factor),
    "eca-after-blocks": _edge_surgeon(blocks.ChannelAttention),
    "eca-one-path": _one_attention,
    "gated-skips": _edge_surgeon(blocks.SkipGate),
}


def _as(kind: type[Any], module: nn.Module) -> Any:
    if type(module) is not kind:
        raise TypeError(f"{type(module).__name__} is not {kind.__name__}")
    return module


def _below(state: Mapping[str, Tensor], path: str) -> dict[str, Tensor]:
    return {name.removeprefix(path + "."): tensor for name, tensor in state.items() if name.startswith(path + ".")}


def _census(rule: str, original: Survey, edited: Examined, moved: Mapping[str, str], gone: set[str]) -> list[str]:
    """Returns what changed beside the targets: classes, missing modules, calls of activations."""
    problems = []
    homes = _all_homes(original.classes, edited.classes, moved)
    inside = tuple(path + "." for path in gone)
    activations = {"ReLU", "GELU"} if rule == "relu-to-gelu" else set()
    shifted = {old.rpartition(".")[0] for old in _homes(original.classes, edited.classes, moved)}
    for path, bases in original.classes.items():
        if path not in homes and path.rpartition(".")[0] in shifted:
            continue  # a sibling moved: without weights there is no telling where this one went
        if path in gone or path.startswith(inside) or bases[0] in activations:
            continue
        now = edited.classes.get(homes.get(path, path))
        if now is None:
            problems.append(f"module gone: {path}")
        elif bases[0] not in now:
            problems.append(f"{path} was {bases[0]} and is {now[0]}")
    if rule == "relu-to-gelu":
        wanted = original.calls["gelu"] + original.calls["relu"]
        if edited.calls["gelu"] != wanted:
            problems.append(f"{edited.calls['gelu']} calls of gelu, not {wanted}")
    elif rule not in {"se-to-eca", "gated-skips"} and edited.calls != original.calls:
        problems.append(f"calls of activations changed: {original.calls} to {edited.calls}")
    return problems[:5]


def _numbers(
    model: nn.Module,
    inputs: Inputs,
    edited: Examined,
    watch: Callable[[nn.Module], Watch] | None,
    verdict: Verdict,
    original: Survey,
) -> list[str]:
    problems = []
    trained = _train_run(model, inputs, watch) if original.trains else None
    runs: list[tuple[str, tuple[Tensor, ...] | None, tuple[Tensor, ...] | None, float]] = [
        ("eval", edited.eval, _run(model, inputs(1), watch, training=False), EXACT),
        ("train", edited.train, trained, LOOSE),
    ]
    for mode, result, reference, tolerance in runs:
        if result is None and reference is None:
            verdict.notes.append(f"no {mode} comparison: the model does not run repeatably so")
            continue
        difference = _difference(list(result or ()), list(reference or ()))
        if difference is None:
            problems.append(f"{mode}: other results in number or shape")
        else:
            verdict.difference = max(verdict.difference, difference)
            if not difference <= tolerance * (SHARPER if original.precise else 1):
                problems.append(f"{mode}: differs by {difference:.2e} of the largest value")
    return problems


def _built(build: Build, precise: bool) -> nn.Module:
    _seed()
    model = build().double() if precise else build()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def _drawn(inputs: Inputs, precise: bool) -> Inputs:
    """The inputs in the precision of the comparison."""
    if not precise:
        return inputs
    return lambda batch: [it.double() if it.is_floating_point() else it for it in inputs(batch)]


def _runs_in_double(build: Build, inputs: Inputs) -> bool:
    """Whether the model runs in double precision, in eval and in training; some fix a type of their own."""
    model = _built(build, True)
    try:
        for training in (False, True):
            _run(model, _drawn(inputs, True)(2), None, training=training)
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError):
        return False
    return True


def _seed() -> None:
    torch.manual_seed(0)
    random.seed(0)


def _run(
    model: nn.Module, inputs: list[Tensor], watch: Callable[[nn.Module], Watch] | None, *, training: bool
) -> tuple[Tensor, ...]:
    model.train(training)
    _seed()
    watcher = (watch or Watch)(model)
    with torch.no_grad(), watcher.running():
        result = model(*inputs)
    return tuple(tensor.detach().clone() for tensor in tensors(result))


def _trains(model: nn.Module, inputs: Inputs) -> bool:
    """Whether the model runs in training mode, twice with the same numbers; its statistics stay."""
    first, second = (_train_run(model, inputs, None) for _ in range(2))
    return first is not None and second is not None and _difference(list(first), list(second)) == 0


def _train_run(
    model: nn.Module, inputs: Inputs, watch: Callable[[nn.Module], Watch] | None
) -> tuple[Tensor, ...] | None:
    """Returns the results of a run in training mode; None where it fails. Statistics stay."""
    state = {name: buffer.clone() for name, buffer in model.named_buffers()}
    try:
        return _run(model, inputs(2), watch, training=True)
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError):
        return None
    finally:
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                if name in state and state[name].shape == buffer.shape:
                    buffer.copy_(state[name])


def _difference(left: list[Tensor], right: list[Tensor]) -> float | None:
    """Returns the largest difference relative to the largest value; infinity for what is not finite in one alone."""
    if [tensor.shape for tensor in left] != [tensor.shape for tensor in right]:
        return None
    worst = 0.0
    for a, b in zip(left, right, strict=True):
        x, y = a.detach().to(torch.float64), b.detach().to(torch.float64)
        if not torch.equal(x.isfinite(), y.isfinite()):
            return float("inf")
        x, y = x[x.isfinite()], y[y.isfinite()]
        if x.numel():
            worst = max(worst, float((x - y).abs().max() / y.abs().max().clamp(min=1e-12)))
    return worst


def _all_homes(
    before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]], moved: Mapping[str, str]
) -> dict[str, str]:
    """Returns the same with modules without weights: those below an owner that moved, and those put into a sequence."""
    homes = _homes(before, after, moved)
    found = dict(homes)
    for path, kinds in before.items():
        if path in homes:
            continue
        parts = path.split(".")
        around = (".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))
        owner = next((it for it in around if it in homes), None)
        there = f"{homes[owner]}{path[len(owner) :]}" if owner else f"{path}.0"
        wrapped = owner or after.get(path, ("",))[0] == "Sequential" != kinds[0]
        if wrapped and kinds[0] in after.get(there, ()):
            found[path] = there
    return found


def _classes(model: nn.Module) -> dict[str, tuple[str, ...]]:
    return {
        path: tuple(kind.__name__ for kind in type(module).__mro__)
        for path, module in model.named_modules(remove_duplicate=False)
    }


def _calls(seen: Observer, new: frozenset[str]) -> dict[str, int]:
    """Returns how often relu and gelu are called, outside of what was inserted."""
    return {
        name: sum(event.name == name and not _inside(event.path, new, own=name == "relu") for event in seen.events)
        for name in ("relu", "gelu")
    }


def _inside(path: str, new: frozenset[str], *, own: bool = False) -> bool:
    """Whether the path is a new composite (an activation that became another is no such)."""
    return path in new and (own or path.rpartition(".")[0] in new)


def _joins(seen: Observer, kind: str, new: frozenset[str]) -> tuple[JoinSeen, ...]:
    made: dict[int, set[str]] = {}
    for call in seen.calls:
        if call.path in new:
            for output in call.outputs:
                made.setdefault(output, set()).add(call.path)
    for event in seen.events:
        # A factor may stand before a dropout, and a block before a change of shape; the numbers tell of the rest.
        if (event.name in SHAPES or event.name == "dropout") and event.operands:
            for output in event.outputs:
                made.setdefault(output, set()).update(made.get(event.operands[0], ()))
    events = additions(seen) if kind == "add" else concatenations(seen)
    return tuple(
        JoinSeen(event.path, event.run, tuple(tuple(sorted(made.get(index, ()))) for index in event.operands))
        for event in events
        if event.path not in new
    )
