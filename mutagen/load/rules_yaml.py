"""YAML 1.2 text to plain data in which the place of every key and value is known."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from mutagen.errors import Place, RuleError

Loc = tuple[int | str, ...]

MAX_BYTES = 100_000
MAX_NODES = 5_000
MAX_DEPTH = 40

_LOOK = "look at this place and just above it: indentation, a bracket or quote that is not closed"
_SPLIT = "split it into several files of one folder"
_FLATTEN = "flatten the file"
_PREFIX = "tag:yaml.org,2002:"
_TEXT_TAGS = {f"{_PREFIX}str", f"{_PREFIX}timestamp", f"{_PREFIX}merge"}


@dataclass
class Document:
    """One YAML document: its data, where each key and value stands, and what was wrong with its form."""

    file: str
    data: Any = None
    keys: dict[Loc, Place] = field(default_factory=dict)
    values: dict[Loc, Place] = field(default_factory=dict)
    errors: list[RuleError] = field(default_factory=list)

    def place(self, loc: Loc, *, key: bool = False) -> Place:
        """Where the value (or the key) at ``loc`` stands, or the closest thing around it that is in the file."""
        for end in range(len(loc), 0, -1):
            exact = end == len(loc)
            first, second = (self.keys, self.values) if key or not exact else (self.values, self.keys)
            found = first.get(loc[:end]) or second.get(loc[:end])
            if found:
                return found
        return self.values.get((), Place(self.file, 1, 1))


def parse(raw: bytes, file: str) -> Document:
    """The document in ``raw``; raises RuleError where no document can be made out of it."""
    text = _decode(raw, file)
    root = _compose(text, file)
    if root is None:
        raise RuleError(
            "R110", "the rule file is empty", place=Place(file, 1, 1), hint="start with `version: 1` and `rules:`"
        )
    document = Document(file)
    _Builder(document).build(root)
    return document


def _decode(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        message = f"the rule file has {len(raw):,} bytes; the limit is {MAX_BYTES:,}"
        raise RuleError("R105", message, place=Place(file), hint=_SPLIT)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].rpartition(b"\n")
        line = before[0].count(b"\n") + (2 if before[1] else 1)
        place = Place(file, line, len(before[2].decode("utf-8-sig", errors="replace")) + 1)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise RuleError("R102", message, place=place, hint="save the file as UTF-8") from error


def _compose(text: str, file: str) -> Node | None:
    loader = YAML(typ="safe", pure=True)
    loader.Composer = _Counting
    try:
        root: Node | None = loader.compose(text)
    except MarkedYAMLError as error:
        raise _syntax_error(error, file) from error
    except ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = f"character U+{int(error.character):04X} is not allowed in YAML"
        raise RuleError("R103", message, place=place, hint="take it out, and save the file as text") from error
    except _TooMuch as error:
        raise RuleError("R105", error.message, place=Place(file, *error.at), hint=error.hint) from None
    except YAMLError as error:
        raise RuleError("R103", f"not YAML: {error}", place=Place(file), hint=_LOOK) from error
    return root


class _TooMuch(Exception):
    """A document with more values, or deeper ones, than any file of rules has."""

    def __init__(self, message: str, hint: str, *, at: tuple[int, int]) -> None:
        super().__init__(message)
        self.message, self.hint, self.at = message, hint, at


class _Counting(Composer):
    """A composer that stops before a large or deep file has cost seconds."""

    composed = 0
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node."""
        self.composed += 1
        self.depth += 1
        if self.composed > MAX_NODES:
            raise _TooMuch(f"more than {MAX_NODES:,} values", _SPLIT, at=self._here())
        if self.depth > MAX_DEPTH + 2:
            raise _TooMuch(f"values are nested deeper than {MAX_DEPTH} levels", _FLATTEN, at=self._here())
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _here(self) -> tuple[int, int]:
        mark = self.parser.peek_event().start_mark
        return mark.line + 1, mark.column + 1


