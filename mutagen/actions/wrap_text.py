"""How wrapping is written: a loop over the blocks that hold the modules, or lines that name these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mutagen.actions.definition import use_class
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import given_to
from mutagen.actions.override_text import fits, place
from mutagen.actions.owners import Owner, common_owners, is_below
from mutagen.actions.recast import Recast
from mutagen.actions.scene import Scene
from mutagen.actions.wrap import Spot
from mutagen.blocks.short_names import short_name
from mutagen.records.rules import Rule, Value
from mutagen.records.trace import Instance
from mutagen.source.anchor import Function
from mutagen.source.names import names_in

_COUNTS: Final = ("num_features", "out_channels", "num_channels", "out_features", "dim")
# What is measured in a run, or says whether there is a parameter: no attribute has that value.
_MEASURED: Final = frozenset(["params", "calls", "channels", "height", "width", "bias", "weight"])
_MOST_LINES: Final = 6
_MOST_KINDS: Final = 2
_WORDS: Final = ("block", "unit", "layer", "stage", "branch")


@dataclass(frozen=True)
class _Kind:
    """Blocks of one class that hold what is wrapped at ``inner``; ``tests`` tell them from all other modules."""

    spots: tuple[Spot, ...]
    holders: tuple[Instance, ...]
    inner: str
    tests: tuple[str, ...]
    draft: Draft


@dataclass(frozen=True)
class Writer:
    """Writes for one owner; ``sequential`` and ``product`` are the names of both classes there.

    ``recasts`` are subclasses by the class of the blocks that become of them.
    """

    rule: Rule
    owner: Owner
    sequential: str
    product: str
    scene: Scene
    recasts: Mapping[str, Recast]

    def lines(self, spots: Sequence[Spot]) -> tuple[list[str], Draft] | None:
        """A loop over blocks, else a few lines; None where neither is exact and short."""
        last = self.owner.last.lineno
        indent, step = self.owner.file.indent(last), self.owner.file.step(last)
        kinds = self._kinds(spots) if len(spots) > 1 else None
        looped = self._loop(kinds, indent, step) if kinds else None
        if kinds and looped:
            return looped, join(it.draft for it in kinds)
        named = self._named(spots, indent)
        return (named, Draft()) if named else None

    def _loop(self, kinds: Sequence[_Kind], indent: str, step: str) -> list[str] | None:
        root = _common(kinds, self.owner)
        block = _word(kinds[0].holders[0].name, self.owner.function)
        lines = [f"{indent}for {block} in {place(root, self.owner.name)}.modules():"]
        for number, kind in enumerate(kinds):
            count = self._count(kind)
            if count is None:
                return None
            asked = " and ".join(kind.tests).replace("{}", block)
            lines.append(f"{indent}{step}{'el' if number else ''}if {asked}:")
            old = place(kind.inner, block)
            lines += self._wrapping(kind.spots[0], old, count.replace("{block}", block), indent + step * 2)
        return lines if all(fits(line) for line in lines) else None

    def _named(self, spots: Sequence[Spot], indent: str) -> list[str] | None:
        """Lines that name the modules, if every instance of the owner's class holds the same."""
        roots = self.owner.roots
        each: dict[str, list[Spot]] = {}
        for it in spots:
            root = next(root for root in roots if is_below(it.module.path, root))
            each.setdefault(it.module.path[len(root) :].lstrip("."), []).append(it)
        lines: list[str] = []
        for path, same in each.items():
            holders = [self._holder(it, path) for it in same]
            inner, old = "" if same[0].recast else path, place(path, self.owner.name)
            kind = _Kind(tuple(same), tuple(it for it in holders if it is not None), inner, (), Draft())
            count = self._count(kind) if self._alike(same[0], same) else None
            if count is None or len(same) != len(roots):
                return None
            count = count.replace("{block}", old if same[0].recast else self.owner.name)
            lines += self._wrapping(same[0], old, count, indent)
        return lines if len(lines) <= _MOST_LINES else None

    def _wrapping(self, spot: Spot, old: str, count: str, indent: str) -> list[str]:
        """The statement that puts the block behind a module; ``count`` speaks of that as ``{old}``."""

        def made(inner: str) -> str:
            block = self.scene.blocks[self.rule.action.block]
            needed = [it for it in block.arguments.values() if it == "channels"]
            given = [count.replace("{old}", inner)] * len(needed) if count else []
            return f"{self.product}({given_to(self.rule, block, given)})"

        if spot.recast:
            recast = self.recasts[spot.module.type]
            return [f"{indent}{old}.__class__ = {recast.name}", f"{indent}{old}.{recast.attribute} = {made(old)}"]
        if spot.appended:
            element = element_of(spot, self.rule, self.scene)
            return [f"{indent}{old}.{_adding(element)}{made(old)})"]
        line = f"{indent}{old} = {self.sequential}({old}, {made(old)})"
        if fits(line):
            return [line]
        short = old.rpartition(".")[2].partition("[")[0]
        short = short if short not in names_in(self.owner.function) else f"old_{short}"
        return [f"{indent}{short} = {old}", f"{indent}{old} = {self.sequential}({short}, {made(short)})"]

    def _count(self, kind: _Kind) -> str | None:
        """The channels as an attribute of the wrapped modules or of their blocks, or the number that all have.

        Empty where the block needs none, None where nothing says it.
        """
        if "channels" not in self.scene.blocks[self.rule.action.block].arguments.values():
            return ""
        own = _attribute([it.module for it in kind.spots], kind.spots)
        around = self._around(kind) if not own else None
        if own or around:
            return f"{{old}}.{own}" if own else f"{{block}}.{around}"
        return str(kind.spots[0].channels) if len({it.channels for it in kind.spots}) == 1 else None

    def _around(self, kind: _Kind) -> str | None:
        """An attribute of the blocks, or of what they hold beside or within the wrapped module."""
        own = _attribute(kind.holders, kind.spots)
        if own:
            return own
        first = kind.holders[0].path
        inner = [it.path[len(first) :].lstrip(".") for it in self.scene.trace.instances if is_below(it.path, first)]
        inner.reverse()  # the last one that has it made the tensor
        near = kind.inner.rpartition(".")[0]
        ordered = sorted(inner, key=lambda it: (not is_below(it, kind.inner), not is_below(it, near), it.count(".")))
        for path in ordered:
            there = [self.scene.by_path.get(f"{it.path}.{path}".lstrip(".")) for it in kind.holders]
            known = [it for it in there if it is not None]
            name = _attribute(known, kind.spots) if len(known) == len(there) else None
            if name:
                return f"{place(path, '').lstrip('.')}.{name}"
        return None

    def _kinds(self, spots: Sequence[Spot]) -> list[_Kind] | None:
        """The fewest kinds of blocks that hold everything and nothing else."""
        left, kinds = list(spots), list[_Kind]()
        while left:
            options = list(self._options(left[0], left))
            if not options or len(kinds) == _MOST_KINDS:
                return None
            kinds.append(max(options, key=lambda it: len(it.spots)))
            left = [it for it in left if it not in kinds[-1].spots]
        return kinds

    def _options(self, spot: Spot, spots: Sequence[Spot]) -> Iterator[_Kind]:
        """Kinds that hold a module, innermost first."""
        parts = spot.module.path.split(".")
        for length in (0,) if spot.recast else range(1, len(parts) + 1):
            inner, path = ".".join(parts[len(parts) - length :]), ".".join(parts[: len(parts) - length])
            like = self.scene.by_path[path]
            if like.library or like.definition is None:
                continue
            pairs = [(it, self._holder(it, inner)) for it in spots if self._alike(spot, [it])]
            held = [(it, holder) for it, holder in pairs if holder is not None and holder.type == like.type]
            same, holders = tuple(it for it, _ in held), tuple(holder for _, holder in held)
            usable = use_class(like.definition, self.owner.file, self.scene)
            tests = _tests(holders, usable.name, self.owner) if usable is not None else None
            if usable is not None and tests is not None:
                yield _Kind(same, holders, inner, tests, usable.draft)

    def _holder(self, spot: Spot, inner: str) -> Instance | None:
        """The module that holds what is wrapped at ``inner``."""
        path = spot.module.path
        if spot.recast:
            return spot.module
        return self.scene.by_path[path[: -len(inner)].rstrip(".")] if f".{path}".endswith(f".{inner}") else None

    def _alike(self, spot: Spot, spots: Sequence[Spot]) -> bool:
        """Whether one statement puts the block behind all of the modules."""
        how = {(it.recast, element_of(it, self.rule, self.scene) if it.appended else "") for it in [spot, *spots]}
        return len(how) == 1


