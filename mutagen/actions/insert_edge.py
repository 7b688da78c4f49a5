"""``insert`` on an edge: a new module in ``__init__``, and its call around one operand in ``forward``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mutagen.actions.condition import Condition, behind_what_is_asked, condition_for, flag_for, switch_for
from mutagen.actions.container import runs_all
from mutagen.actions.cut import Cut, cuts, nodes_through
from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.edge_meaning import on_edge
from mutagen.actions.insert_call import call_edits
from mutagen.actions.insert_loop import Turn, loop_of, looped
from mutagen.actions.insert_one_turn import in_one_turn
from mutagen.actions.insert_override import wrapped
from mutagen.actions.layout import channels_first
from mutagen.actions.members import Place, Wanted, arguments_as_source, find_place, make_statement
from mutagen.actions.new_call import given_to
from mutagen.actions.parting import Partings
from mutagen.actions.parting_text import parted, partings
from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.actions.subclass import in_subclasses, subclassed
from mutagen.blocks.catalogue import unmet
from mutagen.blocks.short_names import snake
from mutagen.records.blocks import Block
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Node
from mutagen.source.anchor import free_name


@dataclass(frozen=True)
class _Attempt:
    """One edge with its possible cuts, of which ``cuts[0]`` is tried next."""

    match: EdgeMatch
    cuts: tuple[Cut, ...]


def plan(rule: Rule, matches: Sequence[EdgeMatch], scene: Scene) -> Draft:
    """Edits for every edge, with a refusal for each that cannot be cut."""
    block = scene.blocks[rule.action.block]
    if rule.action.emit == "subclass":
        barred = {it.id: no for it in matches if (no := _objection(rule, block, it, scene)) is not None}
        return in_subclasses(rule, matches, block, barred, scene)
    draft = wrapped(rule, matches, block, _plan(rule, matches, scene, lax=False), scene)
    if any(it.code == "needs-split" for it in draft.refused):
        draft = min(draft, _plan(rule, matches, scene, lax=True), key=lambda it: len(it.refused))
    return wrapped(rule, matches, block, subclassed(rule, matches, block, draft, scene), scene, recast=True)


def _plan(rule: Rule, matches: Sequence[EdgeMatch], scene: Scene, *, lax: bool) -> Draft:
    """All edges that share an expression are cut there together, or at the next place."""
    block = scene.blocks[rule.action.block]
    with_other = block.reads_other
    waiting: list[_Attempt] = []
    refused: list[Refusal] = []
    for match in matches:
        objection = _objection(rule, block, match, scene)
        if objection is not None:
            refused.append(objection)
        else:
            places = cuts(match, scene, with_other=with_other, scales=block.kind == "scale")
            waiting.append(_Attempt(match, tuple(places)))
    drafts = [Draft(refused=tuple(refused))]
    split = partings(rule, scene, lax=lax)
    taken: dict[int, frozenset[str]] = {}
    first: dict[str, Refusal] = {}
    while waiting:
        drafts.extend(
            Draft(refused=(first.get(it.match.id) or _no_cut(rule, it.match, scene),)) for it in waiting if not it.cuts
        )
        groups = _by_expression([it for it in waiting if it.cuts])
        numbered, crowded = _several_in_a_class(groups), _several_in_a_loop(groups)
        waiting = []
        for group in groups.values():
            done = _plan_cut(rule, block, group, scene, taken, split, numbered=numbered, crowded=crowded)
            if isinstance(done, Draft):
                drafts.append(done)
                continue
            for it in group:
                first.setdefault(it.match.id, _for(done, it.match))
                waiting.append(_Attempt(it.match, it.cuts[1:]))
    return join([*drafts, parted(split, rule)])


def _by_expression(attempts: Sequence[_Attempt]) -> dict[Span, list[_Attempt]]:
    groups: dict[Span, list[_Attempt]] = {}
    for it in attempts:
        groups.setdefault(it.cuts[0].span, []).append(it)
    return groups


def _several_in_a_class(groups: dict[Span, list[_Attempt]]) -> frozenset[tuple[str, int]]:
    """Classes (file, line) in which more than one expression is cut: their attributes are numbered from 1."""
    seen: list[tuple[str, int]] = []
    for group in groups.values():
        owner = group[0].cuts[0].file.class_of(group[0].cuts[0].function)
        seen.append((group[0].cuts[0].file.path, owner.lineno if owner else 0))
    return frozenset(it for it in seen if seen.count(it) > 1)


def _several_in_a_loop(groups: dict[Span, list[_Attempt]]) -> frozenset[tuple[str, int]]:
    """Loops (file, line) in which more than one expression is cut."""
    seen = [_loop_key(group[0].cuts[0]) for group in groups.values()]
    return frozenset(it for it in seen if it[1] and seen.count(it) > 1)


def _loop_key(cut: Cut) -> tuple[str, int]:
    loop = loop_of(cut)
    return cut.file.path, loop.lineno if loop is not None else 0


def _plan_cut(
    rule: Rule,
    block: Block,
    group: list[_Attempt],
    scene: Scene,
    taken: dict[int, frozenset[str]],
    split: Partings,
    *,
    numbered: frozenset[tuple[str, int]],
    crowded: frozenset[tuple[str, int]],
) -> Draft | Refusal:
    """The whole change for the edges that are cut in one expression, or why it cannot be cut there."""
    cut = group[0].cuts[0]
    objection = _cannot_cut(rule, group, scene)
    owner = cut.file.class_of(cut.function)
    if objection is not None or owner is None:
        if owner is None or objection is None or objection.code != "loop" or split.switch:
            return objection or _no_owner(rule, group[0].match, cut)
        turns = [Turn(it.match, it.cuts[0]) for it in group]
        used = taken.get(id(owner), frozenset()) | scene.brought(cut.file.path, owner)
        key = (cut.file.path, owner.lineno)
        full = _loop_key(cut) in crowded
        done = looped(rule, block, turns, scene, used, several=key in numbered, crowded=full)
        if done is None:
            wanted = _wanted(block, group, scene)
            done = in_one_turn(rule, block, turns, wanted, scene, used, several=key in numbered)
        if done is None:
            return objection
        taken[id(owner)] = used | done[0]
        return done[1]
    wanted = _wanted(block, group, scene)
    place = find_place(rule, cut.file, owner, wanted, scene)
    if isinstance(place, Refusal):
        return place
    place = behind_what_is_asked(place, cut.function, cut.expression)
    channels = [name for name, origin in block.arguments.items() if origin in ("channels", "channels_other")]
    operands = [cut.file.text(it) for it in (cut.expression, cut.other) if it is not None]
    texts = arguments_as_source(rule, place, channels, wanted, scene, operands=operands)
    if isinstance(texts, Refusal):
        return texts
    condition = _condition(rule, place, group, wanted, scene, split)
    if isinstance(condition, Refusal):
        return condition
    key = (cut.file.path, owner.lineno)
    used = taken.get(id(owner), frozenset()) | scene.brought(cut.file.path, owner)
    name = free_name(owner, snake(block.written), used, numbered=key in numbered)
    usable = use_block(scene, rule, block.name, cut.file, owner)
    new = f"{usable.name}({given_to(rule, block, texts)})"
    identity = use_torch("torch.nn.Identity", cut.file) if condition.otherwise else None
    otherwise = f"{identity.name}()" if identity else ""
    made = make_statement(rule, place, name, new, condition.text, [it.owner for it in wanted], otherwise=otherwise)
    owners = [it.cuts[0].site.owner or "" for it in group]
    called = call_edits(rule, cut, f"self.{name}", group[0].match.path, owners, with_other=block.reads_other)
    if isinstance(called, Refusal):
        return called
    taken[id(owner)] = used | {name}
    edits = Draft(edits=(made, *called), sites=(str(cut.span),))
    needed = [usable.draft, *([identity.draft] if identity else [])]
    return join([edits, *needed, _meaning(rule, group, name, scene, with_other=block.reads_other)])


def _meaning(rule: Rule, group: list[_Attempt], name: str, scene: Scene, *, with_other: bool) -> Draft:
    """The same change on the graph. Edges of one owner share its module, as a module called twice does."""
    owners = [it.cuts[0].site.owner or "" for it in group]
    steps = [
        on_edge(rule, it.match, joined(owner, name), scene, with_other=with_other)
        for it, owner in zip(group, owners, strict=True)
    ]
    return join([*steps, Draft(planned=tuple(it.match.path for it in group))])


def _cannot_cut(rule: Rule, group: list[_Attempt], scene: Scene) -> Refusal | None:
    """Why the expression cannot change for exactly these edges."""
    cut, match = group[0].cuts[0], group[0].match
    if not scene.project.editable(cut.file.path):
        return out_of_scope(rule, match.path, (cut.site,), scene)
    owners = [scene.by_path.get(it.cuts[0].site.owner or "") for it in group if it.cuts[0].site.owner is not None]
    if len(owners) < len(group) or None in owners:
        return _no_owner(rule, match, cut)
    if any(runs_all(it, scene) for it in owners if it is not None):
        message = "the method belongs to a container that runs all its children; a new one would join them"
        advice = "derive the class from nn.Module and keep the layers in an attribute: self.layers = nn.Sequential(...)"
        return refuse(rule, match.path, "container", message, advice, where=cut.span)
    if _in_turns(group, scene):
        return _loop(rule, group, scene)
    if _for_several_joins(group, scene):
        message = "the module that gives the branch is called for several joins; each of them needs a module of its own"
        advice = "give each call a module of its own, or exclude it with `not: {path: ...}`"
        return refuse(rule, match.path, "shared", message, advice, where=cut.span)
    return _read_by_others(rule, group, scene)


def _loop(rule: Rule, group: list[_Attempt], scene: Scene) -> Refusal:
    """The refusal where one run of the method joins several edges in the expression."""
    cut, match = group[0].cuts[0], group[0].match
    chosen = {(it.match.node, it.cuts[0].site.frame) for it in group}
    some = {frame for _, frame in chosen}
    if any((node.index, frame) not in chosen for node, frame in nodes_through(cut, match, scene) if frame in some):
        message = "one expression in a loop joins such edges in some of its turns, not in all of them"
        advice = "write the turns that join one out, or leave the loop out: `not: {path: ...}`"
    else:
        message = "one expression in a loop joins several branches; each needs a module of its own"
        advice = "move the addition into the class of the branch"
    return refuse(rule, match.path, "loop", message, advice, where=cut.span)


def _in_turns(group: list[_Attempt], scene: Scene) -> bool:
    """Whether one run of the method joins several edges in the expression."""
    frames = [it.cuts[0].site.frame for it in group]
    cut, match = group[0].cuts[0], group[0].match
    if any(site.frame == cut.site.frame for site in scene.trace.nodes[match.node].chain):
        frames = [frame for _, frame in nodes_through(cut, match, scene) if frame in set(frames)]
    return len(set(frames)) < len(frames)


def _for_several_joins(group: list[_Attempt], scene: Scene) -> bool:
    """Whether one new module would stand on edges of different joins: its owner is called at several places."""
    joins: dict[str | None, set[tuple[str, Span | None]]] = {}
    for it in group:
        key = scene.trace.nodes[it.match.node].key
        joins.setdefault(it.cuts[0].site.owner, set()).add((key.scope, key.span))
    return any(len(found) > 1 for found in joins.values())


def _others(group: list[_Attempt], scene: Scene) -> list[Node]:
    """Calls that the expression makes beside those of the selected edges."""
    chosen = {it.cuts[0].site.frame for it in group}
    return [node for node, frame in nodes_through(group[0].cuts[0], group[0].match, scene) if frame not in chosen]


def _condition(
    rule: Rule, place: Place, group: list[_Attempt], wanted: Sequence[Wanted], scene: Scene, split: Partings
) -> Condition | Refusal:
    """Under which condition the new module is made, if under any."""
    cut, rest = group[0].cuts[0], _others(group, scene)
    if split.switch:
        return switch_for(rule, place, wanted, scene, split)
    if not rest:
        return condition_for(rule, place, cut.function, cut.expression, wanted, scene, split)
    known = [it for it in (scene.by_path.get(node.scope) for node in rest) if it is not None]
    if len(known) == len(rest):
        return flag_for(rule, place, wanted, known, scene, split, cut.span)
    message = f"the expression also runs in {rest[0].scope or 'the model'}, where the edge is not selected"
    return refuse(rule, group[0].match.path, "needs-split", message, "select all of them, or none", where=cut.span)


def _read_by_others(rule: Rule, group: list[_Attempt], scene: Scene) -> Refusal | None:
    """At the end of the producing method, nobody but the selected joins may read the tensor."""
    joins = {it.match.node for it in group}
    for it in group:
        node = scene.trace.nodes[it.match.node]
        if any(site.frame == it.cuts[0].site.frame for site in node.chain):
            continue
        rest = [index for index in scene.users[node.inputs[it.match.operand]] if index not in joins]
        if rest:
            message = "the result is read by others than the selected join"
            return refuse(rule, it.match.path, "read-elsewhere", message, "select them too", where=it.cuts[0].span)
    return None


def _wanted(block: Block, group: list[_Attempt], scene: Scene) -> list[Wanted]:
    """Owners with the channel counts that their new module needs, each owner once."""
    found: dict[str, Wanted] = {}
    for it in group:
        owner = it.cuts[0].site.owner or ""
        inputs = scene.trace.nodes[it.match.node].inputs
        operands = {"channels": inputs[it.match.operand], "channels_other": inputs[it.match.other]}
        values = {
            name: (scene.trace.nodes[operands[origin]].shape or (0, 0))[1]
            for name, origin in block.arguments.items()
            if origin in operands
        }
        makers = [_child(owner, inputs[index], scene) for index in (it.match.operand, it.match.other)]
        both = makers if block.reads_other else makers[:1]
        found.setdefault(owner, Wanted(owner, values, tuple(name for name in both if name)))
    return list(found.values())


def _child(owner: str, index: int, scene: Scene) -> str | None:
    """The child of ``owner`` that made a tensor, looking back through calls of the owner's own."""
    prefix = f"{owner}." if owner else ""
    for _ in range(20):
        node = scene.trace.nodes[index]
        for path in (node.path, node.scope):
            if path and path.startswith(prefix) and path != owner:
                return path[len(prefix) :].partition(".")[0]
        if not node.inputs:
            return None
        index = node.inputs[0]
    return None