def _syntax_error(error: MarkedYAMLError, file: str) -> RuleError:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    problem = error.problem or "not YAML"
    if "\\t" in problem:
        return RuleError("R103", "a tab cannot indent YAML", place=place, hint="indent with spaces")
    context = f" {error.context}" if error.context else ""
    hint = _LOOK
    if "mapping values are not allowed" in problem:
        hint = "put a value that holds `: ` in quotes, and check the indentation"
    elif "undefined alias" in problem:
        hint = "define it first with &name; a text that starts with `*` needs quotes"
    elif "another document" in problem:
        hint = "use one file for each rule set"
    return RuleError("R103", f"not YAML:{context} {problem}".strip(), place=place, hint=hint)


class _Builder:
    """Turns nodes into plain data; counts what it makes, so that aliases cannot blow up."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.made = 0

    def build(self, root: Node) -> None:
        self.document.data = self._value(root, ())

    def _value(self, node: Node, loc: Loc) -> Any:
        self.made += 1
        place = _place(node, self.document.file)
        if self.made > MAX_NODES:
            message = f"anchors expand to more than {MAX_NODES:,} values"
            raise RuleError("R105", message, place=place, hint="write the rules out or split the file")
        if len(loc) > MAX_DEPTH:
            message = f"values are nested deeper than {MAX_DEPTH} levels, or an anchor holds itself"
            raise RuleError("R105", message, place=place, hint=_FLATTEN)
        self.document.values.setdefault(loc, place)
        if isinstance(node, ScalarNode):
            return self._scalar(node, place)
        if node.tag not in (f"{_PREFIX}map", f"{_PREFIX}seq"):
            self._refuse_tag(node, place)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*loc, index)) for index, item in enumerate(node.value)]
        return self._mapping(node, loc) if isinstance(node, MappingNode) else None

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key_place = _place(key_node, self.document.file)
            key = self._scalar(key_node, key_place) if isinstance(key_node, ScalarNode) else key_node
            if not isinstance(key, str):
                self._report("R106", "a key must be a text", key_place, "put it in quotes")
                continue
            if key in found:
                first = self.document.keys[(*loc, key)].line
                message = f"key {key!r} is given twice (first in line {first})"
                self._report("R104", message, key_place, "keep one of them")
                continue
            self.document.keys.setdefault((*loc, key), key_place)
            if value_node.start_mark.index == value_node.end_mark.index:
                # A value that is left out has no place of its own.
                self.document.values.setdefault((*loc, key), key_place)
            found[key] = self._value(value_node, (*loc, key))
        return found

    def _scalar(self, node: ScalarNode, place: Place) -> Hashable:
        kind = node.tag.removeprefix(_PREFIX) if isinstance(node.tag, str) else str(node.tag)
        if kind == "null":
            return None
        if kind in _READERS:
            try:
                return _READERS[kind](str(node.value).lower())
            except (ValueError, KeyError):
                self._report("R106", f"{node.value!r} cannot be read as {kind}", place, "put a text in quotes")
        elif node.tag not in _TEXT_TAGS:
            self._refuse_tag(node, place)
        return str(node.value)

    def _refuse_tag(self, node: Node, place: Place) -> None:
        self._report("R106", f"tag {node.tag} is not allowed", place, "rule files hold plain YAML 1.2 values")

    def _report(self, code: str, message: str, place: Place, hint: str) -> None:
        self.document.errors.append(RuleError(code, message, place=place, hint=hint))


def _integer(text: str) -> int:
    return int(text, 0) if text.lstrip("+-")[:2] in ("0x", "0o", "0b") else int(text)


def _number(text: str) -> float:
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_READERS: dict[str, Callable[[str], bool | int | float]] = {
    "bool": {"true": True, "false": False}.__getitem__,
    "int": _integer,
    "float": _number,
}


def _place(node: Node, file: str) -> Place:
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if isinstance(node, ScalarNode) and end.line == start.line else 1
    return Place(file, start.line + 1, start.column + 1, max(length, 1))
