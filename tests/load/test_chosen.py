from __future__ import annotations

import pytest

from mutagen.errors import UserError
from mutagen.load.chosen import chosen
from mutagen.records.rules import Action, Query, Rule, RuleSet

RULES = RuleSet(tuple(Rule(name, Query(), Action("replace", "x")) for name in ("dsc", "eca-a", "eca-b")), "r.yaml")


@pytest.mark.parametrize(
    ("select", "ignore", "kept"),
    [
        ((), (), ["dsc", "eca-a", "eca-b"]),
        (("eca-b", "dsc"), (), ["dsc", "eca-b"]),
        (("eca-*",), ("eca-a",), ["eca-b"]),
        ((), ("*",), []),
    ],
)
def test_rules_are_kept_by_their_ids_in_their_order(select, ignore, kept: list[str]) -> None:
    assert [it.id for it in chosen(RULES, select, ignore).rules] == kept


@pytest.mark.parametrize(("select", "ignore"), [(("eca",), ()), ((), ("eca",)), (("dsc",), ("DSC",))])
def test_a_name_that_no_rule_has_is_an_error(select, ignore) -> None:
    with pytest.raises(UserError) as caught:
        chosen(RULES, select, ignore)
    assert caught.value.code == "C111"
    assert "rules: dsc, eca-a, eca-b" in caught.value.hint
