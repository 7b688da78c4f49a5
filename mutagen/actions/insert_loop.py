"""``insert`` on edges that one expression in a loop of ``forward`` joins: a list of new modules, one for each turn.

This is how owners write decoders that go over their stages: ``self.attention_gates[i](skip, x)``.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mutagen.actions.cut import Cut, nodes_through
from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.edge_meaning import on_edge
from mutagen.actions.insert_call import call_edits
from mutagen.actions.insert_turns import each_of, numbered
from mutagen.actions.members import Place, Wanted, find_place, make_statement
from mutagen.actions.new_call import given_to
from mutagen.actions.override_text import fits
from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene
from mutagen.blocks.short_names import snake
from mutagen.records.blocks import Block
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule
from mutagen.source.anchor import Function, free_name

_LOOPS = ast.For | ast.While | ast.AsyncFor | ast.comprehension


@dataclass(frozen=True)
class Turn:
    """One edge, joined in one turn of a loop, and where it is cut."""

    match: EdgeMatch
    cut: Cut


def looped(
    rule: Rule,
    block: Block,
    turns: Sequence[Turn],
    scene: Scene,
    taken: frozenset[str],
    *,
    several: bool,
    crowded: bool = False,
) -> tuple[frozenset[str], Draft] | None:
    """What is taken then, and the whole change; None where it is no plain loop over parts of a module.

    The head of a loop takes one more name, not two: it is taken as a name is that no attribute could have.
    ``several`` says that more is inserted in the same class, so that names are numbered, ``crowded`` that more is
    called in the same loop.
    """
    cut = turns[0].cut
    owner, loop = cut.file.class_of(cut.function), loop_of(cut)
    by_owner = _in_order(turns, scene)
    if owner is None or loop is None or by_owner is None:
        return None
    names = [name for name, origin in block.arguments.items() if origin in ("channels", "channels_other")]
    counts = {path: len(own) for path, own in by_owner.items()}
    found = each_of(loop, names, _values(block, names, by_owner, scene), counts, scene)
    place = find_place(rule, cut.file, owner, [Wanted(path, {}, ()) for path in by_owner], scene)
    if found is None or isinstance(place, Refusal):
        return None
    name = free_name(owner, f"{snake(block.written)}s", taken, numbered=several)
    place = _when_filled(place, found.lists)
    turn = numbered(cut.file, cut.function, loop, name, snake(block.written), several=crowded)
    if turn is None:
        return None
    head = f"{'enumerate' if turn.counted else 'for'} {loop.lineno}:{loop.col_offset}"
    if head in taken and not turn.counted:
        return None
    usable, listed = use_block(scene, rule, block.name, cut.file, owner), use_torch("torch.nn.ModuleList", cut.file)
    made = f"{usable.name}({given_to(rule, block, found.arguments)})"
    indent, step = cut.file.indent(place.anchor.statement.lineno), cut.file.step(place.anchor.statement.lineno)
    rows = _listed(f"{indent}self.{name} = ", f"{listed.name}(", made, f"for {found.going}", step)
    text = cut.file.newline.join(rows)
    owners = [it.cut.site.owner or "" for it in turns]
    making = make_statement(rule, place, name, text, None, owners)
    path = turns[0].match.path
    called = call_edits(rule, cut, turn.callee, path, owners, with_other=block.reads_other)
    if isinstance(called, Refusal):
        return None
    edits = Draft(edits=(making, *([] if head in taken else turn.edits(rule, owners)), *called), sites=(str(cut.span),))
    return frozenset([name, *([head] if turn.head else [])]), join(
        [edits, usable.draft, listed.draft, _meaning(rule, block, by_owner, name, scene)]
    )


def _when_filled(place: Place, lists: Sequence[str]) -> Place:
    """The place behind the last statement of the constructor that speaks of the lists, which may be filled there."""
    body = place.anchor.function.body
    speaking = [it for it in body if any(isinstance(one, ast.Attribute) and one.attr in lists for one in ast.walk(it))]
    if not speaking or speaking[-1].lineno <= place.anchor.statement.lineno:
        return place
    return replace(place, anchor=replace(place.anchor, statement=speaking[-1]))


def _listed(lead: str, head: str, made: str, going: str, step: str) -> list[str]:
    """``ModuleList([ECA(c) for c in ...])`` behind ``lead``, on one line or opened up as formatters do."""
    if fits(lead + (line := f"{head}[{made} {going}])")):
        return [line]
    indent = lead[: len(lead) - len(lead.lstrip())]
    if fits(inner := f"{indent}{step}[{made} {going}]"):
        return [head, inner, f"{indent})"]
    deeper = indent + step
    return [head, f"{deeper}[", f"{deeper}{step}{made}", f"{deeper}{step}{going}", f"{deeper}]", f"{indent})"]


def loop_of(cut: Cut) -> ast.For | None:
    """The one loop around the expression, if it is a plain one."""
    around: list[ast.AST] = []
    for it in cut.file.ancestors(cut.expression):
        if isinstance(it, Function | ast.Lambda):
            break
        around.append(it)
    loops = [it for it in around if isinstance(it, _LOOPS)]
    return loops[0] if len(loops) == 1 and isinstance(loops[0], ast.For) and not loops[0].orelse else None


def _in_order(turns: Sequence[Turn], scene: Scene) -> dict[str, list[Turn]] | None:
    """The turns of each owner in the order of the graph; None where some are not selected or an owner runs twice."""
    chosen = {(it.match.node, it.cut.site.frame) for it in turns}
    frames = {frame for _, frame in chosen}
    cut = turns[0].cut
    through = {(node.index, frame) for node, frame in nodes_through(cut, turns[0].match, scene)}
    if any(it not in chosen for it in through) or any(it.cut.site.owner is None for it in turns):
        return None
    found: dict[str, list[Turn]] = {}
    for it in sorted(turns, key=lambda one: one.match.node):
        found.setdefault(it.cut.site.owner or "", []).append(it)
    return found if len(found) == len(frames) else None


def _values(
    block: Block, names: Sequence[str], by_owner: dict[str, list[Turn]], scene: Scene
) -> dict[str, dict[str, tuple[int, ...]]]:
    """For each owner the value of each argument in each turn."""
    nodes = scene.trace.nodes

    def value(turn: Turn, name: str) -> int:
        node = nodes[turn.match.node]
        operand = turn.match.operand if block.arguments[name] == "channels" else turn.match.other
        return (nodes[node.inputs[operand]].shape or (0, 0))[1]

    return {
        owner: {name: tuple(value(it, name) for it in turns) for name in names} for owner, turns in by_owner.items()
    }


def _meaning(rule: Rule, block: Block, by_owner: dict[str, list[Turn]], name: str, scene: Scene) -> Draft:
    """The same change on the graph: one module of the list for each turn."""
    placed = [
        (it.match, f"{joined(owner, name)}.{number}")
        for owner, turns in by_owner.items()
        for number, it in enumerate(turns)
    ]
    steps = [on_edge(rule, match, path, scene, with_other=block.reads_other) for match, path in placed]
    return join([*steps, Draft(planned=tuple(match.path for match, _ in placed))])
