from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.errors import RuleError
from mutagen.load.rules_file import read_rules

RULES = "rules:\n  - {id: a, match: {op: relu}, replace: {with: gelu}}\n"


def write(folder: Path, section: str) -> str:
    file = folder / "rules.yaml"
    file.write_text(f"version: 1\nmodel: {{{section}}}\n{RULES}")
    return str(file)


def test_the_smaller_configuration_is_a_text_as_on_the_command_line(tmp_path: Path) -> None:
    rules = read_rules(write(tmp_path, "factory: Net, prove_with: 'Net(Config(depth=2))', prove_inputs: [1x8]"))
    assert (rules.model, rules.prove_with, rules.prove_inputs) == ("Net()", "Net(Config(depth=2))", ("1x8",))
    rules = read_rules(write(tmp_path, "factory: Net"))
    assert (rules.prove_with, rules.prove_inputs) == (None, ())


WRONG = ("prove_with: 'Net(*a)'", "prove_with: ''", "prove_with: 3", "prove_inputs: [1xx8]")


@pytest.mark.parametrize("section", WRONG)
def test_what_is_wrong_with_it_is_said_at_its_place(tmp_path: Path, section: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_rules(write(tmp_path, f"factory: Net, {section}"))
    assert caught.value.place is not None and caught.value.place.line == 2 and caught.value.place.column > 20


def test_the_files_of_a_folder_agree_on_it(tmp_path: Path) -> None:
    write(tmp_path, "factory: Net, prove_with: Net(2)")
    other = f"version: 1\nmodel: {{factory: Net, prove_with: Net(3)}}\n{RULES.replace('id: a', 'id: b')}"
    (tmp_path / "z.yaml").write_text(other)
    with pytest.raises(RuleError, match="describe different models"):
        read_rules(str(tmp_path))
