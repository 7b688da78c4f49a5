"""Facts of instances as they were before the rules of the run made anything: parameters and multiply-adds.

``macs_share`` is a part of the whole model's multiply-adds. After a run both are others; with each product of the run's
rules mapped back to what it replaced, and inserted ones left out, a second run compares what the first one compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from mutagen.match.made import class_of, cost_before, same_cost
from mutagen.match.view import TraceView, is_within
from mutagen.records.rules import Value
from mutagen.records.trace import Instance

MACS, PARAMS, SHARE = "macs", "params", "macs_share"


@dataclass(frozen=True, slots=True)
class _Change:
    """What the model lost and gained at one product: parameters and multiply-adds, now less before."""

    paths: tuple[str, ...]
    params: int
    macs: int


def facts_of(view: TraceView, instance: Instance) -> Mapping[str, Value]:
    """The facts of an instance with those of the rules' own products mapped back, and the share of all MACs."""
    facts = instance.facts
    macs, total = facts.get(MACS), view.trace.macs
    if not view.made.replaced and not view.made.inserted:
        share = isinstance(macs, int) and total and SHARE not in facts
        return {**facts, SHARE: int(str(macs)) / total} if share else facts
    changed = dict(facts)
    inside = [it for it in _changes(view) if any(_below(path, instance) for path in it.paths)]
    if isinstance(facts.get(PARAMS), int):
        changed[PARAMS] = int(str(facts[PARAMS])) - sum(it.params for it in inside)
    if isinstance(macs, int) and total:
        changed[MACS] = macs - sum(it.macs for it in inside)
        whole = total - sum(it.macs for it in _changes(view))
        changed[SHARE] = int(str(changed[MACS])) / whole if whole else 0.0
    return changed


def _below(path: str, instance: Instance) -> bool:
    return any(is_within(path, owner) for owner in (instance.path, *instance.aliases))


def _changes(view: TraceView) -> tuple[_Change, ...]:
    if "cost changes" not in view.memo:
        found = (_change(view, it) for it in view.trace.instances)
        view.memo["cost changes"] = tuple(it for it in found if it is not None)
    return cast("tuple[_Change, ...]", view.memo["cost changes"])


def _change(view: TraceView, instance: Instance) -> _Change | None:
    block = class_of(instance, view.products)
    if not block or same_cost(block):
        return None
    params, macs = (instance.facts.get(name) for name in (PARAMS, MACS))
    now = [it if isinstance(it, int) else 0 for it in (params, macs)]
    before: tuple[int, int] | None = None
    if block in view.made.replaced:
        before = cost_before(block, instance.facts, bias=_has_bias(view, instance))
    elif block in view.made.inserted and instance.path in view.products:
        before = (0, 0)
    if before is None:
        return None
    paths = tuple(dict.fromkeys((instance.path, *instance.aliases)))
    return _Change(paths, now[0] - before[0], now[1] - before[1] if isinstance(macs, int) else 0)


def _has_bias(view: TraceView, instance: Instance) -> bool:
    """Whether the convolution that a separable one stands for had a bias: its second half has it then."""
    last = view.instances_at.get(f"{instance.path}.pointwise")
    return last is not None and last.facts.get("bias") is True
