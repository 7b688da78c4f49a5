"""Good rule files, each spoilt in one way in one place: each is an error with place, code and cure, and at once."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mutagen.blocks.catalogue import load_blocks
from mutagen.cli.main import main
from mutagen.errors import MutagenError
from mutagen.load.rules_file import read_rules
from mutagen.load.rules_yaml import Loc, parse
from mutagen.report.errors import members

ROOT = Path(__file__).parents[2]
GOOD = sorted([*ROOT.glob("rules/*.yaml"), ROOT / "samples/rules/unet.yaml", *ROOT.glob("tests/style/rules/*.yaml")])
# Mappings whose keys are names of the user's: facts, arguments.
FREE = {"where", "args", "kwargs", "set"}
LIMIT = 2.0  # seconds of this process; others may be at work

Spoilt = Iterator[tuple[Loc, Any]]


def places(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    yield loc, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from places(each, (*loc, key))


def put(data: Any, loc: Loc, value: Any) -> Any:
    """A copy of the data with another value at ``loc``."""
    if not loc:
        return value
    whole = copy.deepcopy(data)
    inner = whole
    for step in loc[:-1]:
        inner = inner[step]
    inner[loc[-1]] = value
    return whole


def is_free(loc: Loc) -> bool:
    return bool(FREE & {str(step) for step in loc})


def misspelt(data: Any) -> Spoilt:
    """A key without its second letter."""
    for loc, value in places(data):
        if isinstance(value, dict) and not is_free(loc):
            for key in value:
                changed = {(name[0] + name[2:] if name == key else name): each for name, each in value.items()}
                if len(key) > 3:
                    yield (*loc, key), put(data, loc, changed)


def unknown(data: Any) -> Spoilt:
    """A key that is nowhere."""
    for loc, value in places(data):
        if isinstance(value, dict) and not is_free(loc):
            yield loc, put(data, loc, {**value, "colour": "red"})


def wrong_kind(data: Any) -> Spoilt:
    """A mapping in the place of a value, a number in the place of a mapping or a list."""
    for loc, value in places(data):
        if loc and not (is_free(loc) and loc[-1] not in FREE):
            yield loc, put(data, loc, 7 if isinstance(value, dict | list) else {"deep": {"er": 1}})


def missing(data: Any) -> Spoilt:
    """A key that is needed, left out."""
    for loc, value in places(data):
        for key in ("version", "rules", "id", "match", "replace", "insert", "set", "with", "at", "block", "factory"):
            if isinstance(value, dict) and key in value and not is_free(loc):
                if key != "block" or loc[-1] == "insert":
                    yield (*loc, key), put(data, loc, {name: each for name, each in value.items() if name != key})


def bad_glob(data: Any) -> Spoilt:
    """Patterns that cannot be read."""
    for loc, value in places(data):
        if loc and loc[-1] in ("type", "path"):
            for pattern in ("layer[2:5", "layer{a,b", "re:(", "re:*x", *(["a[x-y]"] if loc[-1] == "path" else [])):
                yield loc, put(data, loc, [pattern] if isinstance(value, list) else pattern)


def no_value(data: Any) -> Spoilt:
    """A key with nothing behind it."""
    for loc, _ in places(data):
        if loc and isinstance(loc[-1], str) and not is_free(loc[:-1]):
            yield loc, put(data, loc, None)


def impossible(data: Any) -> Spoilt:
    """Parts that are right each and do not go together."""
    for index, rule in enumerate(data["rules"]):
        loc: Loc = ("rules", index)
        match = rule["match"]
        others = {"edge": "residual", "op": "relu", "block": "residual", "type": "Conv2d"}
        for key, value in others.items():
            if key not in match:
                yield (*loc, "match", key), put(data, (*loc, "match"), {**match, key: value})
        yield (*loc, "match"), put(data, (*loc, "match"), {})
        second = {"replace": {"with": "ECA"}, "insert": {"block": "ECA", "at": "after"}, "set": {"stride": 1}}
        for action, given in second.items():
            if action not in rule:
                yield (*loc, action), put(data, loc, {**rule, action: given})
        for at in ("branch-end", "skip", "branch", "sideways"):
            if "insert" in rule and rule["insert"]["at"] != at:
                yield (*loc, "insert", "at"), put(data, (*loc, "insert", "at"), at)
        for action, key in (("replace", "with"), ("insert", "block")):
            if action in rule:
                yield (*loc, action, key), put(data, (*loc, action, key), "NoSuchBlock9")
                yield (*loc, action, "args"), put(data, (*loc, action, "args"), {"no_such_argument": 1})
        twin = {**data, "rules": [*data["rules"], rule]}
        yield (*loc, "id"), twin


MUTATORS: dict[Callable[[Any], Spoilt], set[str]] = {
    misspelt: {"R111", "R112", "R161"},
    unknown: {"R112", "R114", "R161"},  # what a pattern has no part for
    wrong_kind: {"R110", "R111", "R114", "R116", "R131"},
    missing: {"R111", "R115", "R123"},
    bad_glob: {"R126"},
    no_value: {"R111", "R114", "R116", "R131"},
    impossible: {"R112", "R121", "R122", "R123", "R124", "R127", "R128", "R130", "R161"},
}


def dumped(data: Any) -> str:
    """The data as JSON over many lines, which is YAML."""
    return json.dumps(data, indent=1)


def spoilt() -> dict[str, tuple[str, set[str]]]:
    """Text and possible codes by the text that names mutator, file and place."""
    found: dict[str, tuple[str, set[str]]] = {}
    for file in GOOD:
        data = parse(file.read_bytes(), str(file)).data
        for mutator, codes in MUTATORS.items():
            for loc, changed in mutator(data):
                name = f"{mutator.__name__} {file.stem} {'.'.join(map(str, loc))}"
                found[f"{name} {len(found)}"] = dumped(changed), codes
    return found


def repeated_lines() -> dict[str, tuple[str, set[str]]]:
    """Each line that is a key with a value, written twice."""
    found = {}
    for file in GOOD:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        for index, line in enumerate(lines):
            key = line.strip().removeprefix("- ")
            if ": " in key and not key.startswith("#") and not line.lstrip().startswith("- "):
                text = "".join([*lines[: index + 1], line, *lines[index + 1 :]])
                found[f"repeated {file.stem} {index + 1}"] = text, {"R104"}
    return found


def bomb(depth: int, width: int) -> str:
    lines = [f"a0: &a0 [{', '.join(['x'] * width)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, depth)]
    return "\n".join(lines)


HEAD = "version: 1\nrules:\n"
BOMBS: dict[str, tuple[str, set[str]]] = {
    "a billion laughs": (bomb(10, 10), {"R105"}),
    "wide": (bomb(3, 300), {"R105"}),
    "deep": (bomb(60, 2), {"R105"}),
    "laughs of mappings": (
        "a: &a {x: 1, y: 2}\n"
        + "\n".join(
            f"b{i}: &b{i} {{p: *{'a' if not i else f'b{i - 1}'}, q: *{'a' if not i else f'b{i - 1}'}}}"
            for i in range(30)
        ),
        {"R105"},
    ),
    "a rule that holds itself": (HEAD + "  - &r {id: a, match: *r, replace: {with: gelu}}\n", {"R105"}),
    "brackets": (HEAD + "[" * 90_000, {"R105", "R103"}),
    "braces": (HEAD + "{a: " * 20_000, {"R105", "R103"}),
    "deep indentation": ("\n".join(" " * i + "a:" for i in range(300)), {"R105"}),
    "a megabyte": (HEAD + "#" * 1_000_000, {"R105"}),
    "a key of a megabyte": ("? " + "k" * 90_000 + "\n: 1\n", {"R112", "R111", "R115", "R103", "R105"}),
    "many keys": ("\n".join(f"k{i}: 1" for i in range(5_000)), {"R105"}),
    "many rules": (HEAD + "".join("  - {id: A, match: {op: relu}}\n" for _ in range(500)), {"R120", "R121", "R123"}),
    "too many rules": (HEAD + "".join("  - {id: A, match: {op: relu}}\n" for _ in range(2_000)), {"R105"}),
    "many anchors": ("\n".join(f"k{i}: &k{i} [*k{i - 1}, 1]" if i else "k0: &k0 1" for i in range(2_000)), {"R105"}),
    "a large number": (
        HEAD + f"  - {{id: {'9' * 5_000}, match: {{op: relu}}, replace: {{with: gelu}}}}\n",
        {"R106", "R114"},
    ),
    "a tag for Python": (HEAD + "  - !!python/object/apply:os.system [ls]\n", {"R106"}),
    "binary": (HEAD + "  - id: !!binary aGVsbG8=\n", {"R106"}),
    "two documents": (HEAD + "  - {id: a}\n---\nversion: 1\n", {"R103"}),
    "a slow pattern that does not compile": (
        HEAD + "  - {id: a, match: {path: 're:(a+'}, replace: {with: ECA}}\n",
        {"R126"},
    ),
    "a tab": (HEAD + "\t- {id: a}\n", {"R103"}),
    "a nul": (HEAD + "  - {id: \x00}\n", {"R103"}),
    "an open quote": (HEAD + '  - {id: "a}\n', {"R103"}),
    "a directive": ("%YAML 9.9\n---\n" + HEAD, {"R103", "R114"}),
    "only a directive": ("%FOO bar\n", {"R103", "R110"}),
    "many values": (HEAD + "- 1\n" * 24_000, {"R105"}),
    "many empty mappings": (HEAD + "  - [" + "{}," * 30_000 + "]", {"R105"}),
    "a number": ("7\n", {"R110"}),
    "nothing": ("", {"R110"}),
    "a null": ("~\n", {"R110"}),
}

CASES = {**spoilt(), **repeated_lines(), **BOMBS}


def known() -> dict[str, tuple[str, ...]]:
    return {name: tuple(block.options) for name, block in load_blocks().items()}


@pytest.mark.parametrize("kind", [*(it.__name__ for it in MUTATORS), "repeated"])
def test_every_spoilt_file_is_told_with_place_code_and_cure(kind: str, tmp_path: Path) -> None:
    mine = {name: it for name, it in CASES.items() if name.partition(" ")[0] == kind}
    path = tmp_path / "rules.yaml"
    (tmp_path / "models").symlink_to(ROOT / "rules/models")
    for name, (text, codes) in mine.items():
        path.write_text(text, encoding="utf-8")
        start = time.process_time()
        with pytest.raises(MutagenError) as caught:
            read_rules(str(path), known())
        seconds = time.process_time() - start
        found = members(caught.value)
        story = f"{name}\n{text[:2000]}\n{[str(each) for each in found][:20]}"
        assert {each.code for each in found} & codes, story
        for each in found:
            assert each.place is not None, story
            assert each.place.line > 0 or each.code in ("R105", "R103"), story
            assert each.message, story
            assert each.hint, f"{each}\n{story}"
        assert seconds < LIMIT, f"{seconds:.1f} s: {name}"


def test_there_are_hundreds_of_them() -> None:
    assert len(CASES) >= 500
    assert all(sum(name.startswith(it.__name__) for name in CASES) >= 20 for it in MUTATORS)


@pytest.mark.parametrize("name", BOMBS)
def test_the_command_ends_with_two_and_no_traceback(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.yaml").write_text(BOMBS[name][0], encoding="utf-8")
    start = time.process_time()
    assert main(["rules", "check", str(tmp_path / "rules.yaml")]) == 2
    assert time.process_time() - start < LIMIT
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert "rules.yaml" in err
    assert "help: " in err
    assert any(f"error[{code}]" in err for code in BOMBS[name][1])
    assert len(err) < 100_000


def test_unspoilt_files_are_read(tmp_path: Path) -> None:
    """The same way through data and back to text leaves good files good: what is found comes from the one change."""
    (tmp_path / "models").symlink_to(ROOT / "rules/models")
    for file in GOOD:
        text = dumped(parse(file.read_bytes(), str(file)).data)
        (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
        assert read_rules(str(tmp_path / "rules.yaml"), known()).rules
