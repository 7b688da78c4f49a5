"""The text of a constructing call after ``replace``: its class changes, its arguments travel by name."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass

from mutagen.actions.captured import Written, with_captured
from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft
from mutagen.actions.own_call import written_arguments
from mutagen.actions.scene import Scene, refuse
from mutagen.blocks.groups import num_groups
from mutagen.blocks.replacement import IDENTITY, Replacement
from mutagen.records.blocks import Block
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule, Value
from mutagen.records.trace import Instance
from mutagen.source.call import Arguments, arguments
from mutagen.source.evaluate import Unknown, evaluate
from mutagen.source.file import SourceFile


@dataclass(frozen=True)
class NewCall:
    """``text`` is the whole new call; ``callee`` its class, where the arguments stay as they are, else None.

    ``makes`` is the class of torch that comes out, by its full name, if it is one.
    """

    text: str
    callee: str | None
    draft: Draft
    makes: str | None = None


def new_call(
    rule: Rule, way: Replacement, file: SourceFile, call: ast.Call, group: Sequence[Instance], scene: Scene
) -> NewCall | Refusal:
    """The call that makes the product with the same meaning, or why it cannot be written."""
    if way.target == IDENTITY:
        usable = use_torch(_torch_origin(way), file)
        return NewCall(f"{usable.name}()", None, usable.draft, _torch_origin(way))
    told = with_captured(rule, file, call, group, scene)
    if isinstance(told, Refusal):
        return told
    rule = told
    if way.source == "squeeze-excite":
        return _by_channels(rule, way, file, call, group, scene)
    given = arguments(call, way.signature)
    if way.carries is not None and given is not None:
        block = scene.blocks[str(way.block)]
        usable = use_block(scene, rule, block.name, file, call)
        written = written_arguments(way, block, call, given, group, rule.action.args, file.text, literal)
        return NewCall(_laid_out(file, call, usable.name, written), None, usable.draft)
    if way.block is not None and given is not None:
        usable = use_block(scene, rule, way.block, file, call)
        return NewCall(_renamed(file, call, usable.name, _extra(rule, given)), usable.name, usable.draft)
    if way.block is not None:
        return _hidden(rule, group[0], file, call)
    if given is None:
        return _hidden(rule, group[0], file, call)
    if way.computed == ("num_groups",):
        return _group_norm(rule, way, file, call, given, group, scene)
    usable = use_torch(_torch_origin(way), file)
    kept = _carried(file, way, given) + options(rule)
    return NewCall(_laid_out(file, call, usable.name, kept), None, usable.draft, _torch_origin(way))


def options(rule: Rule) -> list[str]:
    """The arguments that a rule gives to its block, as source."""
    return [f"{option}={literal(value)}" for option, value in rule.action.args.items()]


def given_to(rule: Rule, block: Block, counts: Sequence[str]) -> str:
    """What a call gives to a block: the channels, by name where other arguments come first, and what the rule says."""
    names = [name for name, origin in block.arguments.items() if origin in ("channels", "channels_other")]
    given = [f"{name}={text}" if block.by_name else text for name, text in zip(names, counts, strict=True)]
    return ", ".join([*given, *options(rule)])


def literal(value: Value) -> str:
    """A value from a rule as source."""
    if isinstance(value, Written):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value).replace("e-0", "e-") if isinstance(value, float) else repr(value)


def _group_norm(
    rule: Rule,
    way: Replacement,
    file: SourceFile,
    call: ast.Call,
    given: Arguments,
    group: Sequence[Instance],
    scene: Scene,
) -> NewCall | Refusal:
    channels = given.by_name.get("num_features")
    if channels is None:
        return _hidden(rule, group[0], file, call)
    rest, makes = _carried(file, way, given), _torch_origin(way)
    keyword = channels not in call.args
    named = f"num_channels={file.text(channels)}" if keyword else file.text(channels)
    count = rule.action.args.get("num_groups", "auto")
    if isinstance(count, int | Written) or isinstance(channels, ast.Constant):
        number = count if isinstance(count, int | Written) else num_groups(int(str(evaluate(channels, {}))))
        usable = use_torch(_torch_origin(way), file)
        text = _laid_out(file, call, usable.name, [f"num_groups={number}" if keyword else str(number), named, *rest])
        return NewCall(text, None, usable.draft, makes)
    factory = scene.blocks[str(way.factory)]
    if any(name in way.keep and name not in factory.arguments for name in given.by_name):
        return _hidden(rule, group[0], file, call)
    usable = use_block(scene, rule, factory.name, file, call)
    return NewCall(_laid_out(file, call, usable.name, [named, *rest]), None, usable.draft, makes)


def _by_channels(
    rule: Rule, way: Replacement, file: SourceFile, call: ast.Call, group: Sequence[Instance], scene: Scene
) -> NewCall | Refusal:
    """``SELayer(planes, 16)`` becomes ``ECA(planes)``: the argument that is the number of channels everywhere."""
    candidates = [*call.args, *(keyword.value for keyword in call.keywords)]
    fitting = [it for it in candidates if all(_equals(it, instance) for instance in group)]
    if not fitting:
        message = "no argument of the call is the number of channels"
        advice = "write the block with its channels as an argument, or exclude it with `not: {path: ...}`"
        return refuse(rule, group[0].path, "no-expression", message, advice, where=file.span(call))
    usable = use_block(scene, rule, str(way.block), file, call)
    return NewCall(f"{usable.name}({', '.join([file.text(fitting[0]), *options(rule)])})", None, usable.draft)


def _equals(node: ast.expr, instance: Instance) -> bool:
    try:
        value = evaluate(node, instance.chain[0].names)
    except Unknown:
        return False
    return type(value) is int and value == instance.facts.get("channels")


def _torch_origin(way: Replacement) -> str:
    return "torch." + str(way.torch_name)


def _carried(file: SourceFile, way: Replacement, given: Arguments) -> list[str]:
    return [f"{name}={file.text(node)}" for name, node in given.by_name.items() if name in way.keep]


def _laid_out(file: SourceFile, call: ast.Call, name: str, given: Sequence[str]) -> str:
    """The call, with its arguments one a line where the old call has two or more so."""
    old: list[ast.expr] = [*call.args, *(it.value for it in call.keywords)]
    starts = [*(it.lineno for it in call.args), *(it.lineno for it in call.keywords)]
    spread = len(old) > 1 and len(given) > 1 and min(starts) > call.lineno and len(set(starts)) == len(starts)
    if not spread:
        return f"{name}({', '.join(given)})"
    newline, indent = file.newline, file.indent(starts[0])
    inside = file.text(call)[:-1]
    comma = "," if inside.rstrip().endswith(",") else ""
    closing = f"{newline}{file.indent(call.end_lineno or call.lineno)}" if inside.rstrip(" \t").endswith("\n") else ""
    lines = f",{newline}{indent}".join(given)
    return f"{name}({newline}{indent}{lines}{comma}{closing})"


def _extra(rule: Rule, given: Arguments) -> list[str]:
    return [f"{name}={literal(value)}" for name, value in rule.action.args.items() if name not in given.by_name]


def _renamed(file: SourceFile, call: ast.Call, name: str, extra: Sequence[str]) -> str:
    """The call with another callee; lines that were aligned with its bracket stay aligned."""
    old = file.text(call)
    width = len(file.text(call.func))
    arguments_text = old[width:]
    if extra:
        closing = arguments_text.rstrip()[:-1].rstrip().rstrip(",")
        separator = ", " if call.args or call.keywords else ""
        arguments_text = closing + separator + ", ".join(extra) + ")"
    lines = arguments_text.split("\n")
    bracket = call.col_offset + width + 1
    if call.func.end_lineno == call.lineno and not lines[0].rstrip("\r").endswith("("):
        lines[1:] = [_shifted(line, bracket, len(name) - width) for line in lines[1:]]
    return name + "\n".join(lines)


def _shifted(line: str, bracket: int, by: int) -> str:
    blank = len(line) - len(line.lstrip(" "))
    if blank != bracket:
        return line
    return " " * (blank + by) + line.lstrip(" ")


def _hidden(rule: Rule, instance: Instance, file: SourceFile, call: ast.Call) -> Refusal:
    message = "the call passes arguments that cannot be read from the source (a star, or an unknown name)"
    return refuse(rule, instance.path, "hidden-arguments", message, "write the arguments out", where=file.span(call))
