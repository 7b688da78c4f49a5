"""What a rule file says in its own words: the comment at its top, and the rest as it stands."""

from __future__ import annotations

from pathlib import Path


def prose_and_rules(path: str) -> tuple[str, str]:
    """The leading comment without its marks, and the text below it; lines for editors are left out.

    Raises OSError or UnicodeDecodeError where the file cannot be read.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    end = next((index for index, line in enumerate(lines) if not line.startswith("#") and line.strip()), len(lines))
    prose = [line[1:].removeprefix(" ") for line in lines[:end] if not line.startswith(("# yaml-", "# $schema"))]
    return "\n".join(prose).strip(), "\n".join(lines[end:]).strip()
