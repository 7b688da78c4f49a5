"""What is given to a class of the rule file that takes the place of a module: arguments of the old one, by name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence

from mutagen.blocks.carried import plain
from mutagen.blocks.replacement import Replacement
from mutagen.match.facts import equal
from mutagen.match.wanted import value_of
from mutagen.records.blocks import Block
from mutagen.records.rules import Value
from mutagen.records.trace import Instance
from mutagen.source.call import Arguments


def written_arguments(
    way: Replacement,
    block: Block,
    call: ast.Call,
    given: Arguments,
    group: Sequence[Instance],
    args: Mapping[str, Value],
    texts: Callable[[ast.expr], str],
    shown: Callable[[Value], str],
) -> list[str]:
    """The arguments of the new call, in its order: by position as far as the old call gave them so.

    What the old call leaves out is said where the new class would take another value.
    """
    sources = {to: name for name, to in (way.carries or {}).items() if to not in args}
    found: list[str] = []
    by_position = True
    for target in block.arguments:
        source = sources.get(target)
        node = given.by_name.get(source) if source is not None else None
        if node is not None:
            by_position = by_position and node in call.args
            found.append(texts(node) if by_position else f"{target}={texts(node)}")
            continue
        by_position = False
        if source is None or _is_usual(target, source, block, group):
            continue
        found += [f"{target}={shown(plain(value))}" for value in _shared(group, source)]
    return [*found, *(f"{name}={shown(value)}" for name, value in args.items())]


def told_by_old(
    way: Replacement, block: Block, group: Sequence[Instance], args: Mapping[str, Value], child: str
) -> Iterator[str]:
    """The arguments of the new class as the old module tells them, which is ``child``."""
    sources = {to: name for name, to in (way.carries or {}).items() if to not in args}
    by_position = True
    for target in block.arguments:
        source = sources.get(target)
        if source is None or _is_usual(target, source, block, group):
            by_position = False
            continue
        value = f"{child}.{source}"
        if source == "bias":
            value = f"{child}.bias is not None"
        elif any(isinstance(it.facts.get(source), tuple) and not isinstance(_plain(it, source), tuple) for it in group):
            value = f"{child}.{source}[0]"
        yield value if by_position else f"{target}={value}"


def differing(way: Replacement, block: Block, group: Sequence[Instance], given: set[str]) -> dict[str, Value] | None:
    """What no call gives and the new class would take otherwise; None where the modules differ in that."""
    found: dict[str, Value] = {}
    for source, target in (way.carries or {}).items():
        if source in given or _is_usual(target, source, block, group):
            continue
        values = [plain(value_of(it, source)) for it in group]
        if any(it != values[0] for it in values):
            return None
        found[target] = values[0]
    return found


def _plain(instance: Instance, source: str) -> Value:
    return plain(instance.facts.get(source))


def _shared(group: Sequence[Instance], source: str) -> tuple[Value, ...]:
    """The value that all modules have, if it is one."""
    values = [value_of(it, source) for it in group]
    return (values[0],) if all(it == values[0] for it in values) else ()


def _is_usual(target: str, source: str, block: Block, group: Sequence[Instance]) -> bool:
    """Whether the class takes for itself what all the old modules have."""
    if target not in block.defaults:
        return False
    return all(equal(value_of(it, source), block.defaults[target]) for it in group)
