"""One rule on one model: the command line edits a copy, the judge looks at what came of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from corpus.bytes_check import check_bytes
from corpus.command import Answer, apply, codes, messages
from corpus.entries import Entry, call_text, input_texts
from corpus.judge import Survey, Verdict
from corpus.size import size
from corpus.store import Result
from corpus.warm import Warm
from corpus.workspace import Workspace
from corpus.zygote import JobFailed, Zygote

LIMIT_OF_TIME = "T204"


@dataclass(frozen=True, slots=True)
class Pair:
    """What is tried, with what is known of the original model; ``given`` names the rule on the command line."""

    entry: Entry
    rule: str
    given: str
    scope: str
    survey: Survey
    timeout: float
    check_diff: bool = False

    @property
    def arguments(self) -> list[str]:
        """What follows ``mutagen apply``."""
        inputs = [word for text in input_texts(self.entry) for word in ("--input", text)]
        scope = ["--scope", self.scope] if self.scope != "file" else []
        return [self.given, self.entry.file, "--model", call_text(self.entry), *inputs, *scope]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where pairs are tried: copies of packages, the judge's process, and one for the command line where it is warm.

    ``judged`` holds what was proved in the default scope, by entry and rule, to be taken over where plans are alike.
    """

    workspace: Workspace
    zygote: Zygote
    warm: Warm | None = None
    judged: Mapping[tuple[str, str], Result] = field(default_factory=dict)

    def apply(self, pair: Pair, *, diff: bool = False) -> Answer:
        """Runs the command line on the edited copy."""
        roots = self.workspace.roots(pair.entry, edited=True)
        arguments = [*pair.arguments, *(["--diff"] if diff else [])]
        return apply(arguments, roots=roots, timeout=pair.timeout, json_output=not diff, warm=self.warm)


def judged(results: Iterable[Result]) -> dict[tuple[str, str], Result]:
    """Returns what was proved in the default scope, the last result of each pair."""
    last = {(result.entry, result.rule): result for result in results if result.scope == "file"}
    return {pair: result for pair, result in last.items() if result.outcome == "proved"}


def taken_over(pair: Pair, bench: Bench, alike: Set[str]) -> Result | None:
    """Returns the result of the default scope for a rule that both scopes plan ``alike``; else None."""
    known = bench.judged.get((pair.entry.key, pair.rule)) if pair.scope == "package" else None
    if known is None or pair.rule not in alike:
        return None
    return replace(known, scope=pair.scope, notes=("planned as in the default scope",))


def planned_alike(entry: Entry, given: Mapping[str, str], bench: Bench, timeout: float) -> frozenset[str]:
    """Returns which of the rules, with their files, both scopes plan in the same bytes."""
    known = {rule: file for rule, file in given.items() if (entry.key, rule) in bench.judged}
    found: dict[str, bool] = {}
    for calls in (True, False):
        if left := {rule: file for rule, file in known.items() if rule not in found}:
            roots = bench.workspace.roots(entry, edited=True)
            with suppress(JobFailed):
                found |= bench.zygote.run("plans_alike", entry, roots, left, calls, timeout=timeout)
    return frozenset(rule for rule, alike in found.items() if alike)


def try_pair(pair: Pair, blank: Result, bench: Bench) -> Result:
    """Returns what came of the pair; the edited copy is left as the command line left it."""
    workspace = bench.workspace
    wanted = pair.survey.targets[pair.rule]
    blank = replace(blank, applicable=bool(wanted.must), targets=len(wanted.must) + len(wanted.may))
    patch = bench.apply(pair, diff=True) if pair.check_diff else None
    answer = bench.apply(pair)
    before, after = workspace.changed(pair.entry)
    result = _without_change(answer, blank)
    if result is not None:
        return replace(result, outcome="wrong", detail="files changed all the same") if before != after else result
    try:
        verdict = _verdict(pair, answer, bench)
    except JobFailed as problem:
        return replace(blank, outcome="wrong", detail=f"the edited model: {problem}")
    problems = verdict.problems + check_bytes(before, after, answer.report)
    edit = size(before, after)
    problems += _second_run(pair, bench, after)
    if patch is not None:
        problems += _patch_problems(patch, before, after, workspace)
    return replace(
        blank,
        outcome="wrong" if problems else "unreadable" if edit.unreadable else "proved",
        detail="; ".join(problems[:4]) or edit.unreadable,
        changed=verdict.changed,
        difference=verdict.difference,
        lines=edit.lines,
        edits=sum(len(file.get("edits", [])) for file in answer.report.get("files", [])),
        notes=tuple(verdict.notes),
    )


def _without_change(answer: Answer, blank: Result) -> Result | None:
    """Returns the result where the command line claims to have written nothing, else None."""
    status = answer.report.get("status")
    if answer.code is None:
        return replace(blank, outcome="timed-out")
    if LIMIT_OF_TIME in codes(answer):
        return replace(blank, outcome="timed-out", codes=codes(answer), detail=" | ".join(messages(answer)))
    if answer.code == 0 and status == "applied":
        return None
    if answer.code == 0 and status == "unchanged":
        return replace(blank, outcome="already")
    if answer.code in (1, 2) and not re.search(r"^Traceback", answer.errors, re.MULTILINE):
        return replace(blank, outcome="refused", codes=codes(answer), detail=" | ".join(messages(answer)))
    return replace(blank, outcome="crashed", detail=f"exit {answer.code}: {answer.errors.strip()[-300:]}")


def _verdict(pair: Pair, answer: Answer, bench: Bench) -> Verdict:
    moved: dict[str, str] = dict(answer.report.get("weights", {}).get("remap") or {})
    entry, limit, zygote, workspace = pair.entry, pair.timeout, bench.zygote, bench.workspace
    found = workspace.found
    zygote.run("examine", entry, workspace.roots(entry, edited=True), pair.survey, moved, found, timeout=limit)
    original = workspace.roots(entry, edited=False)
    verdict: Any = zygote.run("compare", entry, original, pair.rule, pair.survey, found, moved, timeout=limit)
    assert isinstance(verdict, Verdict)
    return verdict


def _second_run(pair: Pair, bench: Bench, after: dict[str, bytes]) -> list[str]:
    again = bench.apply(pair)
    if bench.workspace.changed(pair.entry)[1] != after:
        return ["the second run changed files"]
    if again.code != 0 or again.report.get("status") != "unchanged":
        return [f"second run: exit {again.code}, {again.report.get('status')}, {' '.join(codes(again))}"]
    return []


def _patch_problems(
    patch: Answer, before: dict[str, bytes], after: dict[str, bytes], workspace: Workspace
) -> list[str]:
    """Reverts the patch in the edited copy, looks, and puts the edit back."""
    root = workspace.edited
    (root / "mutagen.patch").write_bytes(patch.printed)
    command = ["git", "apply", "--reverse", "--whitespace=nowarn", "mutagen.patch"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    (root / "mutagen.patch").unlink()
    if done.returncode:
        return [f"the patch cannot be reverted: {done.stderr.strip()[:200]}"]
    left = [name for name in before if (root / name).read_bytes() != before[name]]
    left += [name for name in set(after) - set(before) if (root / name).exists()]
    for name, text in after.items():
        (root / name).write_bytes(text)
    return [f"reverting the patch does not restore {name}" for name in left]
