"""Whatever a rule file holds, the reader answers with rules or with errors that have a code and a place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mutagen.errors import ErrorGroup, RuleError
from mutagen.load.rules_file import read_rules
from mutagen.load.rules_words import KEYS, LATER, LATER_VALUES

WORDS = sorted(
    {word for words in (*KEYS.values(), *LATER.values(), *LATER_VALUES.values()) for word in words}
    | {"residual", "skip", "relu", "gelu", "ECA", "Conv2d", "branch", "squeeze-excite", "re:[", "l[1:2]", "<<", "", "*"}
)
SCALARS = st.one_of(st.sampled_from(WORDS), st.none(), st.booleans(), st.integers(-2, 2), st.just(0.5))
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)),
    max_leaves=12,
)
MATCHES = st.dictionaries(st.sampled_from([*KEYS["match"], *LATER["match"]]), VALUES, max_size=3)
RULES = st.dictionaries(st.sampled_from([*KEYS["rule"], *LATER["rule"]]), st.one_of(VALUES, MATCHES), max_size=6)
FILES = st.one_of(
    VALUES,
    st.fixed_dictionaries({"version": st.sampled_from([1, 2, "1"]), "rules": st.lists(RULES, max_size=3)}),
    st.fixed_dictionaries({"version": st.just(1), "rules": VALUES, "model": VALUES}),
)


def read(raw: bytes, folder: Path) -> None:
    path = folder / "rules.yaml"
    path.write_bytes(raw)
    try:
        read_rules(str(path), {"ECA": ("kernel_size",)})
    except (RuleError, ErrorGroup) as error:
        for each in error.errors if isinstance(error, ErrorGroup) else (error,):
            assert each.code.startswith("R1")
            assert each.place is not None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=FILES)
def test_any_data_gives_rules_or_errors(value: Any, tmp_path: Path) -> None:
    read(json.dumps(value).encode(), tmp_path)


SOURCE = (
    b'version: 1\nmodel: {factory: UNet, args: [3], inputs: ["1x3x8x8"]}\nrules:\n  - id: a\n    match:\n'
    b'      type: Conv2d\n      where: {kernel_size: {gt: 1}, groups: 1}\n      not: {inside: {type: "*Stem*"}}\n'
    b"    replace: {with: ECA}\n  - {id: b, match: &m {edge: residual}, insert: {block: ECA, at: branch}}\n"
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, len(SOURCE)), length=st.integers(0, 12), piece=st.binary(max_size=4))
def test_any_damage_gives_rules_or_errors(start: int, length: int, piece: bytes, tmp_path: Path) -> None:
    read(SOURCE[:start] + piece + SOURCE[start + length :], tmp_path)
