from __future__ import annotations

import ast

import pytest

from mutagen.source.evaluate import Unknown, evaluate

NAMES = {"c": 64, "k": 3, "self.expansion": 4, "dims": (1, 2, 3), "none": None, "flag": True, "mode": "same"}
VALUES = {
    "c": 64,
    "c // 2": 32,
    "c * self.expansion": 256,
    "-k": -3,
    "not flag": False,
    "int(c / k)": 21,
    "max(c, 100)": 100,
    "len(dims)": 3,
    "dims[-1]": 3,
    "c if flag else k": 64,
    "none or c": 64,
    "flag and none": None,
    "k in (1, 3)": True,
    "1 < k <= 3": True,
    "none is None": True,
    "mode == 'same'": True,
    "(c, k)": (64, 3),
    "2 ** k": 8,
}
UNKNOWN = [
    "other",
    "self.width",
    "c.bit_length()",
    "open('x')",
    "c // 0",
    "c + mode",
    "dims[7]",
    "dims[0:1]",
    "2 ** 9999",
    "'a' * 10 ** 9",
    "[0] * 10 ** 9",
    "10 ** 30 ** 30",
    "lambda: 1",
    "f'{c}'",
    "max(*dims)",
    "__import__('os')",
    "round(c, ndigits=1)",
    "[i for i in dims]",
]


def parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_value(text: str, value: object) -> None:
    found = evaluate(parse(text), NAMES)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown(text: str) -> None:
    with pytest.raises(Unknown):
        evaluate(parse(text), NAMES)
