"""Each form for machines, from one report: what it says, and that it says so in the form's own grammar."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mutagen.errors import DriftError, ErrorGroup, Place, RuleError
from mutagen.records.plan import Edit, Plan, Refusal, RulePlan
from mutagen.records.result import FileChange, Report
from mutagen.records.span import Span
from mutagen.records.target import Call
from mutagen.records.told import Told
from mutagen.report.findings import Region, findings
from mutagen.report.fixes import replacements
from mutagen.report.formats import github, jsonl, markdown, names, sarif
from mutagen.report.formats import json as one_json

BEFORE = "# café\r\nclass Net:\r\n    é = Conv(3)\r\n    act = ReLU()\r\nlast = 1"
AFTER = "# café\r\nimport new\r\nclass Net:\r\n    é = Dsc(3)\r\n    act = GELU()\r\nlast = 2\r\n"


def schema() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("sarif_schema", Path(__file__).with_name("sarif_schema.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SCHEMA


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Report]:
    """A report on one file: two edits, one behind a letter of two bytes, and one refusal elsewhere."""

    def make(status: str = "would_change", **more: Any) -> Report:
        file = str(tmp_path / "a b" / "net.py")
        other = tmp_path / "other.py"
        other.write_text("x = 1\n")
        conv, act = Span(file, 3, 9, 3, 16), Span(file, 4, 10, 4, 16)
        edits = (
            Edit(conv, "Conv(3)", "Dsc(3)", "dsc", "site", "all are selected", ("l.0", "l.1")),
            Edit(act, "ReLU()", "GELU()", "gelu", "site", "one is selected", ("act",)),
        )
        refusal = Refusal(
            "dsc",
            "m",
            "in-library",
            "it stands in a library, 100 % of it",
            "leave it out",
            Span(str(other), 1, 0, 1, 1),
        )
        rules = (
            RulePlan("dsc", ("l.0", "l.1", "m"), ("l.0", "l.1"), (), (refusal,), (f"{file}:3:10",)),
            RulePlan("gelu", ("act",), ("act",), (), (), (f"{file}:4:11",)),
        )
        plan = Plan(1, file, Call("Net"), (), {file: "00"}, edits, rules=rules)
        change = FileChange(file, BEFORE.encode(), AFTER.encode())
        fresh = FileChange(str(tmp_path / "eca.py"), None, b"class ECA: ...\n")
        return replace(Report(status, plan, "fx", 1, 1, (change, fresh)), **more)  # type: ignore[arg-type]

    return make


def told(report: Report) -> list[Told]:
    return [Told("net.py", report)]


WRONG_KEY = RuleError("R112", "unknown key 'a'", place=Place("/r.yaml", 3, 5, 2), hint="keys: b")
ERRORS = [Told("net.py", error=ErrorGroup((WRONG_KEY, RuleError("R110", "empty", place=Place("/q.yaml")))))]


def test_every_file_of_the_folder_is_a_form_with_a_renderer() -> None:
    assert names() == ("github", "json", "jsonl", "markdown", "sarif")


def test_places_count_characters(make: Callable[..., Report], tmp_path: Path) -> None:
    first, second, refusal = findings(make())
    file = str(tmp_path / "a b/net.py")
    assert first.region == Region(file, 3, 9, 3, 16)
    assert second.region == Region(file, 4, 11, 4, 17)
    assert (first.message, first.paths) == ("would change: Conv(3) → Dsc(3) (2 instances)", ("l.0", "l.1"))
    assert (refusal.kind, refusal.code) == ("refusal", "in-library")


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("applied", ["edit", "edit", "refusal"]),
        ("refused", ["refusal"]),
        ("failed", ["refusal", "failure"]),
    ],
)
def test_what_was_not_proved_is_no_edit(status: str, kinds: list[str], make: Callable[..., Report]) -> None:
    assert [it.kind for it in findings(make(status))] == kinds


def test_github_has_a_line_for_each_finding(make: Callable[..., Report], tmp_path: Path) -> None:
    assert github.render(told(make()), root=tmp_path).splitlines() == [
        "::warning title=mutagen dsc,file=a b/net.py,line=3,endLine=3,col=9,endColumn=16"
        "::would change: Conv(3) → Dsc(3) (2 instances)",
        "::warning title=mutagen gelu,file=a b/net.py,line=4,endLine=4,col=11,endColumn=17"
        "::would change: ReLU() → GELU()",
        "::error title=mutagen dsc,file=other.py,line=1,endLine=1,col=1,endColumn=2"
        "::refused[in-library] m: it stands in a library, 100 %25 of it%0Ahelp: leave it out",
    ]
    assert github.render(told(make("applied")), root=tmp_path).startswith("::notice title=")


def test_github_escapes_properties_and_leaves_out_columns_over_several_lines(tmp_path: Path, make: Any) -> None:
    report = make()
    edit = replace(report.plan.edits[0], rule="a,b:c", span=replace(report.plan.edits[0].span, end_line=4))
    report = replace(report, plan=replace(report.plan, edits=(edit,), rules=()))
    line = github.render(told(report), root=tmp_path)
    assert line.startswith("::warning title=mutagen a%2Cb%3Ac,file=a b/net.py,line=3,endLine=4::would change")


def test_github_tells_errors_where_they_are() -> None:
    assert github.render(ERRORS, root=Path("/")).splitlines() == [
        "::error title=mutagen R112,file=r.yaml,line=3,col=5,endColumn=7::unknown key 'a'%0Ahelp: keys: b",
        "::error title=mutagen R110,file=q.yaml::empty",
    ]


def test_json_lines_end_with_the_target(make: Callable[..., Report], tmp_path: Path) -> None:
    lines = [json.loads(line) for line in jsonl.render([*told(make()), *ERRORS], root=tmp_path).splitlines()]
    assert [it["type"] for it in lines] == ["edit", "edit", "refusal", "target", "error", "error", "target"]
    assert {it["schema_version"] for it in lines} == {1}
    assert lines[0]["path"] == "a b/net.py" and lines[0]["rung"] == "site" and lines[0]["column"] == 9
    assert lines[3]["status"] == "would_change" and lines[3]["files"][0]["path"] == "a b/net.py"
    assert lines[4]["code"] == "R112" and lines[6]["status"] == "failed"


def test_json_is_one_report_or_all_under_the_worst_status(make: Callable[..., Report], tmp_path: Path) -> None:
    one = json.loads(one_json.render(told(make()), root=tmp_path))
    assert (one["status"], "reports" in one) == ("would_change", False)
    both = json.loads(one_json.render([*told(make()), *ERRORS], root=tmp_path))
    assert (both["status"], [it["status"] for it in both["reports"]]) == ("failed", ["would_change", "failed"])


def sarif_of(given: list[Told], root: Path) -> Any:
    data = json.loads(sarif.render(given, root=root))
    jsonschema.Draft7Validator(schema(), format_checker=jsonschema.FormatChecker()).validate(data)
    return data["runs"][0]


@pytest.mark.parametrize("status", ["would_change", "applied", "refused", "failed", "unchanged"])
def test_sarif_is_valid_whatever_the_status(status: str, make: Callable[..., Report], tmp_path: Path) -> None:
    run = sarif_of([*told(make(status)), *ERRORS], tmp_path)
    known = {it["id"] for it in run["tool"]["driver"]["rules"]}
    assert {it["ruleId"] for it in run["results"]} <= known
    assert all(("fixes" in it) == (status == "would_change" and it["level"] == "warning") for it in run["results"])
    assert run["invocations"][0]["executionSuccessful"] is False


def test_what_has_drifted_is_a_result_and_no_failure_of_the_tool(tmp_path: Path) -> None:
    drifts = [DriftError(code, "why", place=Place(str(tmp_path / "net.py")), hint="what") for code in ("L101", "L102")]
    run = sarif_of([Told("", error=ErrorGroup(tuple(drifts)))], tmp_path)
    assert run["invocations"][0]["executionSuccessful"] is True
    assert [it["ruleId"] for it in run["results"]] == ["L101", "L102"]
    assert run["tool"]["driver"]["rules"][0]["shortDescription"]["text"] == "a file is not as its rules left it"
    marks = {it["partialFingerprints"]["mutagenTarget/v1"] for it in run["results"]}
    assert len(marks) == 2


def test_the_schema_can_fail(make: Callable[..., Report], tmp_path: Path) -> None:
    data = json.loads(sarif.render(told(make()), root=tmp_path))
    validator = jsonschema.Draft7Validator(schema())
    for spoil in (
        lambda run: run["results"][0].pop("message"),
        lambda run: run["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0),
        lambda run: run["results"][1].update(kind="informational"),
        lambda run: run.update(extra=1),
    ):
        spoilt = json.loads(json.dumps(data))
        spoil(spoilt["runs"][0])
        assert not validator.is_valid(spoilt)
    assert validator.is_valid(data)


def test_sarif_fixes_carry_the_whole_change_and_can_be_carried_out(make: Callable[..., Report], tmp_path: Path) -> None:
    run = sarif_of(told(make()), tmp_path)
    changes = run["results"][0]["fixes"][0]["artifactChanges"]
    assert [it["artifactLocation"] for it in changes] == [
        {"uri": "a%20b/net.py", "uriBaseId": "%SRCROOT%"},
        {"uri": "eca.py", "uriBaseId": "%SRCROOT%"},
    ]
    assert carried_out(BEFORE, changes[0]["replacements"]) == AFTER
    assert carried_out("", changes[1]["replacements"]) == "class ECA: ...\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "a\n"),
        ("a", "a\nb"),
        ("a\nb\n", "b\n"),
        ("a\nb", "a\n"),
        ("a\nb\n", "a\nb\nc\n"),
        ("a\f\nb\n", "x\f\nb\n"),
        ("a\n\nb", "c\n\nb\nd"),
    ],
)
def test_replacements_turn_one_text_into_the_other(before: str, after: str) -> None:
    found = [
        {
            "deletedRegion": {
                "startLine": it.region.line,
                "startColumn": it.region.column,
                "endLine": it.region.end_line,
                "endColumn": it.region.end_column,
            },
            "insertedContent": {"text": it.text},
        }
        for it in replacements(FileChange("/a.py", before.encode(), after.encode()))
    ]
    assert carried_out(before, found) == after


def carried_out(text: str, found: list[Any]) -> str:
    """A text with the replacements made, as an editor makes them: by line and column, from the last to the first."""
    starts = [0, *(it.end() for it in re.finditer("\n", text))]
    for it in reversed(found):
        region = it["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + it["insertedContent"]["text"] + text[end:]
    return text


def prints(run: Any) -> list[str]:
    return [it["partialFingerprints"]["mutagenTarget/v1"] for it in run["results"]]


def test_fingerprints_stay_while_lines_move_and_differ_between_places(make: Any, tmp_path: Path) -> None:
    report = make()
    first = prints(sarif_of(told(report), tmp_path))
    moved = tuple(
        replace(it, span=replace(it.span, line=it.span.line + 2, end_line=it.span.end_line + 2))
        for it in report.plan.edits
    )
    change = replace(report.files[0], before=b"\r\n\r\n" + BEFORE.encode())
    later = replace(report, plan=replace(report.plan, edits=moved), files=(change,))
    assert prints(sarif_of(told(later), tmp_path)) == first
    assert len(set(first)) == len(first) == 3
    renamed = replace(report, files=(replace(report.files[0], before=BEFORE.replace("Net", "Other").encode()),))
    assert prints(sarif_of(told(renamed), tmp_path))[0] != first[0]


def test_markdown_tells_rules_and_folds_the_patch(make: Callable[..., Report], report: Report, tmp_path: Path) -> None:
    text = markdown.render(told(make()), root=tmp_path)
    assert text.startswith("### mutagen: `net.py`\n\n")
    assert "\n| `dsc` | 3 | 2 | 0 | 1 | 1 |\n" in text
    assert "\n- `dsc` refused 1 target (`in-library`): it stands in a library, 100 % of it. leave it out.\n" in text
    assert "<details><summary>patch: +5 −3 lines in 2 files</summary>\n\n```diff\n" in text
    assert text.rstrip().endswith("```\n\n</details>")
    assert "| parameters | 1,000,000 | 1,012,288 | +12,288 (+1.23 %) |" in markdown.render(told(report), root=tmp_path)


def test_markdown_is_not_broken_by_what_it_holds(make: Callable[..., Report], tmp_path: Path) -> None:
    change = replace(make().files[0], after=b'"""\n```python\n````\n"""\n')
    text = markdown.render(told(make(files=(change,), notes=("a | b <b> *c*",))), root=tmp_path)
    assert "\n`````diff\n" in text and "\n`````\n" in text
    assert r"- note: a \| b \<b\> \*c\*" in text


def test_markdown_holds_no_patch_of_what_was_not_proved(make: Callable[..., Report], tmp_path: Path) -> None:
    text = markdown.render([*told(make("failed", failure="eval differs")), *ERRORS], root=tmp_path)
    assert "```diff" not in text
    assert "nothing written: eval differs." in text
    assert "error[R112]: unknown key 'a'" in text
