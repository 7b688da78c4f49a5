from __future__ import annotations

import pytest

from mutagen.match.facts import fact_holds
from mutagen.records.rules import Test as FactTest


@pytest.mark.parametrize(
    ("name", "value", "holds", "fails"),
    [
        ("eq", 3, [3, (3, 3), 3.0], [(3, 1), 4, (), "3", None]),
        ("eq", (3, 1), [(3, 1)], [(1, 3), 3, (3, 1, 1)]),
        ("eq", True, [True], [1, False, "True"]),
        ("eq", 1, [1, (1, 1)], [True, (1, True)]),
        ("eq", "same", ["same"], ["valid", 1, (1, 1)]),
        ("eq", None, [None], [0, False]),
        ("ne", 3, [(3, 1), 4, "3"], [3, (3, 3)]),
        ("gt", 1, [3, (1, 3), (3, 1), 1.5], [1, (1, 1), "3", None, True]),
        ("ge", 16, [16, (1, 16)], [15, "same", ()]),
        ("lt", 3, [2, (1, 2)], [(1, 3), 3]),
        ("le", 3, [3, (3, 1)], [(3, 5)]),
        ("gt", (1, 2), [3], [2]),
        ("in", (1, 3), [1, (3, 3)], [2, (1, 3), True]),
        ("in", ("same", 0), ["same", 0], ["valid"]),
        ("in", ((3, 1), (1, 3)), [(1, 3)], [(3, 3), 1]),
        ("multiple_of", 32, [64, (32, 64), 0], [33, (32, 33), "64", (), None]),
        ("multiple_of", 0, [], [1, 0]),
    ],
)
def test_what_a_test_holds_for(name, value, holds, fails):
    test = FactTest("fact", name, value)
    assert [fact for fact in holds if not fact_holds(test, fact)] == []
    assert [fact for fact in fails if fact_holds(test, fact)] == []
