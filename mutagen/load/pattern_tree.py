"""The text of a pattern: ``relu(add(bn(conv(x)), y))``, parts with what they read, the last to run outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

_TOKEN = re.compile(r"\s*([A-Za-z_]\w*|\S)")
_MOST: Final = 2
_MOST_PARTS: Final = 40


@dataclass(frozen=True, slots=True)
class Pattern:
    """The names of the parts, the last to run first, and what each of them reads: parts, or ``free`` names.

    ``places`` are those of the parts in the text, from 1.
    """

    parts: tuple[str, ...]
    reads: Mapping[str, tuple[str, ...]]
    free: tuple[str, ...]
    places: Mapping[str, int]


def pattern_of(text: str) -> Pattern:
    """What a pattern says; raises ValueError with what is wrong and where, in a sentence."""
    reading = _Reading(text, list(_tokens(text)))
    name = reading.expression()
    if reading.rest:
        raise reading.wrong(f"{reading.rest[0][0]!r} is too much")
    if not reading.parts:
        raise ValueError(f"{name!r} is no operation that reads something, such as relu(bn(conv(x)))")
    both = next((it for it in reading.free if it in reading.parts), None)
    if both is not None:
        raise ValueError(f"the name {both!r} stands for a part and for what is read: call one of them otherwise")
    return Pattern(tuple(reading.parts), reading.parts, tuple(dict.fromkeys(reading.free)), reading.places)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    for found in _TOKEN.finditer(text):
        yield found[1], found.start(1) + 1


@dataclass
class _Reading:
    """What is left of a text, and what was found in it."""

    text: str
    rest: list[tuple[str, int]]
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)

    def expression(self) -> str:
        """Read a free name, or a part with all that it reads; its name."""
        name, place = self.take("a name is missing")
        if not name.isidentifier():
            raise ValueError(f"{name!r} is no name, at character {place} of {self.text!r}")
        if not self.rest or self.rest[0][0] != "(":
            self.free.append(name)
            return name
        if name in self.parts:
            message = f"the name {name!r} stands twice, at character {place}; number the parts: {name}1, {name}2"
            raise ValueError(message)
        if len(self.parts) == _MOST_PARTS:
            raise ValueError(f"a pattern has {_MOST_PARTS} parts at most; {name!r} at character {place} is one more")
        self.take("")
        self.parts[name], self.places[name] = (), place
        self.parts[name] = tuple(self._operands(name, place))
        return name

    def _operands(self, name: str, place: int) -> Iterator[str]:
        yield self.expression()
        count = 1
        while True:
            token, at = self.take(f"the bracket of {name!r} is not closed")
            if token == ")":
                return
            count += 1
            if token != ",":
                raise ValueError(f"{token!r} stands where a comma or a bracket should, at character {at}")
            if count > _MOST:
                raise ValueError(f"{name!r} reads more than two tensors, at character {place} of {self.text!r}")
            yield self.expression()

    def take(self, otherwise: str) -> tuple[str, int]:
        """The next token; ValueError where there is none."""
        if not self.rest:
            raise ValueError(f"{otherwise}, at the end of {self.text!r}")
        return self.rest.pop(0)

    def wrong(self, what: str) -> ValueError:
        """The error at the next token."""
        return ValueError(f"{what}, at character {self.rest[0][1]} of {self.text!r}")
