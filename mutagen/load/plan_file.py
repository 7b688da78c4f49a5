"""Plans as JSON files that can be printed, kept and replayed.

Codes: F101 unreadable, F102 not JSON, F103 not a plan, F104 version, F105 a file changed since the plan was made.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mutagen.errors import ClashError, Place, UserError
from mutagen.records import blocks, claims, rules, span, target, trace
from mutagen.records.plan import InsertAtModule, InsertOnEdge, Plan, SetArguments, SwapCall, SwapModule, WrapModule
from mutagen.records.target import Call, Collection, Name

SCHEMA_VERSION = 1

# Records that stand where other kinds may stand too say in JSON which kind they are.
_KINDS: Mapping[str, type] = {
    "swap-module": SwapModule,
    "swap-call": SwapCall,
    "insert-on-edge": InsertOnEdge,
    "insert-at-module": InsertAtModule,
    "wrap-module": WrapModule,
    "set-arguments": SetArguments,
    "call": Call,
    "collection": Collection,
    "name": Name,
}
_KIND_OF = {record: kind for kind, record in _KINDS.items()}
_NAMES = {name: value for it in (blocks, claims, rules, span, target, trace) for name, value in vars(it).items()}
"""What the annotations of records name; they import it for type checkers alone."""


class _Misfit(Exception):
    """Something in the data that is not as the records say, with its path."""


def dump_plan(plan: Plan) -> str:
    """The plan as JSON text."""
    return json.dumps(_encoded(plan), indent=2, ensure_ascii=False) + "\n"


def read_plan(path: str) -> Plan:
    """The plan in a file that ``dump_plan`` wrote."""
    place = Place(path)
    try:
        data = json.loads(Path(path).read_bytes())
    except OSError as error:
        message = f"the plan file cannot be read: {error.strerror}"
        raise UserError("F101", message, place=place, hint="give a file that `mutagen plan` wrote") from error
    except json.JSONDecodeError as error:
        place = Place(path, error.lineno, error.colno)
        raise UserError("F102", f"the plan file is not JSON: {error.msg}", place=place, hint=_AGAIN) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise UserError("F102", "the plan file is not JSON", place=place, hint=_AGAIN) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        message = f"the plan has schema version {version}; this mutagen reads up to {SCHEMA_VERSION}"
        raise UserError("F104", message, place=place, hint="update mutagen or make the plan again")
    try:
        plan: Plan = _decoded(Plan, data, "plan")
    except _Misfit as error:
        raise UserError("F103", f"this is not a plan: {error}", place=place, hint=_AGAIN) from None
    return plan


def check_hashes(plan: Plan) -> None:
    """Raise ClashError when a file is not as it was when the plan was made."""
    for path, expected in plan.hashes.items():
        try:
            found = sha256(Path(path).read_bytes()).hexdigest()
        except OSError as error:
            message = f"a file of the plan cannot be read: {error.strerror}"
            raise ClashError("F105", message, place=Place(path), hint=_AGAIN) from error
        if found != expected:
            raise ClashError("F105", "the file changed after the plan was made", place=Place(path), hint=_AGAIN)


_AGAIN = "make the plan again: mutagen plan RULES TARGET -o FILE"


def _encoded(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        kind = _KIND_OF.get(type(value))
        data = {"record": kind} if kind else {}
        return {**data, **{field.name: _encoded(getattr(value, field.name)) for field in fields(value)}}
    if isinstance(value, Mapping):
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_encoded(item) for item in value]
    return value


def _decoded(hint: Any, data: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return _record(hint, data, where)
    if origin is Literal:
        return _checked(data in arguments, data, where)
    if origin in (Union, types.UnionType):
        return _choice(arguments, data, where)
    if origin is tuple:
        return _sequence(arguments, data, where)
    if origin is not None and issubclass(origin, Mapping):
        _checked(isinstance(data, dict), data, where)
        return {key: _decoded(arguments[1], item, f"{where}.{key}") for key, item in data.items()}
    fits = isinstance(data, hint) and (hint is bool or not isinstance(data, bool))
    return _checked(fits, data, where)


def _record(hint: Any, data: Any, where: str) -> Any:
    _checked(isinstance(data, dict), data, where)
    hints = _hints(hint)
    given = {key: item for key, item in data.items() if key != "record"}
    for key in given:
        if key not in hints:
            raise _Misfit(f"{where} has the unknown key {key!r}")
    try:
        return hint(**{key: _decoded(hints[key], item, f"{where}.{key}") for key, item in given.items()})
    except TypeError as error:
        raise _Misfit(f"{where}: {str(error).partition('() ')[2]}") from None


@cache
def _hints(record: type) -> Mapping[str, Any]:
    return get_type_hints(record, localns=_NAMES)


def _choice(members: tuple[Any, ...], data: Any, where: str) -> Any:
    """A member of a union: null, a scalar, a list of scalars, or a record that names its kind."""
    if isinstance(data, dict):
        named = data.get("record")
        untagged = next((each for each in members if is_dataclass(each) and each not in _KIND_OF), None)
        record = untagged if named is None else _KINDS.get(str(named))
        if record is None or record not in members:
            raise _Misfit(f"{where} cannot be a record of kind {named!r}")
        return _decoded(record, data, where)
    if isinstance(data, list):
        _checked(any(get_origin(member) is tuple for member in members), data, where)
        return tuple(_choice(members, item, f"{where}[{index}]") for index, item in enumerate(data))
    literals = [choice for member in members if get_origin(member) is Literal for choice in get_args(member)]
    return _checked(type(data) in members or data in literals, data, where)


def _sequence(arguments: tuple[Any, ...], data: Any, where: str) -> Any:
    _checked(isinstance(data, list), data, where)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_decoded(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(data))
    _checked(len(data) == len(arguments), data, where)
    return tuple(_decoded(each, item, where) for each, item in zip(arguments, data, strict=True))


def _checked(fits: bool, data: Any, where: str) -> Any:
    if not fits:
        shown = json.dumps(data)
        raise _Misfit(f"{where} cannot be {shown if len(shown) <= 60 else shown[:59] + '…'}")
    return data
