"""Modules before or behind which a block can stand, whatever the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mutagen.actions.layout import channels_first
from mutagen.actions.module_calls import ModuleCall, calls_of
from mutagen.actions.scene import Scene, refuse
from mutagen.blocks.catalogue import unmet
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance, Node

_BEFORE = ("before", "input")
_OUT = "leave it out with `not: {path: ...}`"


@dataclass(frozen=True)
class Target:
    """A module with its calls, the channels that the block needs, and the child that makes the tensor inside it."""

    instance: Instance
    calls: tuple[ModuleCall, ...]
    before: bool
    values: Mapping[str, int]
    maker: str | None

    @property
    def path(self) -> str:
        """The path of the module."""
        return self.instance.path


def targets(rule: Rule, instances: Sequence[Instance], scene: Scene) -> tuple[list[Target], list[Refusal]]:
    """What can be changed, and why the rest cannot."""
    found: list[Target] = []
    refused: list[Refusal] = []
    for it in {it.path: it for it in instances}.values():
        made = _target(rule, it, scene)
        if isinstance(made, Target):
            found.append(made)
        else:
            code, message, advice = made
            refused.append(refuse(rule, it.path, code, message, advice, where=it.chain[0].span if it.chain else None))
    return found, refused


def _target(rule: Rule, instance: Instance, scene: Scene) -> Target | tuple[str, str, str]:
    block = scene.blocks.get(rule.action.block)
    before = rule.action.at in _BEFORE
    kinds = ("wrap",) if rule.action.kind == "wrap" else ("feature", "scale")
    if block is None or block.kind not in kinds:
        fitting = ", ".join(name for name, it in scene.blocks.items() if it.kind in kinds)
        if rule.action.kind == "wrap":
            advice = "name a composition with the part `body`: blocks: {Mine: {serial: [body, ECA]}}"
            return "block-kind", f"{rule.action.block} has no place for a module in it", advice
        return "block-kind", f"{rule.action.block} does not hand one tensor on", f"insert one of {fitting}"
    if len(instance.aliases) > 1 and instance.facts.get("calls", 1) != 1:
        message = f"the module stands at several places: {', '.join(instance.aliases)}"
        return "shared", message, "give each place a module of its own"
    if instance.path == "":
        return "whole-model", "it is the model itself", "match a module inside of it"
    calls = calls_of(instance, scene)
    nodes = [it.source if before else it.result for it in calls]
    tensors = [it for it in nodes if it is not None and it.shape is not None]
    if not tensors or len(tensors) < len(calls):
        side = "takes" if before else "returns"
        if not calls:
            return "not-called", "it is never called where it can be seen", _OUT
        return "not-a-tensor", f"it {side} no single tensor that can be followed", _OUT
    return _fitting(rule, instance, calls, tensors, scene)


def _fitting(
    rule: Rule, instance: Instance, calls: list[ModuleCall], tensors: list[Node], scene: Scene
) -> Target | tuple[str, str, str]:
    block, before = scene.blocks[rule.action.block], rule.action.at in _BEFORE
    shapes = [it.shape or () for it in tensors]
    for shape in shapes:
        missing = unmet(block, {"rank": len(shape)})
        if missing is not None:
            return missing.code, missing.message, missing.advice
    needs = [name for name, origin in block.arguments.items() if origin == "channels"]
    if needs:
        firsts = [channels_first(it, scene.trace.nodes) for it in tensors]
        if any(it is False or it is None and len(shape) < 4 for it, shape in zip(firsts, shapes, strict=True)):
            message = "the channels of the tensor are not known to be on axis 1"
            return "layout", message, "leave out what is not (batch, channels, ...)"
        if len({shape[1] for shape in shapes}) > 1:
            return "channels", "its calls differ in their number of channels", _OUT
    values = dict.fromkeys(needs, shapes[0][1])
    return Target(instance, tuple(calls), before, values, _maker(instance.path, tensors[0], scene))


def _maker(owner: str, node: Node, scene: Scene) -> str | None:
    """The child of a module that made a tensor, looking back through its own calls."""
    for _ in range(20):
        for path in (node.path, node.scope):
            if path and path.startswith(f"{owner}."):
                return path[len(owner) + 1 :].partition(".")[0]
        if not node.inputs:
            return None
        node = scene.trace.nodes[node.inputs[0]]
    return None