def _objection(rule: Rule, block: Block, match: EdgeMatch, scene: Scene) -> Refusal | None:
    """Why the block cannot work on this edge whatever the source."""
    nodes = scene.trace.nodes
    node = nodes[match.node]
    where = node.chain[0].span if node.chain else None
    operand, other = nodes[node.inputs[match.operand]], nodes[node.inputs[match.other]]
    facts = {"rank": len(operand.shape or ()), "rank_other": len(other.shape or ())}
    if block.reads_other and match.other == match.operand:
        message = f"{block.name} reads a second tensor, and beside a call there is none"
        return refuse(rule, match.path, "no-action", message, "insert a block of one input", where=where)
    missing = unmet(block, facts)
    if missing is not None:
        return refuse(rule, match.path, missing.code, missing.message, missing.advice, where=where)
    if "channels" in block.arguments.values():
        first = channels_first(operand, nodes)
        if first is False or first is None and facts["rank"] < 4:
            message = "the channels of the tensor are not known to be on axis 1"
            return refuse(
                rule, match.path, "layout", message, "leave out what is not (batch, channels, ...)", where=where
            )
    return None


def _no_cut(rule: Rule, match: EdgeMatch, scene: Scene) -> Refusal:
    chain = scene.trace.nodes[match.node].chain
    if not chain or not scene.editable(chain[0]):
        return out_of_scope(rule, match.path, chain, scene)
    message = "the operand is not written beside the join, nor returned by a method that could be edited"
    advice = "write the operand out, for instance torch.cat([x, y], dim=1)"
    return refuse(rule, match.path, "operand-not-written", message, advice, where=chain[0].span)


def _no_owner(rule: Rule, match: EdgeMatch, cut: Cut) -> Refusal:
    message = "the join stands in a function, not in a method of a module that could hold the new one"
    return refuse(rule, match.path, "no-owner", message, "move the join into the module's forward", where=cut.span)


def _for(refusal: Refusal, match: EdgeMatch) -> Refusal:
    return Refusal(refusal.rule, match.path, refusal.code, refusal.message, refusal.advice, refusal.where)
