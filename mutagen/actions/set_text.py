"""A call with other arguments, written as its owner writes them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from mutagen.actions.new_call import literal
from mutagen.match.facts import equal
from mutagen.records.rules import Value
from mutagen.records.trace import Instance
from mutagen.source.call import Arguments, arguments
from mutagen.source.evaluate import Unknown, evaluate
from mutagen.source.file import SourceFile

_FULL = 110


def given_by(call: ast.Call, parameters: Sequence[str]) -> Arguments | None:
    """The arguments of a call as written, keywords that fall to ``**kwargs`` included; None where a star hides them."""
    others = [it.arg for it in call.keywords if it.arg is not None and it.arg not in parameters]
    return arguments(call, [*parameters, *others]) if len(call.args) <= len(parameters) else None


def value_texts(
    file: SourceFile, given: Arguments, group: Sequence[Instance], wanted: Mapping[str, Mapping[str, Value]]
) -> dict[str, str] | str:
    """The new text of each argument that changes; the name of one that no text gives for all instances."""
    texts: dict[str, str] = {}
    for name in wanted[group[0].path]:
        written = given.by_name.get(name)
        values = [wanted[it.path][name] for it in group]
        if all(_stands(written, it, name, value) for it, value in zip(group, values, strict=True)):
            continue
        if len(set(values)) == 1:
            texts[name] = value_text(values[0], written)
        else:
            text = _padding(file, given, group, texts, values) if name == "padding" else None
            if text is None:
                return name
            texts[name] = text
    return texts


def value_text(value: Value, written: ast.expr | None) -> str:
    """A value in the form in which the old one stands: one number, or a tuple of equal ones."""
    axes = len(written.elts) if isinstance(written, ast.Tuple) else 0
    if axes and type(value) is int:
        return literal((value,) * axes)
    return literal(value)


def _stands(written: ast.expr | None, instance: Instance, name: str, value: Value) -> bool:
    """Whether the call gives the value already, by what is written or by the constructor's default."""
    if written is None:
        return name in instance.arguments and equal(instance.arguments[name], value)
    try:
        return equal(evaluate(written, instance.chain[0].names), value)
    except Unknown:
        return False


def _padding(
    file: SourceFile, given: Arguments, group: Sequence[Instance], texts: Mapping[str, str], values: Sequence[Value]
) -> str | None:
    """``dilation * (kernel_size - 1) // 2`` in the terms of the call, if that is the padding of every instance."""
    kernel = given.by_name.get("kernel_size")
    if kernel is None:
        return None
    old = given.by_name.get("dilation")
    dilation = texts.get("dilation") or (file.text(old) if old is not None else "1")
    size = file.text(kernel)
    size = size if isinstance(kernel, ast.Name | ast.Attribute | ast.Constant) else f"({size})"
    forms = {"1": f"{size} // 2", "2": f"{size} - 1"}
    text = forms.get(dilation, f"{dilation} * ({size} - 1) // 2")
    for it, value in zip(group, values, strict=True):
        try:
            if not equal(evaluate(ast.parse(text, mode="eval").body, it.chain[0].names), value):
                return None
        except Unknown:
            return None
    return text


def changed_call(file: SourceFile, call: ast.Call, given: Arguments, texts: Mapping[str, str]) -> str:
    """The text of a call with these arguments: new ones stand behind the old ones, by name."""
    start = file.offset(call.lineno, call.col_offset)
    patches = []
    for name, text in texts.items():
        if name in given.by_name:
            node = given.by_name[name]
            patches.append((*_range(file, node), text))
    added = [f"{name}={text}" for name, text in texts.items() if name not in given.by_name]
    if added:
        at, before, between = _end_of_arguments(file, call)
        patches.append((at, at, before + between.join(added)))
    patches = _broken(file, call, sorted(patches))
    parts: list[str] = []
    done = start
    for first, last, text in patches:
        parts += [file.utf8[done:first].decode(), text]
        done = last
    return "".join([*parts, file.utf8[done : file.offset(call.end_lineno or 0, call.end_col_offset or 0)].decode()])


def _end_of_arguments(file: SourceFile, call: ast.Call) -> tuple[int, str, str]:
    """Where a further keyword goes, what stands before it, and what between two: a line each where the others have."""
    nodes = sorted([*call.args, *(it.value for it in call.keywords)], key=lambda it: _range(file, it))
    if not nodes:
        return file.offset(call.func.end_lineno or 0, call.func.end_col_offset or 0) + 1, "", ", "
    positional = [(it.lineno, it.col_offset) for it in call.args]
    starts = sorted([*positional, *((it.lineno, it.col_offset) for it in call.keywords)])
    _, end = _range(file, nodes[-1])
    line, column = starts[-1]
    alone = not file.utf8[file.line_starts[line - 1] : file.offset(line, column)].strip()
    if alone and (len(starts) == 1 or starts[-2][0] < line):
        between = f",{file.newline}{file.indent(line)}"
        return end, between, between
    return end, ", ", ", "


def _broken(file: SourceFile, call: ast.Call, patches: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The patches, the first of which begins a new line below the first argument where the line would be too long."""
    line, first = call.lineno, [*call.args, *(it.value for it in call.keywords)][:1]
    old = file.utf8[file.line_starts[line - 1] : file.line_end(line)].decode()
    grown = len(old.expandtabs(4)) + sum(len(text) - (last - start) for start, last, text in patches)
    if call.end_lineno != line or grown <= _FULL or old.startswith("\t") or not first:
        return patches
    opening = file.offset(call.func.end_lineno or line, call.func.end_col_offset or 0) + 1
    start, last, text = patches[0]
    written = [file.offset(it.lineno, it.col_offset) for it in call.args]
    written += [file.offset(it.lineno, it.col_offset) for it in call.keywords]
    begin = max((it for it in written if it <= start), default=opening)
    if start == last:
        blank = text.removeprefix(", ")
        head = f",{file.newline}" if blank != text else file.newline
        return [(start, last, f"{head}{' ' * _column(file, opening)}{blank}"), *patches[1:]]
    if begin == min(written):
        return patches
    behind = len(file.utf8[:begin].rstrip())
    blank = " " * _column(file, opening)
    gap = (behind, begin, file.newline + blank)
    start, last, text = patches[-1]
    if grown - (_column(file, begin) - len(blank)) > _FULL and start == last and len(patches) > 1:
        return [gap, *patches[:-1], (start, last, f",{file.newline}{blank}{text.removeprefix(', ')}")]
    return [gap, *patches]


def _column(file: SourceFile, offset: int) -> int:
    start = max(it for it in file.line_starts if it <= offset)
    return len(file.utf8[start:offset].decode())


def _range(file: SourceFile, node: ast.expr) -> tuple[int, int]:
    """Offsets of an expression with the brackets around it."""
    return (
        file.offset(node.lineno, node.col_offset),
        file.offset(node.end_lineno or node.lineno, node.end_col_offset or 0),
    )
