"""The text of a block as it goes into a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from mutagen.blocks.borrow import fitting, loan_of, renamed
from mutagen.blocks.catalogue import Names
from mutagen.blocks.text import Blocks, block_text, uses_of
from mutagen.records.blocks import Block
from mutagen.records.plan import Definition, Import
from mutagen.rewrite.imports import statement_of
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, name_for

_ORIGINS = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "math": "math",
    "partial": "functools.partial",
}
_WANTED = {
    "torch": ("torch", None, None),
    "nn": ("torch", "nn", None),
    "F": ("torch.nn.functional", None, "F"),
    "math": ("math", None, None),
    "partial": ("functools", "partial", None),
}


def definition_text(
    definition: Definition, file: SourceFile, blocks: Blocks, *, written: dict[str, str] | None = None
) -> tuple[str, list[Import]]:
    """The class in the file's own names, indentation and line ends, and the imports that it still lacks.

    ``written`` are statements by their names that other definitions have brought into the file; it is added to.
    """
    block = blocks[definition.block]
    if block.borrowed is not None:
        text, lacking = _lent(block, definition, file, {} if written is None else written)
    else:
        names = imported_names(file)
        known = {it: name_for(_ORIGINS[it], names) for it in block.imports}
        lacking = [Import(file.path, *_WANTED[it]) for it, name in known.items() if name is None]
        own = Names(**{it: name for it, name in known.items() if name})
        text = block_text(block, own, definition.name, blocks=blocks, parts=dict(definition.parts))
    crowded = _blank_lines(file, definition.before) == 1
    apart = crowded and _leaves_two(file, definition.before)
    text = ("\n" if apart else "") + text.rstrip("\n") + ("\n\n" if crowded and not apart else "\n\n\n")
    return _in_style(text, file), lacking


def _lent(block: Block, definition: Definition, file: SourceFile, written: dict[str, str]) -> tuple[str, list[Import]]:
    """What a borrowed class needs that the file has not got yet."""
    assert block.borrowed is not None
    loan = renamed(loan_of(block.borrowed), block.written, definition.name)
    there = fitting(loan, file) or frozenset()
    pieces = [it for it in loan.pieces if not there.issuperset(it.names) and written.get(it.names[0]) != it.text]
    written.update((it.names[0], it.text) for it in pieces)
    have = imported_names(file)
    lacking = [replace(it, file=file.path) for it in loan.imports if (it.alias or it.name or _top(it)) not in have]
    return "\n\n\n".join([f"{loan.head}\n{pieces[0].text}", *(it.text for it in pieces[1:])]), lacking


def _top(wanted: Import) -> str:
    return wanted.module.partition(".")[0]


def _in_style(text: str, file: SourceFile) -> str:
    if _uses_tabs(file):
        text = "\n".join(_tabbed(line) for line in text.split("\n"))
    return text.replace("\n", file.newline)


def _blank_lines(file: SourceFile, line: int) -> int:
    """Empty lines above a line: as many as its owner leaves between classes."""
    lines = file.utf8.replace(b"\r\n", b"\n").split(b"\n")[: line - 1]
    count = 0
    while lines and not lines.pop().strip():
        count += 1
    return count or 2


def _leaves_two(file: SourceFile, line: int) -> bool:
    """Whether plain statements stand there, a line apart, in a file that leaves two lines around what it defines."""
    lines = file.utf8.replace(b"\r\n", b"\n").split(b"\n")
    return not lines[line - 1].startswith((b"class ", b"def ", b"@", b"#")) and b"\n\n\n" in b"\n".join(lines)


def _tabbed(line: str) -> str:
    blank = len(line) - len(line.lstrip(" "))
    return "\t" * (blank // 4) + " " * (blank % 4) + line.lstrip(" ")


def _uses_tabs(file: SourceFile) -> bool:
    lines = file.utf8.split(b"\n")
    return sum(line.startswith(b"\t") for line in lines) > sum(line.startswith(b"    ") for line in lines)


def module_text(definition: Definition, blocks: Blocks) -> str:
    """A whole module with nothing but the block, and what that is made of."""
    block = blocks[definition.block]
    if block.borrowed is not None:
        return _lent_module(block, definition)
    made: dict[str, str] = {}
    _collect(block, definition.name, blocks, made)
    head = _header(tuple(dict.fromkeys(it for name in made for it in blocks[name].imports)))
    body = "\n\n\n".join(text.rstrip("\n") for text in made.values())
    return f'"""{block.summary}"""\n\n{head}\n\n\n{body}\n'


def _collect(block: Block, name: str, blocks: Blocks, made: dict[str, str]) -> None:
    """The texts of a block and of all that it uses, these first."""
    parts = {it: blocks[it].written for it in uses_of(block)}
    for it in parts:
        if it not in made:
            _collect(blocks[it], blocks[it].written, blocks, made)
    made[block.name] = block_text(block, Names(), name, blocks=blocks, parts=parts)


def _lent_module(block: Block, definition: Definition) -> str:
    assert block.borrowed is not None
    loan = renamed(loan_of(block.borrowed), block.written, definition.name)
    head = "\n".join(statement_of(it) for it in loan.imports)
    body = "\n\n\n".join(it.text for it in loan.pieces)
    return f"{loan.head}\n\n{head}\n\n\n{body}\n" if head else f"{loan.head}\n\n\n{body}\n"


def _header(needed: Collection[str]) -> str:
    """Imports as isort orders them: plain ones first, the standard library above torch."""
    standard = [f"import {it}" for it in needed if it == "math"]
    standard += ["from functools import partial"] if "partial" in needed else []
    torch = ["import torch"] if "torch" in needed else []
    torch += ["import torch.nn.functional as F"] if "F" in needed else []
    torch += ["from torch import nn"] if "nn" in needed else []
    return "\n\n".join("\n".join(part) for part in (standard, torch) if part)
