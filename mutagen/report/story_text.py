"""What is told of a module or a line, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mutagen.records.plan import Edit
from mutagen.records.story import Level, LineStory, ModuleStory, RuleStory
from mutagen.report.look_text import shape_text
from mutagen.report.paths import shown_path, shown_span
from mutagen.report.summary import counted

_FEW = 4
_SNIPPET = 100


def module(story: ModuleStory, *, root: Path) -> str:
    """The text on a module: what it is, how it was made and is called, and what rules have to do with it."""
    lines = [*_identity(story), "", *_made(story, root), "", *_called(story, root), *_rules(story.rules, root)]
    if story.failure:
        lines += ["", f"the rules cannot be planned: {story.failure}"]
    return "".join(f"{line}\n" for line in lines)


def line(story: LineStory, *, root: Path) -> str:
    """The text on a line: what its expressions do, and which rules would edit it."""
    lines = [f"{shown_path(story.file, root)}:{story.line}"]
    for part in story.parts:
        where = f"{part.span.line}:{part.span.column + 1}"
        lines.append(f"  {where} {_short(part.text)} {part.does} {_listed(part.paths)}")
    if not story.parts:
        lines.append("  nothing on this line makes or calls a part of the model")
    lines += _rules(story.rules, root)
    if story.failure:
        lines += ["", f"the rules cannot be planned: {story.failure}"]
    return "".join(f"{line}\n" for line in lines)


def _identity(story: ModuleStory) -> Iterator[str]:
    it = story.instance
    told = [*story.blocks, *([f"the block {story.product}"] if story.product else [])]
    yield f"{it.path or '(model)'} is {it.type}" + (f" ({', '.join(told)})" if told else "")
    others = [alias for alias in it.aliases if alias != it.path]
    if others:
        yield f"  also {', '.join(others)}"
    given = ", ".join(f"{name} {value}" for name, value in it.arguments.items() if value is not None)
    if given:
        yield f"  arguments: {given}"
    calls = it.facts["calls"]
    output = f", output {shape_text(it.shape)}" if it.shape is not None else ""
    yield f"  {it.facts['params']:,} parameters, {counted(int(str(calls)), 'call')}{output}"


def _made(story: ModuleStory, root: Path) -> Iterator[str]:
    if not story.made:
        yield "made where no expression was recorded: it is the model, or made inside torch"
        return
    yield "made by, innermost first"
    for level in story.made:
        yield from _level(level, root)
        if level.others:
            yield f"    makes or leads to {len(level.others)} more: {_listed(level.others)}"


def _called(story: ModuleStory, root: Path) -> Iterator[str]:
    if not story.called:
        yield "called by nothing that was recorded"
    for number, way in enumerate(story.called):
        yield "called by, innermost first" if not number else "and by"
        for level in way:
            yield from _level(level, root)


def _level(level: Level, root: Path) -> Iterator[str]:
    kept = "" if level.editable else "  (not editable)"
    yield f"  {shown_span(level.span, root)} in {level.function}: {_short(level.text)}{kept}"
    if level.names:
        yield f"    with {', '.join(f'{name} = {value!r}' for name, value in level.names.items())}"


def _rules(stories: Iterable[RuleStory], root: Path) -> Iterator[str]:
    for story in stories:
        yield ""
        yield f"rule {story.rule}{_selected(story)}"
        for edit in dict.fromkeys(story.edits):
            yield f"  {shown_span(edit.span, root)} by rung {edit.rung}: {_change(edit)}"
            yield f"    because {edit.reason}"
        for refusal in dict.fromkeys(story.refused):
            where = f"{shown_span(refusal.where, root)} " if refusal.where else ""
            yield f"  {where}refused[{refusal.code}] {refusal.path or '(model)'}: {refusal.message}"
            yield f"    help: {refusal.advice}"


def _selected(story: RuleStory) -> str:
    if story.already:
        return " has done its work here already"
    if story.selects:
        return ""
    around = " it, but changes something around it" if story.edits or story.refused else " it"
    return f" does not select{around}: {story.why_not}"


def _change(edit: Edit) -> str:
    new = _short(edit.new)
    return f"{_short(edit.old)} → {new}" if edit.old.strip() else f"+ {new}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SNIPPET else f"{line[: _SNIPPET - 1]}…"


def _listed(names: Sequence[str]) -> str:
    shown = [name or "(model)" for name in names[:_FEW]]
    rest = f" and {len(names) - _FEW:,} more" if len(names) > _FEW else ""
    return ", ".join(shown) + rest
