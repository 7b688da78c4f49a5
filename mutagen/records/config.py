"""What ``[tool.mutagen]`` says, with paths in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutagen.records.options import Scope
    from mutagen.records.rules import Style


@dataclass(frozen=True, slots=True)
class Entry:
    """One target: its file, or a dotted module, and how its model is built, run and proved; ``rules`` are its own.

    Texts are as the flags take them.
    """

    target: str
    model: str | None = None
    inputs: tuple[str, ...] = ()
    inputs_from: str | None = None
    prove_with: str | None = None
    prove_inputs: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """The table of one file. ``exclude`` are patterns of files that are never edited.

    ``per_file_ignores`` are pairs of a pattern and the rules that leave such files alone.
    """

    file: str
    rules: tuple[str, ...] = ()
    targets: tuple[Entry, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    scope: Scope | None = None
    style: Style | None = None
