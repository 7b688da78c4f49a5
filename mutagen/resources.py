"""The folders that come with mutagen, in an installation and in a checkout."""

from __future__ import annotations

from pathlib import Path

from mutagen.errors import InternalError


def rules_dir() -> Path:
    """The folder of the shipped rule sets."""
    return _folder("rules")


def templates_dir() -> Path:
    """The folder of the block templates."""
    return _folder("templates")


def _folder(kind: str) -> Path:
    package = Path(__file__).resolve().parent
    shipped = package / "_data" / kind
    if shipped.is_dir():
        return shipped
    # An editable install resolves to the checkout, where the wheel's _data folder does not exist.
    beside = package.parent / kind
    if (package.parent / "pyproject.toml").is_file() and beside.is_dir():
        return beside
    hint = "install it again: pip install --force-reinstall torch-mutagen"
    raise InternalError("I010", f"the installation lacks the folder {kind!r}", hint=hint)
