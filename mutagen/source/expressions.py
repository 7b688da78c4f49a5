"""Numbers as the owner of the file would write them.

An inserted block needs channel counts as source. Candidates are what can be said where the expression will stand: names
of the frame, attributes of ``self``, expressions already written in that function. Each is evaluated in the recorded
names of every instance; the ones that give the traced value everywhere may stand for it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mutagen.records.rules import Value
from mutagen.source.evaluate import Unknown, evaluate
from mutagen.source.file import SourceFile
from mutagen.source.names import dotted


@dataclass(frozen=True)
class Observation:
    """What was recorded for one instance at the place of insertion, and the value that is wanted there."""

    names: Mapping[str, Value]
    value: int


def expression_for(
    file: SourceFile,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    observations: Sequence[Observation],
    *,
    nearby: Sequence[ast.AST] = (),
    hidden: frozenset[str] = frozenset(),
    siblings: Sequence[tuple[str, Sequence[Value]]] = (),
    called: str = "",
) -> str | None:
    """The text that gives each observation's value, or None.

    ``nearby`` are expressions to be preferred, best first: what the construct call of the tensor's producer is given.
    ``hidden`` are names that may have another value at the place of insertion. ``siblings`` are attribute texts
    (``self.conv2.out_channels``) with their value for each observation: the last resort before a literal. Of several
    names those that share a word with ``called``, what the tensor is called in ``forward``, come first.
    """
    for node in nearby:
        text = _best_nearby(file, node, observations, hidden)
        if text is not None:
            return text
    written = _written(file, function, hidden)
    for candidates in (_parameters(function, written), written, _recorded(observations, hidden)):
        fitting = [text for text, node in candidates.items() if _fits(node, observations)]
        if fitting:
            twins = {text for text in fitting if _out_of(text) != text and _out_of(text) in fitting}
            return min(fitting, key=lambda text: (not _words(text) & _words(called), text in twins, len(text), text))
    for text, values in siblings:
        if list(values) == [it.value for it in observations]:
            return text
    multiple = _multiple(written, observations)
    if multiple is not None:
        return multiple
    distinct = {it.value for it in observations}
    return str(distinct.pop()) if len(distinct) == 1 else None


def _out_of(name: str) -> str:
    """``out_channels`` for ``in_channels``: where both hold, what a tensor has is what was put out."""
    if name == "inp":
        return "oup"
    return re.sub(r"(?<![a-z])in(?=_|put)|^in(?=[a-z]*(?:planes|ch|channels)$)", "out", name)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 2 and word != "self"}


def _best_nearby(
    file: SourceFile, node: ast.AST, observations: Sequence[Observation], hidden: frozenset[str]
) -> str | None:
    """The outermost fitting expression of a call, of several the last: constructors name inputs before outputs."""
    if isinstance(node, ast.Constant) and _fits(node, observations):
        return file.text(node)
    level: list[ast.AST] = [node]
    while level:
        candidates = _listed(file, (it for it in level if isinstance(it, ast.expr)), hidden)
        fitting = [text for text, it in candidates.items() if _fits(it, observations)]
        if fitting:
            return fitting[-1]
        level = [child for it in level for child in ast.iter_child_nodes(it)]
    return None


def _written(file: SourceFile, scope: ast.AST, hidden: frozenset[str]) -> dict[str, ast.expr]:
    """Expressions of names and arithmetic that are written in a scope, by text."""
    return _listed(file, (it for it in ast.walk(scope) if isinstance(it, ast.expr)), hidden)


def _listed(file: SourceFile, nodes: Iterable[ast.expr], hidden: frozenset[str]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in _readable(nodes):
        names = {dotted(it) or "" for it in ast.walk(node) if isinstance(it, ast.Name | ast.Attribute)}
        if not names & hidden:
            text = file.text(node)
            if "\n" not in text and "\r" not in text and len(text) <= 60:
                found.pop(f"({text})" if isinstance(node, ast.IfExp) else text, None)
                found[f"({text})" if isinstance(node, ast.IfExp) else text] = node
    return found


def _multiple(written: dict[str, ast.expr], observations: Sequence[Observation]) -> str | None:
    """``width * 4`` where the function itself writes such products of ``width``."""
    products = [it for it in written.values() if isinstance(it, ast.BinOp) and isinstance(it.op, ast.Mult)]
    for name in dict.fromkeys(dotted(side) for it in products for side in (it.left, it.right)):
        factors = {_factor(it, name) for it in observations}
        factor = factors.pop()
        if factor is not None and not factors:
            return f"{name} * {factor}"
    return None


def _factor(observation: Observation, name: str | None) -> int | None:
    value = observation.names.get(name or "")
    if type(value) is not int or value < 4 or observation.value % value:
        return None
    factor = observation.value // value
    return factor if 2 <= factor <= 16 else None


def _readable(nodes: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for node in nodes:
        loaded = not isinstance(getattr(node, "ctx", ast.Load()), ast.Store)
        if isinstance(node, ast.Name | ast.Attribute | ast.BinOp | ast.Subscript | ast.IfExp) and loaded:
            yield node


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, written: dict[str, ast.expr]) -> dict[str, ast.expr]:
    names = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
    return {text: node for text, node in written.items() if isinstance(node, ast.Name) and node.id in names}


def _recorded(observations: Sequence[Observation], hidden: frozenset[str]) -> dict[str, ast.expr]:
    shared = set(observations[0].names) if observations else set()
    for it in observations:
        shared &= set(it.names)
    return {name: ast.parse(name, mode="eval").body for name in sorted(shared - hidden) if _is_expression(name)}


def _is_expression(name: str) -> bool:
    return all(part.isidentifier() and not part.startswith("__") for part in name.split("."))


def _fits(node: ast.expr, observations: Sequence[Observation]) -> bool:
    try:
        values = [evaluate(node, it.names) for it in observations]
    except Unknown:
        return False
    return all(type(value) is int and value == it.value for value, it in zip(values, observations, strict=True))


def holds(node: ast.expr, names: Mapping[str, Value]) -> bool | None:
    """Whether a condition is true in recorded names; None where that cannot be told."""
    try:
        return bool(evaluate(node, names))
    except Unknown:
        return None
