"""`emit: subclass` for what stands before or behind a module: a subclass whose method passes the tensor through it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from mutagen.actions.definition import use_block
from mutagen.actions.draft import Draft, join, of_each
from mutagen.actions.insert_target import Target
from mutagen.actions.insert_ways import Way, apart, change_of, meaning_of, ways_of
from mutagen.actions.new_call import given_to
from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene, refuse
from mutagen.actions.subclass_count import Count, count_for
from mutagen.actions.subclass_head import INDENT, Frame, frame_of, subclass_draft
from mutagen.actions.subclass_text import Method, method_text, module_of_method, names_needed
from mutagen.blocks.short_names import snake
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance
from mutagen.source.anchor import free_name
from mutagen.source.placing import Change

_ADVICE = "leave out `emit: subclass`, or write `emit: flag`"
_Same = list[tuple[Target, Way]]


def beside_in_subclasses(rule: Rule, found: Sequence[Target], scene: Scene) -> Draft:
    """The subclasses for the targets, with a refusal for each that can have none."""
    by_class: dict[str, _Same] = {}
    why: dict[str, str] = {}
    for it in found:
        ways = ways_of(rule, it, scene)
        holder = scene.by_path.get(ways[0].holder) if ways else None
        if holder is None or len(holder.aliases) > 1:
            why[it.path] = "it is not called by its name in a class that could have a subclass"
        else:
            by_class.setdefault(holder.type, []).append((it, ways[0]))
    groups = by_class.values()
    drafts, none = of_each(groups, lambda pairs: _subclass(rule, pairs, scene), lambda pair: pair[0].path)
    why |= none
    chains = {it.path: it.instance.chain for it in found}
    where = {path: chain[0].span if chain else None for path, chain in chains.items()}
    refused = [refuse(rule, path, "no-subclass", text, _ADVICE, where=where[path]) for path, text in why.items()]
    return join([Draft(refused=tuple(refused)), *drafts])


def _subclass(rule: Rule, pairs: Sequence[tuple[Target, Way]], scene: Scene) -> Draft | str:
    owners = list({way.holder: scene.by_path[way.holder] for _, way in pairs}.values())
    way = pairs[0][1]
    groups: dict[tuple[object, ...], _Same] = {}
    for it, one in pairs:
        groups.setdefault((one.child, one.inside, *map(id, one.expressions)), []).append((it, one))
    if any({it.holder for _, it in same} != {it.path for it in owners} for same in groups.values()):
        return f"not all selected instances of {owners[0].name} hold the same modules that are selected"
    if any(len(same) > len(owners) for same in groups.values()) or len({id(it.function) for _, it in pairs}) > 1:
        return "several methods call what is selected"
    frame = frame_of(rule, owners, scene)
    module = module_of_method(way.file, way.function, owners[0], scene)
    if isinstance(frame, str):
        return frame
    if module is None or not isinstance(way.function, ast.FunctionDef):
        return f"{way.function.name} is not a method of the class {owners[0].name}"
    method = Method(way.file, way.function, module)
    return _written(rule, method, list(groups.values()), owners, frame, scene)


def _written(
    rule: Rule, method: Method, groups: Sequence[_Same], owners: Sequence[Instance], frame: Frame, scene: Scene
) -> Draft | str:
    block = scene.blocks[rule.action.block]
    usable = use_block(scene, rule, block.name, frame.file, frame.anchor)
    changes: list[Change] = []
    names: list[str] = []
    lines: list[str] = []
    needs: tuple[str, ...] = ()
    for same in groups:
        target, way = same[0]
        counts = _counts(same, owners, scene)
        name = free_name(way.owner, snake(block.written), frozenset(names), numbered=len(groups) > 1)
        made = [change_of(way, it, f"self.{name}({{}})", before=target.before) for it in way.expressions]
        if counts is None:
            return f"nothing in {owners[0].name} tells the channels of every instance"
        if None in made:
            return "nothing can be put around the call as it is written"
        changes += [it for it in made if it is not None]
        names.append(name)
        needs = max([needs, *(it.needs for it in counts)], key=len)
        lines.append(f"{INDENT}self.{name} = {usable.name}({given_to(rule, block, [it.text for it in counts])})")
    needed = names_needed(method, frame.file, scene)
    text = method_text(method, [part for it in changes for part in apart(it, changes)])
    if needed is None or text is None:
        return f"{method.function.name} would mean something else in a subclass of {owners[0].name}"
    says = f"{owners[0].name} with {block.written} {_where(rule, groups)}."
    planned = tuple(it.path for same in groups for it, _ in same)
    meaning = [meaning_of(rule, it, way, name) for same, name in zip(groups, names, strict=True) for it, way in same]
    whole = subclass_draft(rule, frame, says, lines, needs=needs, method=text)
    return join([whole, Draft(planned=planned), usable.draft, needed, *meaning])


def _counts(same: _Same, owners: Sequence[Instance], scene: Scene) -> list[Count] | None:
    """The channels that the new module takes, as the constructor can write them."""
    target, way = same[0]
    held: Mapping[str, Target] = {it.holder: one for one, it in same}
    maker = "" if target.before or way.child is None else joined(way.holder, way.child)
    first = [scene.by_path[way.holder], *(it for it in owners if it.path != way.holder)]
    found = [
        count_for(first, [held[it.path].values[name] for it in first], scene, maker=maker) for name in target.values
    ]
    return [it for it in found if it is not None] if None not in found else None


def _where(rule: Rule, groups: Sequence[_Same]) -> str:
    """Where the new module stands, in words."""
    children = [way.child for same in groups for _, way in same[:1]]
    at = {"after": "behind", "before": "before"}.get(str(rule.action.at))
    if at is None or None in children:
        return f"at its {rule.action.at}"
    return f"{at} {' and '.join(str(it) for it in children)}"
