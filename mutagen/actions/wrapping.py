"""What a module becomes a part of: the class around it, and what else that is given."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mutagen.actions.draft import Draft
from mutagen.actions.override_text import call_lines
from mutagen.source.file import SourceFile

_WIDTH = 110


@dataclass(frozen=True)
class Wrapping:
    """A call of ``container`` with ``parts``, of which None is the module; ``draft`` is what that needs in the file."""

    container: str
    parts: tuple[str | None, ...]
    draft: Draft

    def given(self, module: str) -> list[str]:
        """The arguments, for a module that is written so."""
        return [module if it is None else it for it in self.parts]

    def around(self, module: str) -> str:
        """The whole call on one line."""
        return f"{self.container}({', '.join(self.given(module))})"

    def lines(self, head: str, module: str, step: str) -> list[str]:
        """The whole call behind ``head``, in lines that are not too long."""
        return call_lines(f"{head}{self.container}(", self.given(module), ")", step)

    def around_call(self, file: SourceFile, call: ast.Call) -> str:
        """The text in the place of a call, a line for each part where one would be too long."""
        old = file.text(call)
        short = self.around(old)
        start, end = file.line_starts[call.lineno - 1], file.line_end(call.end_lineno or call.lineno)
        width = len(file.utf8[start:end].decode().expandtabs(4)) + len(short) - len(old)
        if "\n" not in old and width <= _WIDTH:
            return short
        indent, step = file.indent(call.lineno), file.step(call.lineno)
        moved = old if in_lines(call) else _moved(old, step)
        rows = "".join(f"{file.newline}{indent}{step}{it}," for it in self.given(moved))
        return f"{self.container}({rows}{file.newline}{indent})"


def in_lines(call: ast.Call) -> bool:
    """Whether a string in a call has lines, which cannot be moved to the side."""
    texts = [it.value for it in ast.walk(call) if isinstance(it, ast.Constant) and isinstance(it.value, str)]
    return any("\n" in it for it in texts)


def _moved(text: str, step: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(step + it if it.strip() else it for it in rest)])
