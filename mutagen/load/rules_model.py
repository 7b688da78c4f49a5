"""The ``model:`` section of a rule file as the text that ``--model`` would take."""

from __future__ import annotations

from collections.abc import Mapping

from mutagen.errors import RuleError
from mutagen.load.rules_schema import ModelPart
from mutagen.load.rules_yaml import Document, Loc


def model_text(part: ModelPart, document: Document, errors: list[RuleError]) -> str | None:
    """The model call, such as ``UNet(3, 2, bilinear=True)``; what is wrong with it goes to ``errors``."""
    before = len(errors)
    if not all(piece.isidentifier() for piece in part.factory.split(".")):
        hint = "give a class or function, dotted if it is imported: unet.UNet; arguments go to `args` and `kwargs`"
        message = f"{part.factory!r} is not a name"
        errors.append(RuleError("R129", message, place=document.place(("model", "factory")), hint=hint))
    for key in part.kwargs:
        if not key.isidentifier():
            loc: Loc = ("model", "kwargs", key)
            message = f"{key!r} cannot be the name of an argument"
            errors.append(RuleError("R129", message, place=document.place(loc, key=True)))
    if len(errors) > before:
        return None
    given = [_text(value) for value in part.args]
    given += [f"{key}={_text(value)}" for key, value in part.kwargs.items()]
    return f"{part.factory}({', '.join(given)})"


def _text(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_text(item) for item in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_text(item)}" for key, item in value.items()) + "}"
    return repr(value)
