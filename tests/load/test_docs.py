"""Every example of the reference is read as it stands, those that are wrong with just the codes that are said."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mutagen.blocks.catalogue import load_blocks
from mutagen.errors import MutagenError
from mutagen.load.rules_file import read_rules
from mutagen.load.rules_json_schema import rules_schema
from mutagen.load.rules_words import KEYS
from mutagen.load.rules_yaml import parse
from mutagen.report.errors import members

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```yaml(?: wrong: ([^\n]*))?\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
EXAMPLES = BLOCK.findall((DOCS / "rules.md").read_text(encoding="utf-8"))
RULE = "rules:\n  - {id: a, match: {type: ReLU}, replace: {with: gelu}}\n"
VALIDATOR = jsonschema.Draft7Validator(rules_schema())


def whole(text: str) -> str:
    """A file out of an example that may leave out the version, or the rules."""
    lines = ["version: 1\n"] if not re.search(r"^version:", text, re.MULTILINE) else []
    return "".join([*lines, text, "" if re.search(r"^rules:", text, re.MULTILINE) else RULE])


def known() -> dict[str, Any]:
    return {name: tuple(block.options) for name, block in load_blocks().items()}


def test_the_reference_has_examples() -> None:
    assert len(EXAMPLES) >= 8
    assert sum(bool(wrong) for wrong, _ in EXAMPLES) >= 2


@pytest.mark.parametrize(("wrong", "text"), EXAMPLES, ids=[str(index) for index in range(len(EXAMPLES))])
def test_example(wrong: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(whole(text), encoding="utf-8")
    marks = list(VALIDATOR.iter_errors(parse(path.read_bytes(), "rules.yaml").data))
    if not wrong:
        assert read_rules(str(path), known()).rules
        assert marks == []
        return
    with pytest.raises(MutagenError) as caught:
        read_rules(str(path), known())
    assert {error.code for error in members(caught.value)} == set(wrong.split(", "))
    assert marks


def test_every_key_of_the_language_is_in_the_docs() -> None:
    text = "".join(
        (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("rules", "matching", "actions", "blocks")
    )
    missing = {
        key for keys in KEYS.values() for key in keys if not re.search(rf"[`{{ (,\n]{key}(?=[:`, .)}}\n])", text)
    }
    assert missing == set()


def test_links_lead_somewhere() -> None:
    for name in re.findall(r"\]\(([\w/.-]+)\)", (DOCS / "rules.md").read_text(encoding="utf-8")):
        assert (DOCS / name).exists(), name


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_both_readmes_lead_here(readme: str) -> None:
    assert "(docs/rules.md)" in (ROOT / readme).read_text(encoding="utf-8")


def test_limits_are_those_that_are_said() -> None:
    from mutagen.load.rules_yaml import MAX_BYTES, MAX_NODES

    assert f"{MAX_BYTES:,} bytes and {MAX_NODES:,} values" in (DOCS / "rules.md").read_text(encoding="utf-8")


def test_an_example_that_is_wrong_is_found(tmp_path: Path) -> None:
    text = whole("rules:\n  - {id: a, match: {type: ReLU}, replace: {wiht: gelu}}\n")
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(MutagenError):
        read_rules(str(tmp_path / "rules.yaml"), known())
    assert list(VALIDATOR.iter_errors(json.loads(json.dumps(parse(text.encode(), "rules.yaml").data))))
