"""Judge what both sessions saw, beside the equality of their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from mutagen.records.proof import CaseFacts, EditedRun
from mutagen.records.result import Check, Weights

Pairs = tuple[tuple[CaseFacts, EditedRun], ...]


def judge(cases: Sequence[CaseFacts], runs: Sequence[EditedRun], weights: Weights) -> tuple[Check, ...]:
    """Return the checks in fixed order: forward, outputs, gradients, checkpoint."""
    pairs = tuple(zip(cases, runs, strict=True))
    return (_forward(pairs), _outputs(pairs), _gradients(pairs), checkpoint(weights))


def _forward(pairs: Pairs) -> Check:
    failed = [f"{case.mode} {_shapes(case.shapes)}: {run.error}" for case, run in pairs if run.error]
    detail = failed[0] if failed else f"{len(pairs)} runs"
    return Check("forward", "fail" if failed else "pass", detail)


def _outputs(pairs: Pairs) -> Check:
    for before, after in pairs:
        where = f"{before.mode} {_shapes(before.shapes)}"
        if after.error:
            return Check("outputs", "n/a", f"{where}: the model did not run")
        if before.structure != after.structure:
            return Check("outputs", "fail", f"{where}: returns {after.structure}, before {before.structure}")
        for old, new in zip(before.outputs, after.outputs, strict=True):
            if (old.shape, old.dtype) != (new.shape, new.dtype):
                was, now = f"{old.dtype} {old.shape}", f"{new.dtype} {new.shape}"
                return Check("outputs", "fail", f"{where}: {old.name} is {now}, before {was}")
    return Check("outputs", "pass", "shapes, types and structure as before")


def _gradients(pairs: Pairs) -> Check:
    ran = [pair for pair in pairs if not pair[1].error]
    if not ran:
        return Check("gradients", "n/a", "the model did not run")
    if not all(before.graded for before, _ in ran):
        return Check("gradients", "n/a", "the model runs only where none are recorded")
    # A parameter that is used in one of the modes is alive.
    dead_before = frozenset.intersection(*(frozenset(before.unreached) for before, _ in ran))
    dead = frozenset.intersection(*(frozenset(after.unreached) for _, after in ran))
    if fresh := sorted(name for name in dead - dead_before if not _was_dead(name, dead_before)):
        return Check("gradients", "fail", f"no gradient reaches {_some(fresh)}")
    if dead:
        return Check("gradients", "info", f"no gradient reached {_some(sorted(dead))} before either")
    return Check("gradients", "pass", "every parameter is reached")


def _was_dead(name: str, dead: frozenset[str]) -> bool:
    """Whether a parameter of a new module, ``match/role``, takes the place of parameters that nothing reached."""
    match, slash, _ = name.partition("/")
    return bool(slash) and any(it.startswith(f"{match}.") for it in dead)


def checkpoint(weights: Weights) -> Check:
    told = f"{len(weights.kept)} kept, {len(weights.moved)} moved, {len(weights.new)} new, {len(weights.lost)} lost"
    return Check("checkpoint", "info" if weights.lost or weights.moved else "pass", told)


def _shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join("x".join(map(str, shape)) for shape in shapes)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
