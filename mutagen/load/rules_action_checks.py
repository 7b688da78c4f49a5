"""What does not go together in actions that keep a module: wrap, branch, remove; and the rungs that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mutagen.load.rules_words import listed
from mutagen.load.rules_yaml import Loc

Finding = tuple[str, Loc, str, str]

_OF_MODULES: Final = ("wrap", "branch", "remove")
_ALL: Final = ("site", "origin", "split", "subclass", "override", "forward")
_RUNGS: Final[Mapping[str, tuple[str, ...]]] = {
    "replace": ("site", "origin", "split", "subclass", "override"),
    "insert": ("forward", "site", "split", "subclass", "override"),
    "wrap": ("site", "split", "subclass", "override"),
    "branch": ("site", "split", "subclass", "override"),
    "remove": ("site", "origin", "split", "subclass", "override"),
}


def action_findings(
    kind: str, action: Mapping[str, Any], match: object, loc: Loc, subject: str | None
) -> Iterator[Finding]:
    """Code, location, message and hint of what does not fit."""
    if kind in _OF_MODULES and subject in ("op", "edge"):
        what = "an operation" if subject == "op" else "an edge"
        yield "R130", loc, f"`{kind}` is for modules, not for {what}", "match modules: {type: Conv2d}"
    elif kind == "remove" and isinstance(match, dict) and match.get("block") == "residual":
        yield "R130", loc, "a residual block is no module that could be left out", "match what is in it by type or path"
    rung = action.get("strategy")
    rungs = _RUNGS.get(kind, ())
    if isinstance(rung, str) and rungs and rung in _ALL and rung not in rungs:
        hint = f"rungs: {listed(rungs)}"
        if kind in ("wrap", "branch") and rung == "origin":
            hint = f"what makes the module is wrapped, whatever class a variable brings there; {hint}"
        yield "R130", (*loc, "strategy"), f"`{kind}` has no rung {rung!r}", hint
