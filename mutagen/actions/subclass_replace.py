"""Rung 4 for blocks that are replaced as a whole: a subclass of the class that makes them sets each anew.

``class EcaSEUnit(SEUnit)`` whose constructor ends in ``self.se = ECA(self.se.conv1.in_channels)``, used where the file
names the class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mutagen.actions.block_inside import channels_inside
from mutagen.actions.class_entries import entries_of
from mutagen.actions.definition import use_block, use_class
from mutagen.actions.draft import Draft, join
from mutagen.actions.insert_module import options
from mutagen.actions.override_text import place
from mutagen.actions.owners import is_below
from mutagen.actions.scene import Scene
from mutagen.actions.subclass_head import class_edits, class_name, class_notes, head, is_described
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance

_CURED = frozenset(["out-of-scope", "in-library"])


def subclassed_blocks(rule: Rule, draft: Draft, scene: Scene) -> Draft:
    """The draft with the blocks of classes that the file names and that may not be edited themselves."""
    group = [scene.by_path[path] for path in dict.fromkeys(it.path for it in draft.refused if it.code in _CURED)]
    if not group or rule.query.block is None or rule.action.emit != "in-place":
        return draft
    by_class: dict[str, list[tuple[Instance, Instance]]] = {}
    for it in group:
        holder = scene.by_path.get(it.chain[0].owner or "") if it.chain else None
        if holder is None or not holder.path or not is_below(it.path, holder.path) or len(it.aliases) > 1 or it.hung:
            return draft
        by_class.setdefault(holder.type, []).append((holder, it))
    made = [_subclass(rule, pairs, scene) for pairs in by_class.values()]
    drafts = [it for it in made if it is not None]
    cured = {path for it in drafts for path in it.planned}
    return join([replace(draft, refused=tuple(it for it in draft.refused if it.path not in cured)), *drafts])


def _subclass(rule: Rule, pairs: Sequence[tuple[Instance, Instance]], scene: Scene) -> Draft | None:
    """The subclass of one class, with the edits that put it in; None where that is not exact."""
    holders = list({holder.path: holder for holder, _ in pairs}.values())
    inner = _inner(pairs)
    entries = entries_of(holders, scene)
    if not inner or entries is None or holders[0].definition is None:
        return None
    target, first = entries[0].naming.file, entries[0].naming.node
    base = use_class(holders[0].definition, target, scene)
    label = class_name(scene.blocks[rule.action.block], holders[0], target)
    if base is None or label is None:
        return None
    usable = use_block(scene, rule, rule.action.block, target, first)
    lines: list[str] = []
    for path, blocks in inner.items():
        inside = channels_inside(blocks, scene)
        if inside is None:
            return None
        old = place(path)
        lines.append(f"{old} = {usable.name}({', '.join([f'{old}{inside}', *options(rule)])})")
    old_name = next(iter(inner.values()))[0].name
    says = (
        f"{holders[0].name} with {rule.action.block} in place of {old_name}." if is_described(holders[0], scene) else ""
    )
    edits = class_edits(rule, entries, label, head(label, base.name, says, lines))
    sites = tuple(str(it.naming.file.span(it.naming.node)) for it in entries)
    planned = tuple(it.path for _, it in pairs)
    whole = Draft(edits=edits, planned=planned, sites=sites, notes=class_notes(label, entries))
    return join([whole, usable.draft, base.draft])


def _inner(pairs: Sequence[tuple[Instance, Instance]]) -> Mapping[str, list[Instance]]:
    """The blocks by their path within the holder; empty where not all holders have them all."""
    found: dict[str, list[Instance]] = {}
    for holder, it in pairs:
        found.setdefault(it.path[len(holder.path) + 1 :], []).append(it)
    return found if len({len(it) for it in found.values()}) == 1 else {}
