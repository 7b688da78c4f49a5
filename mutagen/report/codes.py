"""What a code means, for people."""

from __future__ import annotations

from textwrap import indent, wrap

from mutagen.records.code import Explained

WIDTH = 100


def render(entry: Explained) -> str:
    """One code: what, why, an example, and what to do."""
    return "\n".join(
        [
            f"{entry.code}: {entry.what}",
            "",
            *wrap(entry.cause, WIDTH),
            "",
            "For example:",
            "",
            indent(entry.example, "    "),
            "",
            *wrap(f"What to do: {entry.cure}", WIDTH),
            "",
        ]
    )
