"""Dotted paths of modules, of which that of the model itself is empty."""

from __future__ import annotations


def joined(owner: str, inner: str) -> str:
    """The path of what an owner holds."""
    return f"{owner}.{inner}" if owner and inner else owner or inner


def within(path: str, owner: str) -> str:
    """The path of a module from its owner on."""
    return path[len(owner) + 1 :] if owner else path
