from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import ClashError, UserError
from mutagen.load.plan_file import check_hashes, dump_plan, read_plan
from mutagen.records.plan import (
    Definition,
    Edit,
    Import,
    InsertOnEdge,
    Plan,
    Product,
    Refusal,
    RulePlan,
    SwapCall,
    SwapModule,
    Use,
)
from mutagen.records.span import Span
from mutagen.records.target import Call, Collection, InputSpec, Name
from mutagen.records.trace import NodeKey

SPAN = Span("/m/model.py", 3, 8, 3, 20)
PLAN = Plan(
    schema_version=1,
    file="/m/model.py",
    call=Call(
        "UNet",
        (3, (1, (2.5,)), Name("a.b"), Call("C", (Collection("list", (1, "ä")),), {"d": None})),
        {"on": True, "e": Collection("dict", (("a", Collection("list", (1,))),))},
    ),
    inputs=(InputSpec((1, 3, 64, 64)), InputSpec((1, 8), "int64", "ids", 7)),
    hashes={"/m/model.py": "00"},
    edits=(Edit(SPAN, "a\r\n", "b", "r", "site", "all of them", ("l.0", "l.1")),),
    definitions=(Definition("/m/model.py", "ECA", "Eca", "inline", 3, "r"),),
    imports=(Import("/m/model.py", "torch", "nn"), Import("/m/model.py", "torch.nn.functional", alias="F")),
    surgery=(
        SwapModule("m1", "conv", Use("ECA", {"a": (1, 2), "b": "auto"})),
        SwapCall("m2", NodeKey("layer", "relu", SPAN, 0), "gelu"),
        InsertOnEdge("m3", NodeKey("", "add", None, 1), 1, (0,), Use("Gate")),
    ),
    products=(Product("m1", "conv"),),
    rules=(RulePlan("r", ("a", "b"), ("a",), (), (Refusal("r", "b", "X1", "no", "do", SPAN),), ("s",), "said"),),
    notes=("n",),
)


def test_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(dump_plan(PLAN), encoding="utf-8")
    assert read_plan(str(path)) == PLAN


def test_schema_version_comes_first() -> None:
    assert next(iter(json.loads(dump_plan(PLAN)))) == "schema_version"


def changed(path: tuple[Any, ...], value: object) -> str:
    data = json.loads(dump_plan(PLAN))
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{", "F102", "not JSON"),
        ("\x00", "F102", "not JSON"),
        ("[" * 100_000, "F102", "not JSON"),
        ("[]", "F103", "plan cannot be []"),
        ("{}", "F103", "missing"),
        (changed(("schema_version",), 2), "F104", "schema version 2"),
        (changed(("schema_version",), "1"), "F103", 'plan.schema_version cannot be "1"'),
        (changed(("schema_version",), True), "F103", "plan.schema_version cannot be true"),
        (changed(("extra",), 1), "F103", "unknown key 'extra'"),
        (changed(("edits", 0, "rung"), "ladder"), "F103", 'plan.edits[0].rung cannot be "ladder"'),
        (changed(("edits", 0, "span"), None), "F103", "plan.edits[0].span cannot be null"),
        (changed(("edits",), {}), "F103", "plan.edits cannot be {}"),
        (changed(("hashes",), []), "F103", "plan.hashes cannot be []"),
        (changed(("surgery", 0, "record"), "swap"), "F103", "plan.surgery[0]"),
        (changed(("surgery", 0, "record"), "call"), "F103", "plan.surgery[0]"),
        (changed(("call", "args", 0), {"record": "swap-module"}), "F103", "plan.call.args[0]"),
        (changed(("definitions", 0, "style"), 3), "F103", "plan.definitions[0].style cannot be 3"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(text: str, code: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_plan(str(path))
    assert caught.value.code == code
    assert said in caught.value.message


def test_missing_plan_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="F101"):
        read_plan(str(tmp_path / "none.json"))


def test_hashes_hold_until_a_file_changes_or_goes(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("x = 1\n")
    plan = Plan(1, str(path), Call("Net"), (), {str(path): sha256(b"x = 1\n").hexdigest()})
    check_hashes(plan)
    path.write_text("x = 2\n")
    with pytest.raises(ClashError, match="changed after"):
        check_hashes(plan)
    path.unlink()
    with pytest.raises(ClashError, match="cannot be read"):
        check_hashes(plan)
