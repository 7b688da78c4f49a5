"""``python -m corpus.run``: every rule on every model, by the real command line, judged independently."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock

from corpus.command import REPOSITORY
from corpus.entries import Entry, choose, read_entries
from corpus.pair import Pair, try_pair
from corpus.store import Result, append, failed, read_store, summary, table, tool_hash
from corpus.targets import RULES
from corpus.workspace import Workspace
from corpus.zygote import JobFailed, Zygote


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 when anything is wrong or crashed, else 0."""
    options = _parser().parse_args(arguments)
    entries = choose(read_entries(options.corpus), options.entries)
    rules = RULES if options.rules == "all" else tuple(options.rules.split(","))
    tool = tool_hash(REPOSITORY)
    done = {result.key: result for result in read_store(options.store)} if options.store and options.resume else {}
    results: list[Result] = []
    lock = Lock()
    shares = [entries[start :: options.jobs] for start in range(options.jobs)]

    def work(share: tuple[Entry, ...]) -> None:
        for result in _results(share, rules, tool, options, {key: done[key] for key in done}):
            with lock:
                results.append(result)
                if options.store and result.key not in done:
                    append(options.store, result)
                if result.outcome != "not-applicable" or options.verbose:
                    print(_line(result), flush=True)

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(work, shares))
    print("\n" + table(results, by="package") + "\n\n" + table(results, by="rule") + "\n\n" + summary(results))
    return 1 if failed(results) else 0


def _results(
    entries: tuple[Entry, ...],
    rules: tuple[str, ...],
    tool: str,
    options: argparse.Namespace,
    done: dict[tuple[str, str, str, str], Result],
) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder, Zygote() as zygote:
        workspace = Workspace(Path(folder), options.site_packages)
        for entry in entries:
            pairs = [(rule, done.get((entry.key, rule, options.scope, tool))) for rule in rules]
            yield from (old for _, old in pairs if old)
            missing = [rule for rule, old in pairs if not old]
            if not missing:
                continue
            workspace.open(entry)
            blank = Result(entry.key, entry.package, "", options.scope, tool, "not-applicable", applicable=False)
            try:
                survey = zygote.run("survey", entry, workspace.roots(entry, edited=False), timeout=options.timeout)
            except JobFailed as problem:
                yield from (replace(blank, rule=rule, detail=f"no survey: {problem}") for rule in missing)
                continue
            for rule in missing:
                pair = Pair(entry, rule, options.scope, survey, options.timeout, options.check_diff)
                start = time.monotonic()
                result = try_pair(pair, replace(blank, rule=rule), workspace, zygote)
                workspace.restore(entry)
                yield replace(result, seconds=round(time.monotonic() - start, 1))


def _line(result: Result) -> str:
    codes = f"({', '.join(result.codes)})" if result.codes else ""
    detail = f"  {result.detail}" if result.detail else ""
    return f"{result.outcome + codes:<24} {result.rule:<17} {result.entry}  {result.seconds:.0f} s{detail}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus.run", description=__doc__)
    parser.add_argument("--entries", default="slice", help="all, slice (the ten of CI), a number, or words of keys")
    parser.add_argument("--rules", default="all", help="all, or names with commas between")
    parser.add_argument("--scope", choices=("file", "package"), default="file")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--store", type=Path, help="JSON lines, one a pair")
    parser.add_argument("--resume", action="store_true", help="leave out pairs that the store has for this tool")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for each step")
    parser.add_argument("--check-diff", action="store_true", help="also see that the patch of --diff can be reverted")
    parser.add_argument("--verbose", action="store_true", help="also print pairs that are not applicable")
    parser.add_argument("--corpus", type=Path, default=REPOSITORY / "corpus" / "public.json")
    parser.add_argument("--site-packages", type=Path, help="where the packages are; default: this environment")
    return parser


if __name__ == "__main__":
    sys.exit(main())
