"""``python -m corpus.page --seed 7``: patches of proved pairs picked at random, on one page, to be read by eye."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from corpus.command import REPOSITORY
from corpus.entries import Entry, read_entries
from corpus.pair import Bench, Pair
from corpus.rule_sets import rule_argument
from corpus.store import TABLE, Result, read_table, tool_hash
from corpus.warm import Warm
from corpus.workspace import Workspace
from corpus.zygote import Zygote

PAGE = REPOSITORY / "docs" / "diffs.md"
HEAD = """\
# {count} patches picked at random

What `mutagen apply --diff` prints for {count} pairs of a model and a rule, drawn from the {proved} pairs that the table
of the corpus (`corpus/table.jsonl`) holds as proved. Nobody chose them: `python -m corpus.page --seed {seed} --count
{count}` draws the same ones from the same table. The models are those of published packages, edited in copies.
"""


def main(arguments: list[str] | None = None) -> int:
    """Writes the page; returns 1 where a pair that the table holds as proved gives no patch."""
    options = _parser().parse_args(arguments)
    entries = {entry.key: entry for entry in read_entries(options.corpus)}
    proved = [result for result in read_table(options.table, entries.values()) if result.outcome == "proved"]
    chosen = choose(proved, options.seed, options.count)
    pieces = [HEAD.format(count=len(chosen), proved=len(proved), seed=options.seed)]
    missing = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="corpus-")))
        zygote, warm = stack.enter_context(Zygote()), stack.enter_context(Warm())
        bench = Bench(Workspace(folder, options.site_packages), zygote, warm)
        for number, result in enumerate(chosen, 1):
            patch = _patch(entries[result.entry], result, bench, options.timeout)
            missing += not patch
            pieces.append(section(number, result, patch))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text("\n".join(pieces), encoding="utf-8")
    print(f"{options.output}: {len(chosen) - missing} patches of tool {tool_hash(REPOSITORY)}, {missing} missing")
    return 1 if missing else 0


def choose(proved: list[Result], seed: int, count: int) -> list[Result]:
    """Returns ``count`` of the results, or all; the same for the same table and seed."""
    ordered = sorted(proved, key=lambda result: result.pair)
    return random.Random(seed).sample(ordered, min(count, len(ordered)))


def section(number: int, result: Result, patch: str) -> str:
    """Returns the part of the page about one pair."""
    scope = ", `--scope package`" if result.scope == "package" else ""
    title = f"## {number}. {result.rule}: `{result.entry}`{scope}\n"
    return f"{title}\n```diff\n{patch.rstrip()}\n```\n" if patch else f"{title}\nNo patch any more: see the table.\n"


def _patch(entry: Entry, result: Result, bench: Bench, timeout: float) -> str:
    bench.workspace.open(entry)
    survey = bench.zygote.run("survey", entry, bench.workspace.roots(entry, edited=False), timeout=timeout)
    given = rule_argument(result.rule, survey.targets[result.rule], bench.workspace.rules)
    answer = bench.apply(Pair(entry, result.rule, given, result.scope, survey, timeout), diff=True)
    return answer.printed.decode("utf-8", "replace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus.page", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--output", type=Path, default=PAGE)
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for each patch")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--corpus", type=Path, default=REPOSITORY / "corpus" / "public.json")
    parser.add_argument("--site-packages", type=Path, help="where the packages are; default: this environment")
    return parser


if __name__ == "__main__":
    sys.exit(main())
