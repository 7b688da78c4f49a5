"""Where answers are kept: the user's own folder for what may be lost, none of the project's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "MUTAGEN_CACHE_DIR"
"""Names another folder."""

_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Answers that mutagen gave; may be deleted at any time.\n"


def answers_folder() -> Path:
    """The folder of the answers; it need not exist."""
    return cache_folder() / "answers"


def cache_folder() -> Path:
    """``$MUTAGEN_CACHE_DIR``, else ``mutagen`` where the system wants such things."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "mutagen" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "mutagen"
    shared = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(shared) if os.path.isabs(shared) else home / ".cache") / "mutagen"


def made_folder() -> Path:
    """The folder of the answers, made, readable for its user alone and marked for backup programs."""
    folder = answers_folder()
    top = folder.parent
    top.parent.mkdir(parents=True, exist_ok=True)
    for each in (top, folder):
        each.mkdir(mode=0o700, exist_ok=True)
    tag = top / "CACHEDIR.TAG"
    if not tag.exists():
        tag.write_bytes(_TAG)
    return folder
