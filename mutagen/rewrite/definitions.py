"""The text of a block as it goes into a file."""

from __future__ import annotations

from mutagen.blocks.catalogue import Block, Names, load_blocks, render
from mutagen.records.plan import Definition, Import
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


def definition_text(definition: Definition, file: SourceFile) -> tuple[str, list[Import]]:
    """The class in the file's own names, indentation and line ends, and the imports that it still lacks."""
    block = load_blocks()[definition.block]
    names = imported_names(file)
    known = {it: name_for(_ORIGINS[it], names) for it in block.imports}
    lacking = [Import(file.path, *_WANTED[it]) for it, name in known.items() if name is None]
    text = render(block, Names(**{it: name for it, name in known.items() if name}), definition.name)
    crowded = _blank_lines(file, definition.before) == 1
    apart = crowded and _leaves_two(file, definition.before)
    text = ("\n" if apart else "") + text.rstrip("\n") + ("\n\n" if crowded and not apart else "\n\n\n")
    return _in_style(text, file), lacking


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


def module_text(definition: Definition) -> str:
    """A whole module with nothing but the block."""
    block = load_blocks()[definition.block]
    body = render(block, Names(), definition.name).rstrip("\n") + "\n"
    head = _header(block)
    return f'"""{block.summary}"""\n\n{head}\n\n\n{body}'


def _header(block: Block) -> str:
    """Imports as isort orders them: plain ones first, the standard library above torch."""
    standard = [f"import {it}" for it in block.imports if it == "math"]
    standard += ["from functools import partial"] if "partial" in block.imports else []
    torch = ["import torch"] if "torch" in block.imports else []
    torch += ["import torch.nn.functional as F"] if "F" in block.imports else []
    torch += ["from torch import nn"] if "nn" in block.imports else []
    return "\n\n".join("\n".join(part) for part in (standard, torch) if part)
