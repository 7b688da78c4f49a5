"""The edits that carry a parameter: definitions that gain it, calls that set it or hand it on, loops that count."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from mutagen.actions.docstring import documented
from mutagen.actions.draft import Draft
from mutagen.actions.parting import Partings
from mutagen.actions.parting_records import Parameter, Solution
from mutagen.actions.parting_siblings import definitions
from mutagen.actions.scene import Scene
from mutagen.blocks.short_names import short_name, switch_name
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.source.anchor import Function
from mutagen.source.file import SourceFile


def partings(rule: Rule, scene: Scene, *, lax: bool = False) -> Partings:
    """Partings of a rule that have been asked for nothing yet, with names after its block."""
    return Partings(
        scene, switch_name(rule.action.block), f"{short_name(rule.action.block)}_at", lax, rule.action.emit == "flag"
    )


def parted(partings: Partings, rule: Rule) -> Draft:
    """All edits that the conditions of these partings rely on, each once."""
    scene, solved = partings.scene, partings.solution()
    edits: dict[tuple[Span, str], Edit] = {}
    for span, new, reason in _changes(solved, scene, rule):
        old = scene.project.file(span.file).text(span)
        edits.setdefault((span, new), Edit(span, old, new, rule.id, "split", reason))
    counted = [f"{it.shown} counts what {rule.id} selects in this configuration of the model" for it in solved.loops]
    ordered = sorted(edits.values(), key=lambda it: (it.span.file, it.span.line, it.span.column))
    switches = [it.name for it in solved.parameters if any(not run.chain for run in it.need.runs.values())]
    counted += [f"off by default: give {name}=True where the model is built" for name in switches]
    return Draft(edits=tuple(ordered), switches=tuple(switches), notes=tuple(dict.fromkeys(counted)))


def _changes(solved: Solution, scene: Scene, rule: Rule) -> Iterator[tuple[Span, str, str]]:
    for parameter in solved.parameters:
        if parameter.need.through is None:
            yield from _definitions(parameter, solved, scene, rule)
    for span, name, text in solved.calls:
        file = scene.project.file(span.file)
        call = file.node_at(span)
        assert isinstance(call, ast.Call)
        at, before, after = _behind_arguments(file, call)
        sign = _sign(file, [it.value for it in call.keywords if it.arg is not None])
        yield at, f"{before}{name}{sign}{text}{after}", f"this call leads to the selected instances: {name}={text}"
    for loop in solved.loops:
        if loop.rename is not None:
            yield loop.rename, loop.shown, "the loop's count tells the selected instances"


def _definitions(parameter: Parameter, solved: Solution, scene: Scene, rule: Rule) -> Iterator[tuple[Span, str, str]]:
    for other_file, other in definitions(parameter, solved, scene):
        at, before, after = _behind_parameters(other_file, other)
        default = repr(parameter.need.default)
        reason = f"tells the selected instances from the others; old calls get {default}"
        yield at, before + _declared(other_file, other, parameter.name, default) + after, reason
        flag = parameter.need.default is False
        text = f"{'Whether' if flag else 'Where'} to use {rule.action.block}"
        kind = "bool" if flag else "tuple"
        line = documented(other_file, other, parameter.name, kind=kind, text=text, default=default)
        if line is not None:
            yield *line, "the docstring speaks of the other parameters"


def _sign(file: SourceFile, values: Sequence[ast.expr]) -> str:
    """The sign in front of a value as the other ones have it: some owners put blanks around it."""
    heads = [file.utf8[file.line_starts[it.lineno - 1] : file.offset(it.lineno, it.col_offset)] for it in values]
    return " = " if heads and all(it.endswith(b" = ") for it in heads) else "="


def _declared(file: SourceFile, function: Function, name: str, default: str) -> str:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    if any(it.annotation is not None for it in given):
        kind = "bool" if default in ("True", "False") else "tuple"
        return f"{name}: {kind} = {default}"
    defaults = [*function.args.defaults, *(it for it in function.args.kw_defaults if it is not None)]
    return f"{name}{_sign(file, defaults)}{default}"


def _behind_arguments(file: SourceFile, call: ast.Call) -> tuple[Span, str, str]:
    """Where a further keyword of a call goes, with what stands before and behind it."""
    rest = [it for it in call.keywords if it.arg is None]
    kept: list[ast.AST] = [*call.args, *(it for it in call.keywords if it.arg is not None)]
    kept.sort(key=_start)
    if rest and (not kept or _start(rest[0]) > _start(kept[-1])):
        return _before(file, rest[0], kept)
    if kept:
        return _behind(file, kept)
    line, column = call.func.end_lineno or 0, call.func.end_col_offset or 0
    return _opening(file, line, column)


def _behind_parameters(file: SourceFile, function: Function) -> tuple[Span, str, str]:
    """Where a further parameter with a default goes, with what stands before and behind it."""
    given = function.args
    kept: list[ast.AST] = [
        *given.posonlyargs,
        *given.args,
        *([given.vararg] if given.vararg else []),
        *given.kwonlyargs,
    ]
    defaults = [*given.defaults, *(it for it in given.kw_defaults if it is not None)]
    if kept:
        ends = [it for it in [*kept, *defaults] if _start(it) >= _start(kept[-1])]
        return _behind(file, kept, end=max(ends, key=_end))
    if given.kwarg is not None:
        at = Span(
            file.path, given.kwarg.lineno, given.kwarg.col_offset - 2, given.kwarg.lineno, given.kwarg.col_offset - 2
        )
        return at, "", ", "
    return _opening(file, function.lineno, file.indent(function.lineno).__len__())


def _behind(file: SourceFile, kept: Sequence[ast.AST], *, end: ast.AST | None = None) -> tuple[Span, str, str]:
    """Behind the last of several arguments, on a line of its own where they have one each."""
    last = kept[-1]
    line, column = _end(end or last)
    at = Span(file.path, line, column, line, column)
    starts_line = not file.utf8[file.line_starts[_start(last)[0] - 1] : file.offset(*_start(last))].strip()
    alone = len(kept) == 1 or _start(kept[-2])[0] < _start(last)[0]
    if starts_line and alone and (len(kept) > 1 or _closes_below(file, line)):
        return at, f",{file.newline}{file.indent(_start(last)[0])}", ""
    return at, ", ", ""


def _closes_below(file: SourceFile, line: int) -> bool:
    following = file.utf8[file.line_starts[line] :].lstrip()[:1] if line < len(file.line_starts) else b""
    return following == b")"


def _before(file: SourceFile, rest: ast.AST, kept: Sequence[ast.AST]) -> tuple[Span, str, str]:
    line, column = _start(rest)
    own = not file.utf8[file.line_starts[line - 1] : file.offset(line, column)].strip()
    alone = own and (not kept or _start(kept[-1])[0] < line)
    behind = f",{file.newline}{file.indent(line)}" if alone else ", "
    return Span(file.path, line, column, line, column), "", behind


def _opening(file: SourceFile, line: int, column: int) -> tuple[Span, str, str]:
    """Behind the next opening bracket."""
    start = file.utf8.index(b"(", file.offset(line, column)) + 1
    row = max(index for index, offset in enumerate(file.line_starts) if offset <= start)
    at = start - file.line_starts[row]
    return Span(file.path, row + 1, at, row + 1, at), "", ""


def _start(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def _end(node: ast.AST) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
