from __future__ import annotations

import json
from typing import Any

BAD = """\
version: 1
rules:
  - id: a
    match: {op: reluu}
    replace: {with: gelo}
    whyy: text
  - id: b
    match: {type: 3}
    insert: {block: eca}
"""
ONE = """\
version: 1
rules:
  - id: one
    match: {MATCH}
    replace: {with: gelu}
"""
SHARED = """\
import torch.nn as nn


def norm(c):
    return nn.BatchNorm2d(c)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = norm(6)
        self.two = norm(6)

    def forward(self, x):
        return self.two(self.one(x))
"""
TWO = """\
version: 1
rules:
  - id: one
    match: {type: BatchNorm2d, path: one}
    replace: {with: GroupNorm, args: {num_groups: 3}}
  - id: other
    match: {type: BatchNorm2d, path: two}
    replace: {with: GroupNorm, args: {num_groups: 2}}
"""


def test_rule_set_that_is_not_there_is_suggested(desk: Any) -> None:
    desk.quick("net.py", rules="relu-gelu").refuse("R100", hint="did you mean 'relu-to-gelu'?")
    desk.quick("net.py", rules="absent.yaml").refuse("R100", hint="shipped rule sets: ")


def test_broken_yaml_is_shown_where_it_breaks(desk: Any) -> None:
    desk.write("bad.yaml", "version: 1\nrules: [\n")
    desk.quick("net.py", rules="bad.yaml").refuse("R103", "bad.yaml:3:1", hint="bracket or quote that is not closed")


def test_all_errors_of_a_rule_file_come_at_once(desk: Any) -> None:
    desk.write("bad.yaml", BAD)
    done = desk.quick("net.py", rules="bad.yaml")
    done.refuse("R127", "bad.yaml:4:17", hint="did you mean 'relu'?")
    done.refuse("R127", "bad.yaml:5:21", hint="did you mean 'gelu'?")
    done.refuse("R112", "bad.yaml:6:5", hint="did you mean 'why'?")
    done.refuse("R114", "bad.yaml:8:19", hint="write a value of that kind")
    done.refuse("R115", "bad.yaml:9:5", hint="at: after, before, input, output (modules), branch-end (block)")
    assert done.err.count("error[") == done.err.count(" help: ") == done.err.count("-->")


def test_errors_of_rules_as_json(desk: Any) -> None:
    desk.write("bad.yaml", BAD)
    done = desk.apply("net.py", "--output-format", "json", rules="bad.yaml")
    done.refuse("R127", "bad.yaml:4:17", clean=False)
    data = json.loads(done.out)
    assert (data["schema_version"], data["status"]) == (1, "failed")
    first = data["errors"][0]
    assert (first["code"], first["path"], first["line"], first["column"]) == ("R127", "bad.yaml", 4, 17)
    assert all(each["hint"] for each in data["errors"])
    assert (done.changed, done.left) == ((), ())


def test_rule_that_matches_nothing_is_the_users_error(desk: Any, shape: Any) -> None:
    desk.write("one.yaml", ONE.replace("MATCH", "op: silu"))
    done = desk.apply("net.py", *shape, "-q", rules="one.yaml")
    done.refuse("M001", "one.yaml:3:9", hint="mark the rule `optional: true`")
    assert "0 calls of silu seen" in done.err


def test_two_rules_on_one_span_are_both_named(desk: Any, shape: Any) -> None:
    desk.write("shared.py", SHARED)
    desk.write("two.yaml", TWO)
    done = desk.apply("shared.py", "--model", "Net()", "--input", "1x6x8x8", rules="two.yaml")
    done.refuse("P010", "shared.py:5:12", hint="run them one after the other")
    assert "rules one and other both want to change this expression" in done.err
