"""Random rule files: mostly such as people write, now and then such as nobody would."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.golden.drawn.actions import OPTIONLESS, actions, parts, way
from tests.golden.drawn.blocks import KNOWN, TEMPLATED, used, with_names
from tests.golden.drawn.drawing import Drawn, Text, filled, some, table
from tests.golden.drawn.matches import NAMED, narrowed, paths, patterns, subjects
from tests.golden.drawn.models import Model
from tests.golden.drawn.usual import USUAL, themes

Files = dict[str, Any]
FIRST, SECOND = "rules.yaml", "more.yaml"
CLAIMS: dict[str, list[Any]] = {
    "instances": ["1..", "0..", "..400", "1.."],
    "sites": ["1..", "0.."],
    "params": ["decrease", "-99%..+300%", "..+1000000"],
    "macs": ["..+200%", "..+900%"],
    "keys_lost": [0, "0..", "0.."],
    "keys_moved": ["0.."],
    "keys_new": ["0.."],
}
BUDGETS: dict[str, list[Any]] = {
    "params": ["+300%", "+2%", 0, "same", 100000],
    "macs": ["+300%", 1000],
    "keys_lost": [0, 1000],
}


def rule_files(model: Model) -> st.SearchStrategy[Files]:
    """One rule file or two, by name, with one to four rules in all, which mostly speak of the same things."""
    return st.integers(1, 4).flatmap(lambda count: _of(model, count)).flatmap(_arranged)


def _of(model: Model, count: int) -> st.SearchStrategy[list[Text]]:
    there = themes(model) or ["conv"]
    common = some(st.sampled_from(there))
    return common.flatmap(lambda theme: st.tuples(*(_rule(model, it, theme or there) for it in range(count))).map(list))


def _rule(model: Model, number: int, theme: str | list[str]) -> Drawn:
    themes = [theme] if isinstance(theme, str) else theme
    body = st.integers(1, 6).flatmap(
        lambda it: _wild(model) if it == 6 else _chained(model) if it == 5 else _likely(model, themes)
    )
    more = table(
        {
            "optional": st.integers(1, 20).map(lambda it: it < 20 or None),
            "enabled": some(st.booleans(), often=12),
            "expect": some(_claims(CLAIMS), often=8),
            "why": some(st.just("it reads well: yes"), often=9),
            "safety": some(st.sampled_from(["exact", "fine-tune", "train"]), often=9),
        }
    )
    return st.tuples(body, more).map(lambda it: {"id": f"rule-{number}", **it[0], **it[1]})


def _claims(choices: dict[str, list[Any]]) -> Drawn:
    one = st.sampled_from(sorted(choices)).flatmap(lambda it: st.tuples(st.just(it), st.sampled_from(choices[it])))
    return st.lists(one, min_size=1, max_size=2).map(dict)


def _wild(model: Model) -> Drawn:
    """Any subject with any action."""
    return subjects(model).flatmap(
        lambda it: st.tuples(narrowed(model, it[1], often=4), actions(it[0])).map(lambda it: {"match": it[0], **it[1]})
    )


def _chained(model: Model) -> Drawn:
    return patterns(model).flatmap(lambda match: parts(match["pattern"]).map(lambda it: {"match": match, **it}))


def _likely(model: Model, themes: list[str]) -> Drawn:
    """What people ask for, narrowed now and then."""

    def varied(usual: Text) -> Drawn:
        ((kind, given),) = ((key, value) for key, value in usual.items() if key != "match")
        match = usual["match"]
        if "pattern" in match:
            return st.just(usual)
        action = st.just(given) if kind in OPTIONLESS else way(often=6).map(lambda it: {**given, **it})
        kept = st.one_of(st.just(match), st.just(match), narrowed(model, match, often=8))
        if "type" in match:
            kept = st.one_of(kept, kept, paths(model).map(lambda path: {**match, "path": path}))
        return st.tuples(kept, action).map(lambda it: {"match": it[0], kind: it[1]})

    return st.sampled_from([it for theme in themes for it in USUAL[theme]]).flatmap(varied)


def _arranged(rules: list[Text]) -> st.SearchStrategy[Files]:
    """The rules in one file, or the first of them in one that it includes."""

    def files(apart: int | None, switch: bool | None, budget: Text | None, shipped: str | None) -> Files:
        cut = min(apart or 0, len(rules) - 1)
        own = list(rules[cut:])
        if cut and switch is not None:
            own.insert(0, {"id": rules[0]["id"], "enabled": switch})
        included = [*([SECOND] if cut else []), *([shipped] if shipped else [])]
        found = {FIRST: file_of(own, include=included or None, budget=budget)}
        return {**found, SECOND: file_of(rules[:cut])} if cut else found

    return st.builds(
        files,
        some(st.integers(1, 3), often=5),
        some(st.booleans(), often=3),
        some(_claims(BUDGETS), often=10),
        some(st.sampled_from(["relu-to-gelu", "eca-after-blocks", "bn-to-gn"]), often=20),
    )


def file_of(rules: list[Text], **more: Any) -> Text:
    """A rule file with these rules and all that they name."""
    made: Text = {}
    named = with_names(rules, made)
    blocks = used(named, {**KNOWN, **made})
    text = json.dumps([named, blocks])
    tests = {name: it for name, it in NAMED.items() if f'"is": "{name}"' in text}
    return filled(
        {
            "version": 1,
            **more,
            "where": tests or None,
            "templates": "my_blocks" if f'"{TEMPLATED}"' in text else None,
            "blocks": blocks or None,
            "rules": named,
        }
    )


def text_of(file: Text | str) -> str:
    """The text of a rule file; JSON is YAML."""
    return file if isinstance(file, str) else json.dumps(file, indent=1) + "\n"
