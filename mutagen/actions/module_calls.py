"""Where the forward of a model calls a module, and by what expression."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from mutagen.actions.scene import Scene
from mutagen.records.trace import CallSite, Instance, Node
from mutagen.source.anchor import Function
from mutagen.source.file import SourceFile


@dataclass(frozen=True)
class ModuleCall:
    """One call: the nodes whose tensors go in and come out, and the level of the chain that calls, if recorded."""

    source: Node | None
    result: Node | None
    site: CallSite | None


@dataclass(frozen=True)
class Written:
    """A call that names its module by attributes of ``self``: ``self.layers[0].conv(x)`` has ``layers.0.conv``."""

    file: SourceFile
    function: Function
    expression: ast.Call
    site: CallSite
    owner: str
    name: str


def calls_of(instance: Instance, scene: Scene) -> list[ModuleCall]:
    """Every call of a module, whether it is one node of the graph or many."""
    leaves = scene.calls_of.get(instance.path, ())
    if leaves:
        return [_leaf(node, scene) for node in leaves]
    nodes = scene.trace.nodes
    groups: dict[object, tuple[CallSite | None, list[Node]]] = {}
    for node in nodes:
        if node.kind != "attribute" and _inside(node, instance.path):
            key, site = _activation(node, instance.path)
            groups.setdefault(key, (site, []))[1].append(node)
    return [_region(members, site, scene) for site, members in groups.values()]


def written(instance: Instance, call: ModuleCall, scene: Scene) -> Written | None:
    """The expression of a call, where it names the module."""
    site = call.site
    if site is None or site.owner is None or site.span.file not in scene.project.files:
        return None
    file = scene.project.file(site.span.file)
    node = file.node_at(site.span)
    function = file.function(node) if node is not None else None
    name = _name(node.func) if isinstance(node, ast.Call) else None
    if not isinstance(node, ast.Call) or function is None or name is None:
        return None
    if (f"{site.owner}.{name}" if site.owner else name) != instance.path:
        return None
    return Written(file, function, node, site, site.owner, name)


def _leaf(node: Node, scene: Scene) -> ModuleCall:
    source = scene.trace.nodes[node.inputs[0]] if node.inputs else None
    return ModuleCall(source, node, node.chain[0] if node.chain else None)


def _inside(node: Node, path: str) -> bool:
    place = node.path if node.kind == "module" and node.path is not None else node.scope
    return place == path or place.startswith(f"{path}.")


def _activation(node: Node, path: str) -> tuple[object, CallSite | None]:
    """What tells the call that a node belongs to from others, and the level that makes the call."""
    levels = [i for i, it in enumerate(node.chain) if it.owner == path or (it.owner or "").startswith(f"{path}.")]
    if levels:
        outer = node.chain[levels[-1] + 1] if levels[-1] + 1 < len(node.chain) else None
        own = node.chain[levels[-1]]
        return (own.frame if own.owner == path or outer is None else (outer.frame, outer.span)), outer
    site = node.chain[0] if node.chain else None
    return ((site.frame, site.span) if site else None), site


def _region(members: Sequence[Node], site: CallSite | None, scene: Scene) -> ModuleCall:
    nodes, inner = scene.trace.nodes, {node.index for node in members}
    feeds = {it for node in members for it in node.inputs if it not in inner and nodes[it].kind != "attribute"}
    ends = [node for node in members if any(user not in inner for user in scene.users.get(node.index, ()))]
    source = nodes[feeds.pop()] if len(feeds) == 1 else None
    return ModuleCall(source, ends[0] if len(ends) == 1 else None, site)


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name):
            return node.attr if node.value.id == "self" else None
        inner = _name(node.value)
        return f"{inner}.{node.attr}" if inner else None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        inner = _name(node.value)
        return f"{inner}.{node.slice.value!s}" if inner else None
    return None
