"""What is said of each call of a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from torch import fx, nn

from mutagen.records.rules import Value
from mutagen.records.trace import Node, NodeKey, NodeKind
from mutagen.trace.argument_names import positional
from mutagen.trace.measure import Look
from mutagen.trace.naming import simple
from mutagen.trace.operation_names import changes_in_place, of_class, of_function
from mutagen.trace.provenance import resolve
from mutagen.trace.taken import Taken

_KINDS: Mapping[str, NodeKind] = {
    "placeholder": "input",
    "call_module": "module",
    "call_function": "function",
    "call_method": "method",
    "get_attr": "attribute",
    "output": "output",
}


def describe(taken: Taken, looks: Mapping[str, Look], paths: dict[int, str]) -> tuple[Node, ...]:
    """The nodes of a graph as records, in order; ``paths`` maps the identity of modules to their paths."""
    indices = {node: index for index, node in enumerate(taken.module.graph.nodes)}
    seen: Counter[tuple[Any, ...]] = Counter()
    return tuple(_node(node, indices, taken, looks, paths, seen) for node in indices)


def resized(nodes: tuple[Node, ...], before: Mapping[str, Look], looks: Mapping[str, Look]) -> tuple[Node, ...] | None:
    """The nodes of a graph with the looks of another run; None where more than sizes and storages may differ."""
    if len(nodes) != len(before) or before.keys() != looks.keys():
        return None
    pairs = [(before[name], look) for name, look in looks.items()]
    if any(old.tensors != new.tensors for old, new in pairs):
        return None
    return tuple(
        node if old == new else replace(node, shape=new.shape, dtype=new.dtype, storage=new.storage)
        for node, (old, new) in zip(nodes, pairs, strict=True)
    )


def alike(one: Mapping[str, Look], other: Mapping[str, Look]) -> bool:
    """Whether the values of a graph in two runs differ in nothing but sizes, those of the channels excepted."""
    if one.keys() != other.keys():
        return False
    return all(_kept(look) == _kept(other[name]) for name, look in one.items())


def _kept(look: Look) -> tuple[Any, ...]:
    shape = look.shape
    return look.tensors, look.dtype, look.storage, None if shape is None else (len(shape), shape[1:2])


def _node(
    node: fx.Node,
    indices: Mapping[fx.Node, int],
    taken: Taken,
    looks: Mapping[str, Look],
    paths: dict[int, str],
    seen: Counter[tuple[Any, ...]],
) -> Node:
    name = canonical(node, taken.module)
    chain = resolve(taken.chains.get(node.name), paths)
    scope = forward = taken.scopes.get(node.name, "")
    if chain and chain[0].owner is not None and chain[0].owner.startswith(f"{scope}." if scope else ""):
        scope = chain[0].owner or scope
    span = chain[0].span if chain else None
    nth = seen[scope, name, span]
    seen[scope, name, span] += 1
    look = looks[node.name]
    constants = _constants(node, name)
    return Node(
        index=indices[node],
        kind=_KINDS[node.op],
        name=name,
        key=NodeKey(scope, name, span, nth),
        inputs=tuple(indices[item] for item in _operands((node.args, node.kwargs)) if looks[item.name].tensors),
        path=str(node.target) if node.op in ("call_module", "get_attr") else None,
        constants=constants,
        scope=scope,
        chain=chain,
        shape=look.shape,
        dtype=look.dtype,
        storage=look.storage,
        in_place=_in_place(node, taken.module, constants)
        and any(looks[item.name].tensors for item in _operands(node.args)),
        forward=forward if forward != scope else None,
    )


def canonical(node: fx.Node, module: fx.GraphModule) -> str:
    """The name of a node's operation, one for all its forms."""
    if node.op == "call_module":
        return of_class(type(module.get_submodule(str(node.target))).__name__)
    if node.op in ("call_function", "call_method"):
        return of_function(_name(node))
    return _KINDS[node.op]


def _name(node: fx.Node) -> str:
    if isinstance(node.target, str):
        return node.target
    name = getattr(node.target, "__name__", type(node.target).__name__)
    return "boolean_dispatch" if name == "<lambda>" else str(name)


def _in_place(node: fx.Node, module: fx.GraphModule, constants: Mapping[str, Value]) -> bool:
    if node.op == "call_module":
        return getattr(module.get_submodule(str(node.target)), "inplace", False) is True
    if node.op in ("call_function", "call_method"):
        called = changes_in_place(_name(node)) or node.kwargs.get("out") is not None
        return called or constants.get("inplace") is True
    return False


def _operands(value: Any) -> Iterator[fx.Node]:
    if isinstance(value, fx.Node):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _operands(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _operands(item)
    elif isinstance(value, slice):
        yield from _operands((value.start, value.stop, value.step))


def _constants(node: fx.Node, name: str) -> dict[str, Value]:
    if node.op not in ("call_module", "call_function", "call_method"):
        return {}
    names = positional(name, _function(node), len(node.args))
    found: dict[str, Value] = {}
    spread: dict[str, list[Any]] = {}
    for key, value in [*zip(names, node.args, strict=True), *node.kwargs.items()]:
        if key.startswith("*"):
            spread.setdefault(key[1:], []).append(value)
            continue
        fine, kept = _constant(value)
        if fine:
            found[key] = kept
    for key, values in spread.items():
        fine, kept = _constant(values[0] if len(values) == 1 and isinstance(values[0], (tuple, list)) else values)
        if fine:
            found[key] = kept
    return found


def _constant(value: Any) -> tuple[bool, Value]:
    if isinstance(value, slice):
        fine, kept = simple((value.start, value.stop, value.step))
        return fine, ("slice", *kept) if fine and isinstance(kept, tuple) else None
    if isinstance(value, (tuple, list)):
        items = [_constant(item) for item in value]
        return all(fine for fine, _ in items), tuple(kept for _, kept in items)
    if value is Ellipsis:
        return True, "..."
    return simple(value)


def _function(node: fx.Node) -> Any:
    return node.target if node.op == "call_function" else None


def module_paths(model: nn.Module) -> dict[int, str]:
    """The first dotted path of every module of a model by identity."""
    return {id(module): path for path, module in reversed(list(model.named_modules()))}
