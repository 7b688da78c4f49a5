"""What a loop of ``forward`` goes over: the parts whose channels new modules take, and the name of a turn."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance
from mutagen.source.anchor import Function
from mutagen.source.file import SourceFile
from mutagen.source.names import canonical, names_in

_CHANNELS = ("out_channels", "num_features", "num_channels", "in_channels", "out_features", "in_features")
_SEQUENCES = frozenset(["torch.nn.Sequential", "torch.nn.ModuleList"])
Values = Mapping[str, Mapping[str, tuple[int, ...]]]


@dataclass(frozen=True)
class Each:
    """Arguments in terms of the parts that ``going`` names: ``up.conv.out_channels`` for ``up in self.ups``."""

    arguments: tuple[str, ...]
    going: str
    lists: tuple[str, ...]


@dataclass(frozen=True)
class TurnName:
    """How a turn calls its own module, and the edit of the loop's head that this takes, if any: file, node, text.

    A ``counted`` head names the number of the turn, which any number of new modules may go by.
    """

    callee: str
    file: SourceFile
    head: tuple[tuple[ast.expr, str], ...] = ()
    counted: bool = False

    def edits(self, rule: Rule, owners: Sequence[str]) -> tuple[Edit, ...]:
        """The edits of the head."""
        return _head_edits(self.file, self.head, "each turn of the loop has a module of its own", rule, owners)


def _head_edits(
    file: SourceFile, head: Sequence[tuple[ast.expr, str]], reason: str, rule: Rule, owners: Sequence[str]
) -> tuple[Edit, ...]:
    return tuple(
        Edit(file.span(node), file.text(node), text, rule.id, "forward", reason, tuple(owners)) for node, text in head
    )


@dataclass(frozen=True)
class Counter:
    """The name that counts the turns of a loop from 0, and the edit of the loop's head that this takes, if any."""

    index: str
    file: SourceFile
    head: tuple[tuple[ast.expr, str], ...] = ()

    def edits(self, rule: Rule, owners: Sequence[str]) -> tuple[Edit, ...]:
        """The edits of the head."""
        return _head_edits(self.file, self.head, "one turn of the loop is told from the others", rule, owners)


def each_of(
    loop: ast.For, names: Sequence[str], values: Values, counts: Mapping[str, int], scene: Scene
) -> Each | None:
    """Expressions for the values of every turn, by what the parts in one or two lists of the owners keep of them.

    ``counts`` are the turns of each owner.
    """
    lists = [name for name in _lists(loop) if all(_has(owner, name, count, scene) for owner, count in counts.items())]
    if not lists:
        return None
    elements = _elements(loop, lists)
    if not names:
        return Each((), f"_ in self.{lists[0]}", (lists[0],))
    places = [next(((name, text) for name in lists if (text := _fact(name, it, values, scene))), None) for it in names]
    found = [it for it in places if it is not None]
    if len(found) < len(names):
        return None
    used = list(dict.fromkeys(name for name, _ in found))
    going = elements[used[0]] if len(used) == 1 else ", ".join(elements[it] for it in used)
    over = f"self.{used[0]}" if len(used) == 1 else f"zip({', '.join(f'self.{it}' for it in used)})"
    return Each(tuple(f"{elements[name]}{text}" for name, text in found), f"{going} in {over}", tuple(used))


def numbered(
    file: SourceFile, function: Function, loop: ast.For, name: str, element: str, *, several: bool = False
) -> TurnName | None:
    """``self.gates[i]`` where the loop counts its turns from 0, else a further name that it goes over.

    Where ``several`` new modules are called the turns are counted.
    """
    over, target = loop.iter, loop.target
    called = _called(over)
    index = _index(loop)
    if index is not None:
        return TurnName(f"self.{name}[{index}]", file)
    if called in {"range", "enumerate", "reversed", "sorted", "map", "filter"} or element in names_in(function):
        return None
    if several and (called == "zip" or isinstance(over, ast.Attribute)):
        return _counted(target, over, name, file, names_in(function))
    if called == "zip" and isinstance(over, ast.Call) and isinstance(target, ast.Tuple) and not over.keywords:
        text = file.text(target)
        first = target.elts[0]
        bare = (first.lineno, first.col_offset) == (target.lineno, target.col_offset)
        longer = f"{text}, {element}" if bare else f"{text[:-1]}, {element})"
        return TurnName(element, file, ((target, longer), (over, f"{file.text(over)[:-1]}, self.{name})")))
    if isinstance(target, ast.Name) and isinstance(over, ast.Attribute):
        return TurnName(
            element, file, ((target, f"{target.id}, {element}"), (over, f"zip({file.text(over)}, self.{name})"))
        )
    if isinstance(target, ast.Tuple) and isinstance(over, ast.Attribute):
        return _counted(target, over, name, file, names_in(function))
    return None


