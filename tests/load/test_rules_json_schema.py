"""The JSON Schema that editors read: valid, not stale, and of one mind with the reader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mutagen.load.rules_file import read_rules
from mutagen.load.rules_json_schema import FILE_NAME, rules_schema, rules_schema_text
from mutagen.load.rules_said import SAID
from mutagen.load.rules_yaml import parse

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("rules/*.yaml"), *ROOT.glob("samples/rules/*.yaml"), *ROOT.glob("tests/style/rules/*.yaml")])
BAD = (Path(__file__).parent / "data/bad_rules.txt").read_text(encoding="utf-8")
# What only the reader finds: names that do not fit together, patterns, the texts of models; and YAML itself.
READER_ALONE = {"R102", "R103", "R104", "R105", "R106", "R113", "R121", "R122", "R124", "R126", "R127", "R128", "R129"}
READER_ALONE |= {
    "R100",
    "R110",
    "R123",
    "R125",
    "R130",
    "R131",
    "R132",
    "R133",
    "R140",
    "R141",
    "R145",
    "R147",
    "R160",
    "R161",
}

VALIDATOR = jsonschema.Draft7Validator(rules_schema())
LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


def data_of(text: str) -> Any:
    return parse(text.encode(), "rules.yaml").data


def test_it_is_a_schema_of_draft_7() -> None:
    schema = rules_schema()
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)
    assert "$defs" not in json.dumps(schema)


def test_the_shipped_one_is_not_stale() -> None:
    shipped = (ROOT / "rules" / FILE_NAME).read_text(encoding="utf-8")
    assert shipped == rules_schema_text(), "write it anew: make schema"


def test_references_stand_alone() -> None:
    """Draft-07 passes over what stands beside a reference."""

    def check(value: Any) -> None:
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
            check(each)
        assert not (isinstance(value, dict) and "$ref" in value and len(value) > 1), value

    check(rules_schema())


def test_every_key_is_said() -> None:
    schema = rules_schema()
    parts = {"FilePart": schema, **schema["definitions"]}
    keys = {(name, key) for name, part in parts.items() for key in part.get("properties", {})}
    assert keys == set(SAID), "keep mutagen/load/rules_said.py in step with rules_schema.py"


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_good_files_are_accepted(file: Path) -> None:
    read_rules(str(file))
    assert [error.message for error in VALIDATOR.iter_errors(data_of(file.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize("file", [file for file in FILES if file.parent.name == "rules" and file.parents[1] == ROOT])
def test_editors_find_it_by_the_first_line_of_shipped_files(file: Path) -> None:
    found = LINE.match(file.read_text(encoding="utf-8"))
    assert found
    assert (file.parent / found[1]).read_text(encoding="utf-8") == rules_schema_text()


def bad_cases() -> list[tuple[str, str]]:
    parts = re.split(r"^=== (.*)\n", BAD, flags=re.MULTILINE)[1:]
    found = []
    for head, text in zip(parts[::2], parts[1::2], strict=True):
        name, _, expected = head.partition(" | ")
        codes = {each.split()[0] for each in expected.split("; ")}
        if codes - READER_ALONE:
            found.append((name, text))
    return found


@pytest.mark.parametrize(("name", "text"), bad_cases(), ids=[name for name, _ in bad_cases()])
def test_wrong_files_are_marked(name: str, text: str) -> None:
    assert list(VALIDATOR.iter_errors(data_of(text)))


def test_enough_wrong_files_are_tried() -> None:
    assert len(bad_cases()) >= 30


@pytest.mark.parametrize(
    "text",
    [
        "{id: a, match: {type: C, where: {k: {gt: [1]}}}, replace: {with: ECA}}",
        "{id: a, match: {type: C, where: {k: {in: 3}}}, replace: {with: ECA}}",
        "{id: a, match: {type: C, where: {k: {multiple_of: 0}}}, replace: {with: ECA}}",
        "{id: a, match: {type: C, where: {k: {gte: 3}}}, replace: {with: ECA}}",
        "{id: a, match: {block: what-ever}, insert: {block: ECA, at: after}}",
        "{id: a, match: {block: residual}}",
        "{id: a, match: {type: C}, set: {}, replace: {with: ECA}}",
        "{id: a, match: {type: C, not: 3}, replace: {with: ECA}}",
        "{id: a, match: {type: [C, 3]}, replace: {with: ECA}}",
        "{id: a, match: {type: C}, set: {dilation: {a: 1}}}",
        "{id: a, match: {type: C}, set: {k: 1}, expect: {instances: many}}",
        "{id: a, match: {type: C}, set: {k: 1}, expect: {params: less}}",
        "{id: a, match: {type: C}, enabled: true}",
        "{id: a, enabled: 1}",
    ],
)
def test_wrong_rules_are_marked_at_the_rule(text: str) -> None:
    errors = list(VALIDATOR.iter_errors(data_of(f"version: 1\nrules:\n  - {text}\n")))
    assert errors
    assert all(list(error.absolute_path)[:2] == ["rules", 0] for error in errors)


@pytest.mark.parametrize("budget", ["cheap", "1..2", "increase"])
def test_wrong_budgets_are_marked(budget: str) -> None:
    text = f"version: 1\ninclude: [relu-to-gelu]\nbudget: {{macs: {budget}}}\n"
    assert list(VALIDATOR.iter_errors(data_of(text)))


def test_claims_switches_and_files_that_only_include_are_accepted() -> None:
    rule = "{id: a, match: {type: C}, set: {k: 1}, expect: {instances: 8.., sites: 1, params: -70%..-50%, macs: same}}"
    text = f"version: 1\ninclude: [x.yaml]\nrules: [{rule}, {{id: b, enabled: false}}]\nbudget: {{macs: +2%}}\n"
    assert not list(VALIDATOR.iter_errors(data_of(text)))
    assert not list(VALIDATOR.iter_errors(data_of("version: 1\ninclude: [x.yaml]\n")))
    assert list(VALIDATOR.iter_errors(data_of("version: 1\n")))


def test_short_forms_are_accepted() -> None:
    rule = "{id: a, match: {type: C, where: {k: 3, s: [1, 2], b: null}, not: {path: x}}, set: {dilation: [2, 2]}}"
    assert not list(VALIDATOR.iter_errors(data_of(f"version: 1\nrules:\n  - {rule}\n")))
