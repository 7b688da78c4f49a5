"""The source text of any block, whether it comes from a template, from somebody's file or out of other blocks."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from mutagen.blocks.borrow import loan_of, renamed
from mutagen.blocks.catalogue import Names, render
from mutagen.blocks.compose import composed_text, used_blocks
from mutagen.records.blocks import Block

Blocks = Mapping[str, Block]

_GAP: Final = "\n\n\n"


def block_text(block: Block, names: Names, class_name: str, *, blocks: Blocks, parts: Mapping[str, str]) -> str:
    """The class under ``class_name``, in the names of a file; ``parts`` are the names there of blocks that it uses."""
    if block.composed is not None:
        return composed_text(block, names, class_name, {it: (parts[it], blocks[it]) for it in uses_of(block)})
    if block.borrowed is not None:
        loan = renamed(loan_of(block.borrowed), block.written, class_name)
        return _GAP.join([f"{loan.head}\n{loan.pieces[0].text}", *(it.text for it in loan.pieces[1:])]) + "\n"
    return render(block, names, class_name)


def uses_of(block: Block) -> tuple[str, ...]:
    """The other blocks that the text of a block names."""
    return used_blocks(block.composed) if block.composed is not None else ()


def class_of(block: Block, *, blocks: Blocks) -> ast.ClassDef:
    """The syntax tree of a block's class under its own name, with those that it uses under theirs."""
    parts = {it: blocks[it].written for it in uses_of(block)}
    body = ast.parse(block_text(block, Names(), block.written, blocks=blocks, parts=parts)).body
    return next(it for it in reversed(body) if isinstance(it, ast.ClassDef) and it.name == block.written)
