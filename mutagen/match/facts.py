"""Tests on facts of instances, calls and edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mutagen.records.rules import Test, TestName, Value


def fact_holds(test: Test, fact: Value) -> bool:
    """Whether a fact passes a test; kinds that cannot be compared fail it (``ne`` holds for them)."""
    return _TESTS[test.test](fact, test.value)


def equal(fact: Value, value: Value) -> bool:
    """Equality in which a single value stands for a tuple of equal values; ``True`` is not 1."""
    if isinstance(fact, tuple) and not isinstance(value, tuple):
        return bool(fact) and all(equal(item, value) for item in fact)
    if isinstance(fact, tuple) and isinstance(value, tuple):
        return len(fact) == len(value) and all(equal(a, b) for a, b in zip(fact, value, strict=True))
    if isinstance(fact, bool) is not isinstance(value, bool):
        return False
    return fact == value


def _largest(fact: Value) -> float | None:
    if isinstance(fact, tuple):
        items = [_largest(item) for item in fact]
        numbers = [item for item in items if item is not None]
        return max(numbers) if numbers and len(numbers) == len(items) else None
    return fact if isinstance(fact, (int, float)) and not isinstance(fact, bool) else None


def _ordering(compare: Callable[[float, float], bool]) -> Callable[[Value, Value], bool]:
    def holds(fact: Value, value: Value) -> bool:
        left, right = _largest(fact), _largest(value)
        return left is not None and right is not None and compare(left, right)

    return holds


def _one_of(fact: Value, value: Value) -> bool:
    choices = value if isinstance(value, tuple) else (value,)
    return any(equal(fact, choice) for choice in choices)


def _multiple(fact: Value, value: Value) -> bool:
    if isinstance(fact, tuple):
        return bool(fact) and all(_multiple(item, value) for item in fact)
    left, right = _largest(fact), _largest(value)
    return left is not None and right is not None and right != 0 and left % right == 0


_TESTS: Mapping[TestName, Callable[[Value, Value], bool]] = {
    "eq": equal,
    "ne": lambda fact, value: not equal(fact, value),
    "gt": _ordering(lambda left, right: left > right),
    "ge": _ordering(lambda left, right: left >= right),
    "lt": _ordering(lambda left, right: left < right),
    "le": _ordering(lambda left, right: left <= right),
    "in": _one_of,
    "multiple_of": _multiple,
}
