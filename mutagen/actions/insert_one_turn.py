"""``insert`` on an edge that one turn of a loop in ``forward`` joins: ``if i == 0: skip = self.gate(skip, x)``.

Decoders often join several skips at one resolution in a loop; only the one that comes first goes around a lower one.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mutagen.actions.cut import Cut, nodes_through
from mutagen.actions.definition import use_block
from mutagen.actions.draft import Draft, join
from mutagen.actions.edge_meaning import on_edge
from mutagen.actions.insert_loop import Turn, loop_of
from mutagen.actions.insert_turns import counter
from mutagen.actions.members import Wanted, arguments_as_source, find_place, make_statement
from mutagen.actions.new_call import given_to
from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene
from mutagen.blocks.short_names import snake
from mutagen.records.blocks import Block
from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.source.anchor import free_name
from mutagen.source.placing import stands_alone


def in_one_turn(
    rule: Rule,
    block: Block,
    turns: Sequence[Turn],
    wanted: Sequence[Wanted],
    scene: Scene,
    taken: frozenset[str],
    *,
    several: bool,
) -> tuple[frozenset[str], Draft] | None:
    """What is taken then, and the whole change; None where no count of the loop tells that turn.

    ``wanted`` are the owners with the channels of their edge; ``several`` says that names are numbered.
    """
    cut = turns[0].cut
    file, owner, loop = cut.file, cut.file.class_of(cut.function), loop_of(cut)
    number = _number(turns, scene)
    if owner is None or loop is None or number is None:
        return None
    user, other = _user(cut, loop), cut.other
    count = counter(file, cut.function, loop)
    place = find_place(rule, file, owner, wanted, scene)
    if user is None or count is None or isinstance(place, Refusal):
        return None
    if count.head and f"for {loop.lineno}:{loop.col_offset}" in taken:
        return None
    if block.reads_other and not isinstance(other, ast.Name | ast.Attribute):
        return None
    channels = [name for name, origin in block.arguments.items() if origin in ("channels", "channels_other")]
    operands = [file.text(it) for it in (cut.expression, other) if it is not None]
    texts = arguments_as_source(rule, place, channels, wanted, scene, operands=operands)
    if isinstance(texts, Refusal):
        return None
    name = free_name(owner, snake(block.written), taken, numbered=several)
    usable = use_block(scene, rule, block.name, file, owner)
    owners = [it.cut.site.owner or "" for it in turns]
    made = make_statement(rule, place, name, f"{usable.name}({given_to(rule, block, texts)})", None, owners)
    passed = operands if block.reads_other else operands[:1]
    called = f"{operands[0]} = self.{name}({', '.join(passed)})"
    head = f"enumerate {loop.lineno}:{loop.col_offset}"
    edits = (
        made,
        *([] if head in taken else count.edits(rule, owners)),
        _before(rule, cut, user, f"if {count.index} == {number}:", called, owners),
    )
    steps = [
        on_edge(rule, it.match, joined(path, name), scene, with_other=block.reads_other)
        for it, path in zip(turns, owners, strict=True)
    ]
    planned = tuple(it.match.path for it in turns)
    note = f"turn {number} of the loop is what {rule.id} selects in this configuration of the model"
    whole = Draft(edits=edits, sites=(str(cut.span),), planned=planned, notes=(note,))
    return frozenset([name, *([head] if count.head else [])]), join([whole, usable.draft, *steps])


def _number(turns: Sequence[Turn], scene: Scene) -> int | None:
    """Which join of each run of the method is selected, if it is one and the same in all runs."""
    cut, chosen = turns[0].cut, {(it.match.node, it.cut.site.frame) for it in turns}
    frames: dict[int, list[bool]] = {}
    for node, frame in sorted(((node.index, frame) for node, frame in nodes_through(cut, turns[0].match, scene))):
        frames.setdefault(frame, []).append((node, frame) in chosen)
    numbers = {marks.index(True) if marks.count(True) == 1 else None for marks in frames.values()}
    return numbers.pop() if len(numbers) == 1 and len({it.cut.site.owner for it in turns}) == len(frames) else None


def _user(cut: Cut, loop: ast.For) -> ast.stmt | None:
    """The statement in the loop that joins the operand, a name which every turn sets anew and nobody reads later.

    None where a turn may leave that statement out.
    """
    name, statement = cut.expression, cut.file.statement(cut.expression)
    if not isinstance(name, ast.Name) or statement not in loop.body or not stands_alone(cut.file, statement):
        return None
    if any(isinstance(it, ast.Continue | ast.Break) for it in ast.walk(loop)):
        return None
    above = loop.body[: loop.body.index(statement)]
    maker = next((it for it in above if _uses(it, name.id)), None)
    if not isinstance(maker, ast.Assign) or len(maker.targets) != 1 or _uses(maker.value, name.id):
        return None
    plain = isinstance(maker.targets[0], ast.Name)
    end = (statement.end_lineno or statement.lineno, statement.end_col_offset or 0)
    later = [it for it in _uses(cut.function, name.id) if (it.lineno, it.col_offset) >= end]
    return statement if plain and not later and len(_uses(statement, name.id)) == 1 else None


def _uses(node: ast.AST, name: str) -> list[ast.Name]:
    return [it for it in ast.walk(node) if isinstance(it, ast.Name) and it.id == name]


def _before(rule: Rule, cut: Cut, user: ast.stmt, asked: str, called: str, owners: Sequence[str]) -> Edit:
    """The statements in front of the one that joins."""
    file, indent = cut.file, cut.file.indent(user.lineno)
    at = Span(file.path, user.lineno, user.col_offset, user.lineno, user.col_offset)
    text = f"{asked}{file.newline}{indent}{file.step(user.lineno)}{called}{file.newline}{indent}"
    return Edit(at, "", text, rule.id, "forward", "one turn of the loop joins the edge", tuple(owners))
