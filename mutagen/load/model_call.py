"""Reads and writes model calls: ``UNet(3, n_classes=2)``, ``pkg.Model(Config(depths=[2, 2]))``, ``Net``.

The text is only parsed, never evaluated; ``format_call`` is the inverse of ``parse_call``.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Mapping
from typing import cast

from mutagen.errors import Place, TargetError
from mutagen.records.target import Call, CallValue, Collection, Name

_HINT = (
    "write a call of literals, names and nested calls, such as --model 'UNet(3, depths=[2, 2], norm=nn.BatchNorm2d)'"
)
_DISPLAYS = {"list": ("[", "]"), "tuple": ("(", ")"), "dict": ("{", "}")}


def parse_call(text: str, *, source: str = "--model") -> Call:
    """The call that a text makes; a bare name is a call without arguments. ``source`` names in errors who gave it.

    Raises TargetError with the place of the first part that is not a literal, a name or a call.
    """
    reader = _Reader(text, source)
    node = reader.parse()
    value = Call(_dotted(node)) if isinstance(node, ast.Name | ast.Attribute) and _dotted(node) else reader.value(node)
    if not isinstance(value, Call):
        raise reader.error(node, "this is not a model, but a value")
    return value


def format_call(call: Call) -> str:
    """The text of a call, with arguments in their order."""
    args = [_format(value) for value in call.args]
    kwargs = [f"{name}={_format(value)}" for name, value in call.kwargs.items()]
    return f"{call.callee}({', '.join(args + kwargs)})"


def call_from_parts(factory: str, args: list[object], kwargs: Mapping[str, object]) -> Call:
    """The call that the parts of a rule file make; a string stays a string, it never becomes a name."""
    return Call(factory, tuple(_plain(value) for value in args), {name: _plain(kwargs[name]) for name in kwargs})


class _Reader:
    """Turns the tree of a text into records; errors carry the place in the text."""

    def __init__(self, text: str, source: str) -> None:
        self._text = text.strip()
        self._source = source

    def parse(self) -> ast.expr:
        if not self._text:
            raise self._error(1, 1, 1, "the model call is empty")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an escape such as "\d" is the user's own affair
                return ast.parse(self._text, mode="eval").body
        except SyntaxError as error:
            line = min(max(error.lineno or 1, 1), len(self._text.splitlines()))
            longest = len(self._text.splitlines()[line - 1])
            raise self._error(
                line, min(max(error.offset or 1, 1), longest + 1), 1, f"not a call: {error.msg}"
            ) from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise self._error(1, 1, 1, f"not a call: {error or 'too deeply nested'}") from error

    def value(self, node: ast.expr) -> CallValue:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None as literal):
                return literal
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if not isinstance(
                number, bool
            ):
                return -number
            case ast.Name() | ast.Attribute():
                return Name(self._name(node))
            case ast.List(elts=items):
                return Collection("list", tuple(self.value(item) for item in items))
            case ast.Tuple(elts=items):
                return Collection("tuple", tuple(self.value(item) for item in items))
            case ast.Dict():
                return Collection("dict", tuple(self._pair(node, key, value) for key, value in _pairs(node)))
            case ast.Call():
                return self._call(node)
            case _:
                raise self.error(node, f"{_words(node)} cannot stand in a model call")

    def error(self, node: ast.expr, message: str) -> TargetError:
        written = self._text.splitlines()[node.lineno - 1]
        ends_here = node.end_lineno == node.lineno and node.end_col_offset is not None
        first = _characters(written, node.col_offset)
        last = _characters(written, node.end_col_offset or 0) if ends_here else len(written)
        return self._error(node.lineno, first + 1, max(1, last - first), message)

    def _call(self, node: ast.Call) -> Call:
        given: set[str | None] = set()
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.error(keyword.value, "** cannot stand in a model call")
            if keyword.arg in given:
                raise self.error(keyword.value, f"{keyword.arg} is given twice")
            given.add(keyword.arg)
        args = tuple(self.value(item) for item in node.args)
        return Call(self._name(node.func), args, {str(item.arg): self.value(item.value) for item in node.keywords})

    def _name(self, node: ast.expr) -> str:
        name = _dotted(node)
        if not name:
            raise self.error(node, f"{_words(node)} is not a dotted name")
        return name

    def _pair(self, whole: ast.Dict, key: ast.expr | None, value: ast.expr) -> CallValue:
        if key is None:
            raise self.error(whole, "** cannot stand in a model call")
        return cast(CallValue, (self.value(key), self.value(value)))

    def _error(self, line: int, column: int, length: int, message: str) -> TargetError:
        shown = self._text.splitlines()[line - 1] if self._text else ""
        frame = f"{shown}\n{' ' * (column - 1)}{'^' * length}"
        return TargetError("T020", message, place=Place(self._source, line, column, length), hint=_HINT, detail=frame)


def _characters(text: str, column: int) -> int:
    """A column of the tree, which counts UTF-8 bytes, in characters."""
    return len(text.encode()[:column].decode(errors="replace"))


def _pairs(node: ast.Dict) -> list[tuple[ast.expr | None, ast.expr]]:
    return list(zip(node.keys, node.values, strict=True))


def _dotted(node: ast.expr) -> str:
    """``a.b.c`` for names and attributes of names, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def _words(node: ast.expr) -> str:
    match node:
        case ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.UnaryOp():
            return "an operation"
        case ast.Lambda():
            return "a lambda"
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return "a comprehension"
        case ast.Attribute() | ast.Call():
            return "an attribute or call of a result"
        case ast.Starred():
            return "*"
        case ast.JoinedStr():
            return "an f-string"
        case ast.Constant(value=value) if value is Ellipsis:
            return "the constant ... (put a value of yours in its place)"
        case ast.Constant():
            return "a constant of this kind"
        case _:
            return f"{type(node).__name__.lower()} syntax"


def _format(value: CallValue) -> str:
    match value:
        case Call():
            return format_call(value)
        case Name(dotted):
            return dotted
        case Collection("dict", items):
            pairs = [f"{_format(item[0])}: {_format(item[1])}" for item in items if isinstance(item, tuple)]
            return "{" + ", ".join(pairs) + "}"
        case Collection(kind, items):
            return _display(kind, items)
        case tuple():
            return _display("tuple", value)
        case float() if math.isnan(value):
            return "float('nan')"
        case float() if math.isinf(value):
            return "1e999" if value > 0 else "-1e999"
        case _:
            return repr(value)


def _display(kind: str, items: tuple[CallValue, ...]) -> str:
    start, end = _DISPLAYS[kind]
    comma = "," if kind == "tuple" and len(items) == 1 else ""
    return f"{start}{', '.join(_format(item) for item in items)}{comma}{end}"


def _plain(value: object) -> CallValue:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return Collection("list" if isinstance(value, list) else "tuple", tuple(_plain(item) for item in value))
    if isinstance(value, Mapping):
        return Collection("dict", tuple(cast(CallValue, (_plain(key), _plain(item))) for key, item in value.items()))
    message = f"{value!r} is neither a number, a string, a truth value, a list nor a mapping"
    raise TargetError("T021", message, hint="write it in quotes, or build the model in a function without arguments")