def _counted(target: ast.expr, over: ast.expr, name: str, file: SourceFile, taken: Collection[str]) -> TurnName | None:
    """``for i, (attn, ff) in enumerate(self.layers)``: the turns are counted where they were not."""
    count = _enumerated(target, over, file, taken)
    return TurnName(f"self.{name}[{count.index}]", file, count.head, counted=True) if count is not None else None


def counter(file: SourceFile, function: Function, loop: ast.For) -> Counter | None:
    """What counts the turns of a loop from 0, or can; None where something counts otherwise."""
    index = _index(loop)
    if index is not None:
        return Counter(index, file)
    if _called(loop.iter) in ("range", "enumerate"):
        return None
    return _enumerated(loop.target, loop.iter, file, names_in(function))


def _enumerated(target: ast.expr, over: ast.expr, file: SourceFile, taken: Collection[str]) -> Counter | None:
    index = next((it for it in ("i", "idx", "index") if it not in taken), None)
    if index is None:
        return None
    text = file.text(target)
    first = target.elts[0] if isinstance(target, ast.Tuple) else target
    bare = isinstance(target, ast.Tuple) and (first.lineno, first.col_offset) == (target.lineno, target.col_offset)
    inner = f"({text})" if bare else text
    return Counter(index, file, ((target, f"{index}, {inner}"), (over, f"enumerate({file.text(over)})")))


def _index(loop: ast.For) -> str | None:
    """The name in which a loop counts its turns from 0, and that nothing else sets."""
    over, target = loop.iter, loop.target
    if not isinstance(over, ast.Call) or len(over.args) != 1 or over.keywords:
        return None
    node = target if _called(over) == "range" else None
    if _called(over) == "enumerate" and isinstance(target, ast.Tuple):
        node = target.elts[0]
    stores = [it for it in ast.walk(loop) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)]
    if not isinstance(node, ast.Name) or sum(it.id == node.id for it in stores) != 1:
        return None
    return node.id


def _called(over: ast.expr) -> str:
    return over.func.id if isinstance(over, ast.Call) and isinstance(over.func, ast.Name) else ""


def _lists(loop: ast.For) -> Iterator[str]:
    """Attributes of ``self`` that the loop names, its head first."""
    found = [it for part in (loop.iter, *loop.body) for it in ast.walk(part) if isinstance(it, ast.Attribute)]
    own = [it.attr for it in found if isinstance(it.value, ast.Name) and it.value.id == "self"]
    yield from dict.fromkeys(own)


def _has(owner: str, name: str, count: int, scene: Scene) -> bool:
    """Whether it is a sequence with as many parts as there are turns."""
    holder = scene.by_path.get(joined(owner, name))
    sequence = holder is not None and not _SEQUENCES.isdisjoint(canonical(it) for it in holder.bases)
    return sequence and len(_parts(owner, name, scene)) == count


def _parts(owner: str, name: str, scene: Scene) -> tuple[Instance, ...]:
    """The parts of a sequence in its order, whatever their names."""
    return scene.children_of.get(joined(owner, name), ())


def _fact(name: str, argument: str, values: Values, scene: Scene) -> str | None:
    """``.conv.out_channels`` where this has the value in each part of the list, the shortest such text."""
    first, wanted = next((owner, found[argument]) for owner, found in values.items())
    head = _parts(first, name, scene)[0].path
    inner = [it for it in scene.trace.instances if it.path == head or it.path.startswith(f"{head}.")]
    for it in sorted(inner, key=lambda one: one.path.count(".")):
        rest = it.path[len(head) :]
        for fact in _CHANNELS:
            if it.facts.get(fact) == wanted[0] and _holds(name, rest, fact, argument, values, scene):
                return f"{_place(rest)}.{fact}"
    return None


def _holds(name: str, rest: str, fact: str, argument: str, values: Values, scene: Scene) -> bool:
    for owner, found in values.items():
        for number, value in enumerate(found[argument]):
            instance = scene.by_path.get(_parts(owner, name, scene)[number].path + rest)
            if instance is None or instance.facts.get(fact) != value:
                return False
    return True


def _place(rest: str) -> str:
    parts = [it for it in rest.split(".") if it]
    return "".join(f"[{it}]" if it.isdigit() else f".{it}" for it in parts)


def _elements(loop: ast.For, lists: Sequence[str]) -> dict[str, str]:
    """What one part of each list is called: as the loop calls it, else by the list's own name."""
    called = {}
    for target, over in _pairs(loop.target, loop.iter):
        if isinstance(target, ast.Name) and isinstance(over, ast.Attribute):
            called[over.attr] = target.id
    return {name: called.get(name) or (name.removesuffix("s") if name.endswith("s") else "part") for name in lists}


def _pairs(target: ast.expr, over: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if not (isinstance(over, ast.Call) and isinstance(over.func, ast.Name)):
        yield target, over
    elif over.func.id == "enumerate" and isinstance(target, ast.Tuple) and over.args:
        yield from _pairs(target.elts[-1], over.args[0])
    elif over.func.id == "zip" and isinstance(target, ast.Tuple):
        yield from zip(target.elts, over.args, strict=False)
