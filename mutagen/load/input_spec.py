"""Reads and writes example inputs: ``1x3x224x224``, ``ids=1x128:int64``, ``1x128:int64<1000``."""

from __future__ import annotations

import difflib

from mutagen.errors import Place, TargetError
from mutagen.records.target import InputSpec

_WHOLE = ("int64", "int32", "int16", "int8", "uint8")
_OTHERS = ("float32", "float64", "float16", "bfloat16", "complex64", "complex128", "bool")
_ALSO = {"float": "float32", "double": "float64", "half": "float16", "int": "int32", "long": "int64", "short": "int16"}
_DEFAULT = InputSpec(())
_FORM = "write [NAME=]SIZES[:DTYPE][<HIGH], such as 1x3x224x224, ids=1x128:int64 or 1x128:int64<1000"


def parse_input(text: str) -> InputSpec:
    """The input that a text describes; ``<1000`` draws whole numbers from 0 to 999.

    Raises TargetError with the place of what is wrong and a sentence on what to write.
    """
    rest = text
    name: str | None = None
    if "=" in rest:
        name, _, rest = rest.partition("=")
        name = name.strip()
        if not name.isidentifier():
            raise _error(text, 0, max(1, text.index("=")), f"{name!r} cannot be the name of an argument of forward")
    rest, bounded, high = rest.partition("<")
    sizes, typed, dtype = rest.partition(":")
    start = text.index("=") + 1 if name is not None else 0
    shape = _shape(text, sizes, start)
    kind = _dtype(text, dtype, start + len(sizes) + 1) if typed else _DEFAULT.dtype
    if not bounded:
        return InputSpec(shape, kind, name)
    return InputSpec(shape, kind, name, _high(text, high, kind))


def format_input(spec: InputSpec) -> str:
    """The text that ``parse_input`` reads as ``spec``."""
    name = f"{spec.name}=" if spec.name else ""
    dtype = f":{spec.dtype}" if spec.dtype != _DEFAULT.dtype else ""
    high = f"<{spec.high}" if spec.high != _DEFAULT.high else ""
    return f"{name}{'x'.join(str(size) for size in spec.shape)}{dtype}{high}"


def _shape(text: str, sizes: str, start: int) -> tuple[int, ...]:
    shape: list[int] = []
    at = start
    for part in sizes.split("x"):
        size = part.strip()
        if not (size.isascii() and size.isdigit() and int(size[:10]) > 0 and len(size) <= 10):
            raise _error(text, at, max(1, len(part)), _size_problem(sizes, size))
        shape.append(int(size))
        at += len(part) + 1
    return tuple(shape)


def _size_problem(sizes: str, size: str) -> str:
    if not sizes.strip():
        return "the sizes are missing"
    for mark in (",", "×", "*", "X", ";"):
        if mark in size:
            return f"sizes are parted by x, not by {mark}"
    if not size:
        return "a size is missing beside an x"
    return f"{size!r} is not a whole number above 0"


def _dtype(text: str, dtype: str, start: int) -> str:
    name = dtype.strip().removeprefix("torch.")
    name = _ALSO.get(name, name)
    if name in _WHOLE or name in _OTHERS:
        return name
    near = difflib.get_close_matches(name, (*_WHOLE, *_OTHERS), n=1)
    meant = f"did you mean {near[0]}?" if near else f"known are {', '.join((*_OTHERS, *_WHOLE))}"
    raise _error(text, start, max(1, len(dtype)), f"{name!r} is no dtype: {meant}")


def _high(text: str, high: str, dtype: str) -> int:
    start = text.index("<") + 1
    if dtype not in _WHOLE:
        raise _error(text, start - 1, len(high) + 1, f"only whole numbers can be bounded, not {dtype}")
    number = high.strip()
    if not (number.isascii() and number.isdigit() and int(number[:19]) > 0):
        raise _error(text, start, max(1, len(high)), f"the bound {number!r} is not a whole number above 0")
    return int(number)


def _error(text: str, start: int, length: int, message: str) -> TargetError:
    place = Place("--input", 1, start + 1, length)
    return TargetError("T030", message, place=place, hint=_FORM, detail=f"{text}\n{' ' * start}{'^' * length}")
