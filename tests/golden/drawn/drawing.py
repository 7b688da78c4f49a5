"""Small strategies that the others are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

Text = dict[str, Any]
Drawn = st.SearchStrategy[Text]


def some(strategy: st.SearchStrategy[Any], *, often: int = 2) -> st.SearchStrategy[Any]:
    """Once in ``often`` times something, else None."""
    return st.integers(1, often).flatmap(lambda number: strategy if number == 1 else st.none())


def filled(data: Text) -> Text:
    """What is not None."""
    return {key: value for key, value in data.items() if value is not None}


def table(parts: Mapping[str, st.SearchStrategy[Any]], **given: Any) -> Drawn:
    """A table of what is drawn for each key, without None, behind what is ``given``."""
    return st.fixed_dictionaries(dict(parts)).map(lambda found: filled({**given, **found}))


def pairs(choices: Mapping[str, Sequence[Any]], most: int = 2) -> Drawn:
    """One to ``most`` of the keys, each with one of its values."""
    one = st.sampled_from(sorted(choices)).flatmap(lambda it: st.tuples(st.just(it), st.sampled_from(choices[it])))
    return st.lists(one, min_size=1, max_size=most).map(dict)
