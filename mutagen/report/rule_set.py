"""A rule set, explained: its prose, then its rules as they are written."""

from __future__ import annotations

from textwrap import indent


def render(name: str, prose: str, rules: str) -> str:
    """The text for people; without prose the rules alone."""
    told = f"{prose}\n\n" if prose else ""
    return f"{name}\n\n{told}Its rules:\n\n{indent(rules, '    ')}\n"
