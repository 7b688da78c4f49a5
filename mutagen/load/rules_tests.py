"""The ``tests:`` of a rule file. Paths are as seen from the folder of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mutagen.errors import MutagenError, RuleError
from mutagen.load.input_spec import parse_input
from mutagen.load.json_schema import OrOne
from mutagen.load.model_call import parse_call
from mutagen.load.rules_claims import ExpectPart, claims
from mutagen.load.rules_values import Given, Part, Text
from mutagen.load.rules_yaml import Document, Loc
from mutagen.records.rule_tests import RuleTest

_TARGETS = ("model", "source")


def _listed(given: object) -> object:
    return given if isinstance(given, list) else [given]


class TestExpectPart(ExpectPart):
    """What must come of all rules together."""

    refused: Annotated[list[Text], BeforeValidator(_listed), OrOne()] = Field(default=[])


class TestPart(Part):
    """A model, and what must happen to it."""

    name: Annotated[Text | None, Given] = None
    model: Annotated[Text | None, Given] = None
    source: Annotated[Text | None, Given] = None
    call: Annotated[Text | None, Given] = None
    inputs: list[Text] = []
    rules: list[Text] = []
    expect: Annotated[TestExpectPart | None, Given] = None
    patch: Annotated[Text | None, Given] = None
    second_run: Literal["empty"] = "empty"


def as_tests(parts: list[TestPart], document: Document) -> tuple[RuleTest, ...]:
    """The tests that a rule file holds."""
    return tuple(_as_test(part, index, document) for index, part in enumerate(parts))


def _as_test(part: TestPart, index: int, document: Document) -> RuleTest:
    loc: Loc = ("tests", index)
    return RuleTest(
        name=part.name or part.call or Path(part.model or "source").stem,
        file=document.file,
        place=document.place(loc),
        model=part.model,
        source=part.source,
        call=part.call,
        inputs=tuple(part.inputs),
        rules=tuple(part.rules),
        claims=claims(part.expect, (*loc, "expect"), document),
        refused=tuple(part.expect.refused) if part.expect else (),
        patch=part.patch,
    )


def errors_of_tests(document: Document) -> Iterator[RuleError]:
    """What is wrong with the tests beside the kinds of their values."""
    data = document.data.get("tests")
    first: dict[str, int] = {}
    for index, test in enumerate(data if isinstance(data, list) else []):
        if isinstance(test, dict):
            loc: Loc = ("tests", index)
            yield from _target(test, loc, document)
            yield from _texts(test, loc, document)
            name = test.get("name")
            if isinstance(name, str) and first.setdefault(name, index) != index:
                yield _error(f"two tests are called {name!r}", (*loc, "name"), document, "give each its own name")


def _target(test: dict[str, Any], loc: Loc, document: Document) -> Iterator[RuleError]:
    given = [key for key in _TARGETS if key in test]
    if len(given) != 1:
        what = "both `model` and `source`" if given else "no model"
        hint = "give `model: file.py`, or the text of one as `source: |`"
        yield _error(f"the test has {what}", (*loc, *given[1:]), document, hint)
    model = test.get("model")
    if isinstance(model, str) and model and not (Path(document.file).parent / model).is_file():
        hint = f"the path is as seen from {Path(document.file).parent}"
        yield _error(f"there is no file {model}", (*loc, "model"), document, hint)


def _texts(test: dict[str, Any], loc: Loc, document: Document) -> Iterator[RuleError]:
    inputs = test.get("inputs")
    shapes = inputs if isinstance(inputs, list) else []
    given: list[tuple[Loc, object, Callable[[str], object]]] = [((*loc, "call"), test.get("call"), parse_call)]
    given += [((*loc, "inputs", at), text, parse_input) for at, text in enumerate(shapes)]
    for where, text, parse in given:
        if isinstance(text, str) and text:
            try:
                parse(text)
            except MutagenError as error:
                yield _error(error.message, where, document, error.hint)


def _error(message: str, loc: Loc, document: Document, hint: str) -> RuleError:
    return RuleError("R134", message, place=document.place(loc), hint=hint)