def element_of(spot: Spot, rule: Rule, scene: Scene) -> str:
    """The name of one more element of a Sequential: its number, or a word where the others have words."""
    names = [it.path.rpartition(".")[2] for it in scene.children_of.get(spot.module.path, ())]
    if names == [str(number) for number in range(len(names))]:
        return str(len(names))
    word = short_name(rule.action.block)
    return next(it for it in (word, *(f"{word}{n}" for n in range(2, 100))) if it not in names)


def _adding(element: str) -> str:
    return "append(" if element.isdigit() else f'add_module("{element}", '


def _attribute(instances: Sequence[Instance], spots: Sequence[Spot]) -> str | None:
    """An attribute that is the channel count in each of the instances."""
    for name in _COUNTS:
        values = [it.facts.get(name) for it in instances]
        if all(type(it) is int for it in values) and values == [it.channels for it in spots]:
            return name
    return None


def _common(kinds: Sequence[_Kind], owner: Owner) -> str:
    """The path, within the owner, of the module that holds all blocks."""
    root, prefix = owner.roots[0], next(common_owners([holder for it in kinds for holder in it.holders]))
    within = len(owner.roots) == 1 and is_below(prefix, root)
    return prefix[len(root) :].lstrip(".") if within else ""


def _tests(holders: Sequence[Instance], kind: str, owner: Owner) -> tuple[str, ...] | None:
    """What is asked of a module, ``{}``, to tell the blocks from all others; None where it is not exact."""
    paths = {it.path for it in holders}
    if not paths <= {it.path for it in owner.below if len(it.aliases) == 1} or len(paths) < len(holders):
        return None
    others = [it for it in owner.below if holders[0].type in it.bases and it.path not in paths]
    test = f"isinstance({{}}, {kind})"
    if any(it.type != holders[0].type for it in others):
        test = f"type({{}}) is {kind}"
        others = [it for it in others if it.type == holders[0].type]
    told = _told(holders, others) if others else None
    if others and told is None:
        return None
    return (test, told) if told else (test,)


def _told(chosen: Sequence[Instance], others: Sequence[Instance]) -> str | None:
    """An attribute of a block that tells the chosen from the others: a flag, or one that is None."""
    for name in (it for it in {**chosen[0].facts, **others[0].facts} if it not in _MEASURED):
        mine, rest = _states(chosen, name), _states(others, name)
        if mine == {True} and rest == {False}:
            return f"{{}}.{name}"
        if mine == {False} and rest == {True}:
            return f"not {{}}.{name}"
        if mine == {None} and rest == {"set"}:
            return f"{{}}.{name} is None"
        if mine == {"set"} and rest == {None}:
            return f"{{}}.{name} is not None"
    return None


def _states(instances: Sequence[Instance], name: str) -> set[Value]:
    """What an attribute of the instances is: a flag, None, or anything else."""
    values = [it.facts.get(name, "set") for it in instances]
    return {value if value is None or isinstance(value, bool) else "set" for value in values}


def _word(name: str, function: Function) -> str:
    """What a loop calls a block of a class: ``unit`` for a ``ResUnit``, if the function knows no other one."""
    words = [*(it for it in _WORDS if name.lower().endswith(it)), "block", "unit", "module"]
    return next((it for it in words if it not in names_in(function)), "child")
