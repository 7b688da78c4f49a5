from __future__ import annotations

import re
from pathlib import Path

import pytest

from mutagen.errors import ErrorGroup, MutagenError, RuleError
from mutagen.load.rules_file import read_rules

KNOWN = {
    "ECA": ("kernel_size", "gamma", "beta", "identity"),
    "DepthwiseSeparableConv2d": (),
    "LayerScale": ("init",),
    "AttentionGate2d": (),
}
DATA = Path(__file__).parent / "data" / "bad_rules.txt"


def cases() -> list[tuple[str, list[str], str]]:
    """Name, expected errors and text of each case; a line ``=== name | CODE line:column; ...`` starts one."""
    parts = re.split(r"^=== (.*)\n", DATA.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = []
    for head, text in zip(parts[::2], parts[1::2], strict=True):
        name, _, expected = head.partition(" | ")
        found.append((name, expected.split("; "), text))
    return found


def failures(path: Path) -> tuple[MutagenError, ...]:
    with pytest.raises((RuleError, ErrorGroup)) as caught:
        read_rules(str(path), KNOWN)
    return caught.value.errors if isinstance(caught.value, ErrorGroup) else (caught.value,)


@pytest.mark.parametrize(("name", "expected", "text"), cases(), ids=[case[0] for case in cases()])
def test_bad_file_gives_all_its_errors_with_their_places(
    name: str, expected: list[str], text: str, tmp_path: Path
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    found = failures(path)
    assert [f"{error.code} {error.place.line}:{error.place.column}" for error in found] == expected
    assert all(error.place.file == str(path) and error.message for error in found)


def test_there_are_many_cases_and_no_two_of_one_name() -> None:
    names = [case[0] for case in cases()]
    assert len(names) >= 40
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("{id: a, mach: {op: relu}, match: {op: relu}, replace: {with: gelu}}", "did you mean 'match'?"),
        ("{id: a, match: {typ: ReLU, op: relu}, replace: {with: gelu}}", "did you mean 'type'?"),
        ("{id: a, match: {type: A, where: {k: {'>=': 3}}}, replace: {with: ECA}}", "did you mean 'ge'?"),
        ("{id: a, match: {op: relu}, replace: {with: gleu}}", "did you mean 'gelu'?"),
        ("{id: a, match: {type: A}, replace: {with: eca}}", "did you mean 'ECA'?"),
        ("{id: a, match: {block: residual}, insert: {block: ECA, at: branch-end, args: {gama: 1}}}", "'gamma'?"),
        ("{id: a, match: {edge: skipp}, insert: {block: ECA, at: skip}}", "did you mean 'skip'?"),
        ("{id: 3, match: {op: relu}, replace: {with: gelu}}", 'put it in quotes: "3"'),
        ("{id: a, match: {type: A}, where: {k: 3}, replace: {with: ECA}}", "`where` belongs to"),
        ("{id: a, kernel_size: 3, match: {type: A}, replace: {with: ECA}}", "keys: id, why, match"),
    ],
)
def test_hint_names_what_was_meant(rule: str, hint: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - {rule}\n")
    assert hint in failures(path)[0].hint


def test_bytes_that_are_not_utf_8_are_located(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"version: 1\n# caf\xe9\n")
    (error,) = failures(path)
    assert (error.code, error.place.line, error.place.column) == ("R102", 2, 6)


def test_control_character_is_located(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"version: 1\nrules: \x01\n")
    (error,) = failures(path)
    assert (error.code, error.place.line, error.place.column) == ("R103", 2, 8)


def test_anchors_cannot_blow_up(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    path = tmp_path / "rules.yaml"
    path.write_text("\n".join(lines))
    (error,) = failures(path)
    assert error.code == "R105"


@pytest.mark.parametrize("text", ["[" * 5000, "x: " + "[" * 60 + "]" * 60, "#" * 1_000_001])
def test_depth_and_size_are_limited(text: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    (error,) = failures(path)
    assert error.code == "R105"


def test_missing_file_and_empty_folder_are_unreadable(tmp_path: Path) -> None:
    assert failures(tmp_path / "none.yaml")[0].code == "R101"
    assert failures(tmp_path)[0].code == "R101"


def test_yaml_1_1_words_for_truth_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("%YAML 1.1\n---\nversion: 1\nrules:\n  - {id: a, optional: yes}\n")
    assert "R106" in {error.code for error in failures(path)}
