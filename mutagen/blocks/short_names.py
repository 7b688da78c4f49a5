"""What a block is called in the names of arguments."""

from __future__ import annotations

import re


def short_name(block: str) -> str:
    """``group_norm`` for GroupNorm; the initials of a name of three words, ``dsc`` for DepthwiseSeparableConv2d."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+", re.sub(r"[123]d$", "", block))
    return "_".join(words).lower() if len(words) < 3 else "".join(word[0] for word in words).lower()


def switch_name(block: str) -> str:
    """The argument that switches a block on."""
    return f"use_{short_name(block)}"


def snake(name: str) -> str:
    """The attribute name for a block: ``layer_scale``, ``attention_gate``."""
    plain = re.sub(r"(?<=.)[123]d$", "", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain).lower()
