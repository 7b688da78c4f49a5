"""Readers of single values in rule files, and what the models of its parts have in common."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from mutagen.load.json_schema import Instead
from mutagen.records.rules import Value


def value_of(given: object) -> Value:
    """A value of a rule file as records hold it."""
    if isinstance(given, list):
        return tuple(value_of(item) for item in given)
    if given is None or isinstance(given, bool | int | float | str):
        return given
    raise PydanticCustomError("R114", "must be a number, a text, a truth value, null or a list of these")


def _words(given: object) -> tuple[str, ...]:
    words = given if isinstance(given, list) else [given]
    if not words or not all(isinstance(word, str) and word for word in words):
        raise PydanticCustomError("R114", "must be a text or a list of texts")
    return tuple(words)


def _present(given: object) -> object:
    if given is None:
        raise PydanticCustomError("R114", "has no value")
    return given


VALUE: Final = {"type": ["number", "string", "boolean", "null", "array"]}
_TEXT = {"type": "string", "minLength": 1}
_WORDS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}

Given = BeforeValidator(_present)
AnyValue = Annotated[Any, PlainValidator(value_of), Instead(VALUE)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words), Instead(_WORDS)]
Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A mapping of a rule file: every key is known, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
