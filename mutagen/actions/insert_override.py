"""The last rung for insertions: at the end of a constructor, what makes the tensor is wrapped with the block.

For joins in code that may not be edited, or that only some instances should change. One loop over a class of blocks, or
a few lines that name their modules; else the edges stay refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import literal
from mutagen.actions.override import Owner, is_below, owners_of
from mutagen.actions.override_text import call_lines, place
from mutagen.actions.scene import Scene
from mutagen.actions.wrap import Spot, find_spot
from mutagen.blocks.catalogue import Block
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import Edit, Import, InsertOnEdge, Use
from mutagen.records.plan import Product as Made
from mutagen.records.rules import Rule
from mutagen.records.trace import ClassInfo, Instance
from mutagen.source.file import SourceFile
from mutagen.source.imports_of import module_name
from mutagen.source.names import imported_names

_CURED = frozenset(
    [
        *("out-of-scope", "in-library", "needs-split", "container", "loop", "no-owner", "no-init", "no-provenance"),
        *("operand-not-written", "operand-not-named", "no-expression", "read-elsewhere"),
    ]
)
_MOST_LINES = 6
_OUTPUTS = ("num_features", "out_channels", "out_features", "num_channels", "normalized_shape")


@dataclass(frozen=True)
class _Kind:
    """A class of blocks all of which are wrapped alike, as the file names it, with the channels as an attribute."""

    name: str
    inner: str
    element: str | None
    channels: str
    wanted: tuple[Import, ...]


def wrapped(rule: Rule, matches: Sequence[EdgeMatch], block: Block, draft: Draft, scene: Scene) -> Draft:
    """The draft with the edges that no other rung can cut; as it is where no short text cuts exactly those."""
    codes = {it.path for it in draft.refused if it.code in _CURED}
    spots = [find_spot(it, scene) for it in matches if it.path in codes]
    found = [it for it in spots if it is not None]
    if (
        rule.action.emit == "flag"
        or not found
        or len(found) < len(spots)
        or "channels_other" in block.arguments.values()
    ):
        return draft
    holders = [scene.by_path[it.scope] if it.scope else scene.by_path[it.path] for it in found]
    for owner in owners_of([it for it in holders if it.path] or [scene.by_path[found[0].path]], scene):
        change = _change(rule, block, found, owner, scene)
        if change is not None:
            kept = tuple(it for it in draft.refused if it.path not in codes)
            return join([replace(draft, refused=kept), change])
    return draft


def _change(rule: Rule, block: Block, spots: Sequence[Spot], owner: Owner, scene: Scene) -> Draft | None:
    usable = use_block(scene, rule, block.name, owner.file, owner.init)
    sequential = use_torch("torch.nn.Sequential", owner.file)
    last = owner.init.body[-1]
    indent, step = owner.file.indent(last.lineno), owner.file.step(last.lineno)
    made = _Made(rule, block, usable.name, sequential.name)
    kinds = _kinds(rule, spots, owner, block, scene)
    lines = list(made.loop(kinds, indent, step)) if kinds else list(made.plain(spots, owner, indent, step, scene))
    if not lines or not kinds and len(spots) * len(owner.roots) > _MOST_LINES * len(owner.roots):
        return None
    text = owner.file.newline + owner.file.newline.join(lines)
    reason = f"no expression that may be edited joins exactly these {len(spots)} edge(s)"
    paths = tuple(it.match.path for it in spots)
    edit = Edit(owner.file.behind(last), "", text, rule.id, "override", reason, paths)
    imports = tuple(it for kind in kinds for it in kind.wanted)
    meaning = [_meaning(rule, it, scene) for it in spots]
    whole = Draft(edits=(edit,), imports=imports, planned=paths, sites=(str(edit.span),))
    wraps = sequential.draft if any(not it.appended for it in spots) else Draft()
    return join([whole, usable.draft, wraps, *meaning])


def _meaning(rule: Rule, spot: Spot, scene: Scene) -> Draft:
    """The same change on the graph, and where the new module stands."""
    count = len(scene.children_of.get(spot.path, ())) if spot.appended else 1
    path = f"{spot.path}.{_element(spot, rule, scene)}" if spot.appended else f"{spot.path}.{count}"
    key = scene.trace.nodes[spot.match.node].key
    step = InsertOnEdge(path, key, spot.match.operand, (), Use(rule.action.block, rule.action.args))
    return Draft(surgery=(step,), products=(Made(path, path),))


def _element(spot: Spot, rule: Rule, scene: Scene) -> str:
    """The name of one more element of a Sequential: its number, or a word where the others have words."""
    names = [it.path.rpartition(".")[2] for it in scene.children_of[spot.path]]
    if names == [str(number) for number in range(len(names))]:
        return str(len(names))
    word = rule.action.block.lower().rstrip("d").rstrip("123")
    return next(it for it in (word, *(f"{word}{n}" for n in range(2, 100))) if it not in names)


@dataclass(frozen=True)
class _Made:
    """How the new modules of one rule are written."""

    rule: Rule
    block: Block
    name: str
    sequential: str

    def loop(self, kinds: Sequence[_Kind], indent: str, step: str) -> Iterator[str]:
        """The loop over all blocks of these classes."""
        yield f"{indent}for block in self.modules():"
        for number, kind in enumerate(kinds):
            yield f"{indent}{step}{'elif' if number else 'if'} isinstance(block, {kind.name}):"
            old = "block" + place(kind.inner).removeprefix("self")
            yield from self._set(old, f"block{kind.channels}", indent + step * 2, step, kind.element)

    def plain(self, spots: Sequence[Spot], owner: Owner, indent: str, step: str, scene: Scene) -> Iterator[str]:
        """A line for each module that is named."""
        root = owner.roots[0]
        if len(owner.roots) > 1:
            return
        for spot in spots:
            old = place(spot.path[len(root) :].lstrip("."))
            channels = _attribute([spot], spot.path, scene)
            count = old + channels if channels is not None else str(spot.channels)
            element = _element(spot, self.rule, scene) if spot.appended else None
            yield from self._set(old, count, indent, step, element)

    def _set(self, old: str, channels: str, indent: str, step: str, element: str | None) -> list[str]:
        given = [channels] if "channels" in self.block.arguments.values() else []
        given += [f"{name}={literal(value)}" for name, value in self.rule.action.args.items()]
        new = f"{self.name}({', '.join(given)})"
        if element is None:
            return call_lines(f"{indent}{old} = {self.sequential}(", (old, new), ")", step)
        if element.isdigit():
            return call_lines(f"{indent}{old}.append(", (new,), ")", step)
        return call_lines(f"{indent}{old}.add_module(", (f'"{element}"', new), ")", step)


def _kinds(rule: Rule, spots: Sequence[Spot], owner: Owner, block: Block, scene: Scene) -> list[_Kind]:
    """The classes of blocks that a loop would come upon, if it comes upon exactly these edges; else empty."""
    by_class: dict[str, list[Spot]] = {}
    for it in spots:
        by_class.setdefault(scene.by_path[it.scope].type, []).append(it)
    found: list[_Kind] = []
    for kind, group in by_class.items():
        instance = scene.by_path[group[0].scope]
        inside = [it for it in scene.trace.instances if kind in it.bases and _within(it, owner)]
        shapes = {(it.inner, _element(it, rule, scene) if it.appended else None) for it in group}
        if len(shapes) > 1 or len(inside) != len(group) or len(group) < 2 or not group[0].inner:
            return []
        element = shapes.pop()[1]
        usable = _class_name(instance, owner.file, scene)
        channels = _attribute(group, group[0].path, scene)
        if usable is None or channels is None and "channels" in block.arguments.values():
            return []
        inner = place(group[0].inner).removeprefix("self")
        found.append(_Kind(usable[0], group[0].inner, element, f"{inner}{channels}", usable[1]))
    return found if len(found) <= 2 else []


def _within(instance: Instance, owner: Owner) -> bool:
    return any(is_below(instance.path, root) for root in owner.roots)


def _attribute(spots: Sequence[Spot], first: str, scene: Scene) -> str | None:
    """``.num_features`` of the module that is wrapped, or of one that it holds, where it is the channels of all."""
    below = [first, *(it.path for it in reversed(scene.trace.instances) if it.path.startswith(f"{first}."))]
    for path in below:
        inner = path[len(first) :].lstrip(".")
        for fact in _OUTPUTS:
            held = [scene.by_path.get(f"{it.path}.{inner}" if inner else it.path) for it in spots]
            pairs = zip(held, spots, strict=True)
            if all(it is not None and it.facts.get(fact) == spot.channels for it, spot in pairs):
                return (place(inner).removeprefix("self") if inner else "") + f".{fact}"
    return None


def _class_name(instance: Instance, file: SourceFile, scene: Scene) -> tuple[str, tuple[Import, ...]] | None:
    """How a file names a class, with the import that it needs for that."""
    known = instance.definition
    if known is None or "." in known.qualname:
        return None
    if known.file == file.path:
        return known.name, ()
    names = imported_names(file)
    if names.get(known.name, "").rpartition(".")[2] == known.name:
        return known.name, ()
    if known.name in names:
        return None
    return known.name, (Import(file.path, _module(known, file, scene), known.name),)


def _module(known: ClassInfo, file: SourceFile, scene: Scene) -> str:
    """The module of a class as the file would write it: relative where it imports its own package so."""
    relative = any(origin.startswith(".") for origin in imported_names(file).values())
    root = Path(scene.project.root)
    if not relative or not Path(known.file).is_relative_to(root):
        return known.module
    here, there = module_name(file.path, str(root)).split(".")[:-1], module_name(known.file, str(root)).split(".")
    shared = next((n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), min(len(here), len(there)))
    return "." * (len(here) - shared + 1) + ".".join(there[shared:]) if shared else known.module
