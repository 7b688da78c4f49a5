"""What rule files claim: ``expect`` of a rule or a test, ``budget`` of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, cast

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from mutagen.load.json_schema import Instead
from mutagen.load.rules_values import Part
from mutagen.load.rules_yaml import Document, Loc
from mutagen.records.claims import Claim, ClaimFact, Unit

_TRENDS: dict[str, tuple[float | None, float | None]] = {
    "decrease": (None, -1.0),
    "increase": (1.0, None),
    "same": (0.0, 0.0),
}
_NUMBER = r"[+-]?\d+(?:\.\d+)?%?"
_RANGE = re.compile(rf"({_NUMBER})?\s*\.\.\s*({_NUMBER})?")
_COUNTS = "a whole number, or a range: 8, 8..16, 8.., ..16"
_CHANGES = "decrease, increase, same, a range (-70%..-50%, ..+1000) or a whole number"
_LIMITS = "the most that may be added: +2%, 10000, same"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range as it was written, with its ends."""

    text: str
    low: float | None
    high: float | None
    unit: Unit


def _count(given: object) -> Bounds:
    whole = _whole(given)
    bounds = Bounds(str(given), whole, whole, "count") if whole is not None else _range(given, "count")
    if bounds is None or bounds.unit != "count" or min(bounds.low or 0, bounds.high or 0) < 0:
        raise PydanticCustomError("R131", f"must be {_COUNTS}")
    return bounds


def _change(given: object) -> Bounds:
    whole = _whole(given)
    if whole is not None:
        return Bounds(str(given), whole, whole, "change")
    if isinstance(given, str) and given in _TRENDS:
        return Bounds(given, *_TRENDS[given], "change")
    bounds = _range(given, "change")
    if bounds is None:
        raise PydanticCustomError("R131", f"must be {_CHANGES}")
    return bounds


def _limit(given: object) -> Bounds:
    if isinstance(given, str) and given in _TRENDS:
        return Bounds(given, None, _TRENDS[given][1], "change")
    whole = _whole(given)
    if whole is not None:
        return Bounds(f"{whole:+.0f}", None, whole, "change")
    end = _end(given) if isinstance(given, str) else None
    if end is None or given == "increase":
        raise PydanticCustomError("R131", f"must be {_LIMITS}")
    return Bounds(str(given), None, end[0], end[1])


def _most(given: object) -> Bounds:
    whole = _whole(given)
    if whole is None or whole < 0:
        raise PydanticCustomError("R131", "must be the largest number allowed: 0")
    return Bounds(f"{whole:.0f}", None, whole, "count")


def _whole(given: object) -> float | None:
    return float(given) if isinstance(given, int) and not isinstance(given, bool) else None


def _range(given: object, unit: Unit) -> Bounds | None:
    found = _RANGE.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None or not (found[1] or found[2]):
        return None
    ends = [_end(text) if text else None for text in found.groups()]
    units = {end[1] for end in ends if end}
    if len(units) > 1:
        raise PydanticCustomError("R131", "has one end in percent and one without")
    low, high = (end[0] if end else None for end in ends)
    if low is not None and high is not None and low > high:
        raise PydanticCustomError("R131", f"is an empty range; write the smaller end first: {found[2]}..{found[1]}")
    share = units == {"share"}
    return Bounds(str(given), low, high, "share" if share else unit)


def _end(text: str) -> tuple[float, Unit] | None:
    if not re.fullmatch(_NUMBER, text):
        return None
    return (float(text.rstrip("%")), "share") if text.endswith("%") else (float(text), "change")


_COUNT_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d*\s*\.\.\s*\d*$"}]}
_CHANGE = {"anyOf": [{"type": "integer"}, {"enum": [*_TRENDS]}, {"type": "string", "pattern": r"\.\."}]}
_LIMIT = {"anyOf": [{"type": "integer"}, {"enum": ["decrease", "same"]}, {"type": "string", "pattern": f"^{_NUMBER}$"}]}


Counted = Annotated[Bounds | None, PlainValidator(_count), Instead(_COUNT_SCHEMA)]
Changed = Annotated[Bounds | None, PlainValidator(_change), Instead(_CHANGE)]
Limited = Annotated[Bounds | None, PlainValidator(_limit), Instead(_LIMIT)]
Most = Annotated[Bounds | None, PlainValidator(_most), Instead({"type": "integer", "minimum": 0})]


class ExpectPart(Part):
    """What a change comes to; nothing is written where it does not."""

    instances: Counted = None
    sites: Counted = None
    params: Changed = None
    macs: Changed = None
    keys_lost: Counted = None
    keys_moved: Counted = None
    keys_new: Counted = None


class BudgetPart(Part):
    """What all rules together may cost."""

    params: Limited = None
    macs: Limited = None
    keys_lost: Most = None


def claims(part: ExpectPart | BudgetPart | None, loc: Loc, document: Document, rule: str = "") -> tuple[Claim, ...]:
    """The claims that stand at ``loc`` of a rule file."""
    given = [(fact, getattr(part, fact)) for fact in type(part).model_fields] if part is not None else []
    return tuple(
        Claim(
            rule, cast(ClaimFact, fact), bounds.text, bounds.low, bounds.high, bounds.unit, document.place((*loc, fact))
        )
        for fact, bounds in given
        if isinstance(bounds, Bounds)
    )
