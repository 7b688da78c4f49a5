"""What a parting is made of: runs of expressions, needs of functions, what calls pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mutagen.actions.parting_loop import Loop
from mutagen.records.rules import Value
from mutagen.records.span import Span
from mutagen.records.trace import CallSite
from mutagen.source.anchor import Function
from mutagen.source.file import SourceFile


class NoParting(Exception):
    """Nothing short tells the selected from the others; ``where`` is the call at which the way ends."""

    def __init__(self, message: str, where: Span | None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where


@dataclass(frozen=True)
class Run:
    """One run of an expression: its chain, innermost first, the value wanted there, the path of what it made."""

    chain: tuple[CallSite, ...]
    value: Value
    made: str | None = None


@dataclass(frozen=True)
class Need:
    """A function needs a parameter; ``runs`` are the calls of it by the activation that each starts.

    ``default`` is what old calls get. ``through`` names the parameter where ``**kwargs`` carries it without an edit.
    """

    file: str
    line: int
    runs: Mapping[int, Run]
    default: Value = False
    through: str | None = None


@dataclass(frozen=True)
class Parameter:
    """What came of the needs of one function that agree."""

    need: Need
    name: str


@dataclass(frozen=True)
class Passed:
    """What stands at an expression: ``text`` with ``{}`` for the name of the parameter that ``need`` asks for."""

    text: str
    need: Need | None = None
    loops: tuple[Loop, ...] = ()


@dataclass(frozen=True)
class Solution:
    """All parameters, and for each call that sets or hands one on, what it passes."""

    parameters: tuple[Parameter, ...]
    calls: tuple[tuple[Span, str, str], ...] = ()
    loops: tuple[Loop, ...] = ()


def need_of(
    file: SourceFile, function: Function, marks: Mapping[int, Run], default: Value, *, through: str | None = None
) -> Need:
    """The need of the function around an expression, whose activations were started one level further out."""
    runs = {key: Run(run.chain[1:], run.value, run.chain[0].owner) for key, run in marks.items()}
    return Need(file.path, function.lineno, runs, default, through)
