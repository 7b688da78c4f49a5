"""The ``model:`` section of a rule file as the text that ``--model`` would take."""

from __future__ import annotations

from collections.abc import Callable

from mutagen.errors import MutagenError, RuleError
from mutagen.load.input_spec import parse_input
from mutagen.load.model_call import call_from_parts, format_call, parse_call
from mutagen.load.rules_schema import ModelPart
from mutagen.load.rules_yaml import Document, Loc


def model_text(part: ModelPart, document: Document, errors: list[RuleError]) -> str | None:
    """The model call, such as ``UNet(3, 2, bilinear=True)``; what is wrong with the section goes to ``errors``."""
    before = len(errors)
    if not all(piece.isidentifier() for piece in part.factory.split(".")):
        hint = "give a class or function, dotted if it is imported: unet.UNet; arguments go to `args` and `kwargs`"
        message = f"{part.factory!r} is not a name"
        errors.append(RuleError("R129", message, place=document.place(("model", "factory")), hint=hint))
    for key in part.kwargs:
        if not key.isidentifier():
            loc: Loc = ("model", "kwargs", key)
            message = f"{key!r} cannot be the name of an argument"
            hint = "write it as it stands in the signature: n_classes"
            errors.append(RuleError("R129", message, place=document.place(loc, key=True), hint=hint))
    given: list[tuple[Loc, str, Callable[[str], object]]] = [
        *((("model", "inputs", index), text, parse_input) for index, text in enumerate(part.inputs)),
        *((("model", "prove_inputs", index), text, parse_input) for index, text in enumerate(part.prove_inputs)),
        *([(("model", "prove_with"), part.prove_with, parse_call)] if part.prove_with is not None else []),
    ]
    for loc, text, parse in given:
        try:
            parse(text)
        except MutagenError as error:
            errors.append(RuleError("R129", error.message, place=document.place(loc), hint=error.hint))
    if len(errors) > before:
        return None
    return format_call(call_from_parts(part.factory, part.args, part.kwargs))
