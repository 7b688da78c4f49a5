"""Reads what the codes mean."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from mutagen.errors import UserError
from mutagen.records.code import Explained


@cache
def explained_codes() -> dict[str, Explained]:
    """Every code with its meaning, in the order of the files beside this one."""
    found: dict[str, Explained] = {}
    for file in sorted(Path(__file__).parent.glob("*.toml")):
        for code, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
            assert code not in found, code
            found[code] = Explained(code, **entry)
    return found


def find_code(text: str) -> Explained | None:
    """The code that a text names, whatever its case and with or without ``error[...]`` around it; None for none."""
    bare = text.strip().removesuffix("]").rpartition("[")[2]
    codes = explained_codes()
    return codes.get(bare) or codes.get(bare.upper()) or codes.get(bare.lower())


def unknown_code(text: str) -> UserError:
    """The error (C110) for what is neither a code nor anything else that can be explained."""
    close = get_close_matches(text.upper(), explained_codes(), n=3) or get_close_matches(text, explained_codes(), n=3)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    hint = f"{meant}`mutagen explain` takes a code, a rule set, a path of the model with its file, or FILE:LINE"
    return UserError("C110", f"there is nothing to explain about {text!r}", hint=hint)
