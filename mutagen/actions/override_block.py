"""The last rung for blocks that are replaced as a whole: a loop puts the product in the place of each."""

from __future__ import annotations

from collections.abc import Sequence

from mutagen.actions.block_inside import channels_inside
from mutagen.actions.definition import Usable, use_block, use_class
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import options
from mutagen.actions.override import inner_paths, loop_over
from mutagen.actions.override_text import MOST_LINES, Product, loop_lines, plain_lines
from mutagen.actions.owners import Owner, change_at, owner_edits, owners_of
from mutagen.actions.scene import Scene
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance
from mutagen.source.names import names_in

_CURED = frozenset(["out-of-scope", "in-library", "needs-split", "no-expression", "unknown-origin", "no-call"])


def overridden_blocks(rule: Rule, draft: Draft, scene: Scene) -> Draft:
    """The draft with the blocks that no other rung can replace; as it is where no short text replaces exactly those."""
    group = [scene.by_path[path] for path in dict.fromkeys(it.path for it in draft.refused if it.code in _CURED)]
    if not group or rule.query.block is None or rule.action.emit != "in-place" or len({it.type for it in group}) > 1:
        return draft
    if any(len(it.aliases) > 1 or it.hung for it in group):
        return draft
    found = _override(rule, group, scene)
    if found is None:
        return draft
    return join([draft.without({it.path for it in group}), found])


def _override(rule: Rule, group: Sequence[Instance], scene: Scene) -> Draft | None:
    inside, known = channels_inside(group, scene), group[0].definition
    if inside is None or known is None:
        return None

    def change(owner: Owner) -> Draft | None:
        kind = use_class(known, owner.file, scene)
        if kind is None:
            return None
        usable = use_block(scene, rule, rule.action.block, owner.file, owner.function)
        lines = _lines(rule, group, owner, kind, usable, inside)
        if not lines:
            return None
        planned = tuple(it.path for it in group)
        reason = f"no expression that may be edited makes exactly these {len(group)} instance(s)"
        edits = owner_edits(rule, owner, lines, reason, planned)
        asked = kind.draft if f"{kind.name})" in "".join(lines) else Draft()
        return join([Draft(edits=edits, planned=planned, sites=(str(edits[-1].span),)), asked, usable.draft])

    return change_at(owners_of(group, scene), change)


def _lines(rule: Rule, group: Sequence[Instance], owner: Owner, kind: Usable, usable: Usable, inside: str) -> list[str]:
    taken = names_in(owner.function)
    child = next(it for it in ("child", "block", "old_block", "child_module") if it not in taken)
    product = Product(usable.name, (f"{child}{inside}", *options(rule)), child)
    last = owner.last.lineno
    indent, step = owner.file.indent(last), owner.file.step(last)
    loop = loop_over(rule, group, frozenset(), owner, child, kind.name)
    if loop is not None:
        return loop_lines(loop, product, indent, step)
    inner = inner_paths(group, owner)
    lines = plain_lines(inner, product, indent, step, root=owner.name) if inner else []
    return lines if len(lines) <= MOST_LINES else []
