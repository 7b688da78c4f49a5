"""Asks for each hunk whether it is wanted, on standard error; what is left is proved and written."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

from mutagen.cli.output import is_styled, say
from mutagen.records.plan import Edit, Plan
from mutagen.records.result import FileChange
from mutagen.report.hunks import Hunk, goes_with, hunks
from mutagen.report.paths import shown_path

_HELP = """\
y  take this hunk
n  leave it out, with everything else that is changed for the same match of its rule
a  take this hunk and all that follow
q  leave out this hunk and all that follow
?  these lines
"""
_COLOURS = {b"+": "\033[32m", b"-": "\033[31m", b"@": "\033[36m"}
_SHOWN = 4


class Questions:
    """A review that asks; what was accepted once is not asked again."""

    def __init__(self) -> None:
        self._accepted: set[Edit] = set()

    def __call__(self, plan: Plan, changes: tuple[FileChange, ...]) -> Collection[Edit]:
        """The edits of the hunks that are not wanted."""
        refused: set[Edit] = set()
        found = [it for it in hunks(changes, plan) if it.edits]
        rest = ""
        for number, hunk in enumerate(found, 1):
            new = [it for it in hunk.edits if it not in self._accepted]
            if not new or any(goes_with(it, refused) for it in new):
                continue
            answer = rest or _asked(hunk, f"{number}/{len(found)}")
            rest = answer if answer in "aq" else ""
            if answer in "ya":
                self._accepted |= set(new)
            else:
                refused |= set(new)
        return refused


def _asked(hunk: Hunk, position: str) -> str:
    """``y``, ``n``, ``a`` or ``q``; the end of the input is ``q``."""
    rules = dict.fromkeys(it.rule for it in hunk.edits)
    paths = list(dict.fromkeys(path or "(model)" for it in hunk.edits for path in it.instances))
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    of = f" for {', '.join(paths[:_SHOWN])}{more}" if paths else ""
    say(f"{shown_path(hunk.file, Path.cwd())}: {', '.join(rules)}{of}\n{_coloured(hunk.text)}", error=True)
    while True:
        say(f"({position}) take this hunk [y,n,a,q,?]? ", error=True)
        line = sys.stdin.readline()
        answer = line.strip().lower()[:1] if line else "q"
        if not line:
            say("\n", error=True)
        if answer in ("y", "n", "a", "q"):
            return answer
        say(_HELP, error=True)


def _coloured(text: bytes) -> str:
    lines = text.decode("utf-8", errors="replace").split("\n")
    if not is_styled(sys.stderr):
        return "\n".join(lines)
    return "\n".join(f"{_COLOURS.get(line[:1].encode(), '')}{line}\033[0m" if line else "" for line in lines)
