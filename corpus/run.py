"""``python -m corpus.run``: every rule on every model, by the real command line, judged independently."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from threading import Lock

from corpus.command import REPOSITORY
from corpus.compare import changes, explain, got_worse
from corpus.entries import Entry, choose, read_entries
from corpus.pair import Bench, Pair, judged, planned_alike, taken_over, try_pair
from corpus.rule_sets import rule_argument
from corpus.store import TABLE, Result, append, failed, read_store, read_table, summary, table, tool_hash
from corpus.targets import MORE_RULES, RULES
from corpus.warm import Warm
from corpus.workspace import Workspace
from corpus.zygote import JobFailed, Zygote

SCOPES = ("file", "package")
Key = tuple[str, str, str, str]


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 when anything is wrong or crashed, or with ``--compare`` worse than in the table, else 0."""
    options = _parser().parse_args(arguments)
    entries = choose(read_entries(options.corpus), options.entries)
    tool = tool_hash(REPOSITORY)
    stored = read_store(options.store) if options.store else []
    done = {result.key: result for result in stored} if options.resume else {}
    options.judged = judged([*read_table(options.table, entries), *stored]) if options.alike else {}
    results: list[Result] = []
    lock = Lock()
    ordered = sorted(entries, key=lambda entry: entry.top)
    shares = [tuple(ordered[start :: options.jobs]) for start in range(options.jobs)]

    def work(share: tuple[Entry, ...]) -> None:
        for result in _results(share, tool, options, dict(done)):
            with lock:
                results.append(result)
                if options.store and result.key not in done:
                    append(options.store, result)
                if result.outcome != "not-applicable" or options.verbose:
                    print(_line(result), flush=True)

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(work, shares))
    for scope in _scopes(options):
        own = [result for result in results if result.scope == scope]
        print(f"\n--scope {scope}\n\n{table(own, by='package')}\n\n{table(own, by='rule')}\n\n{summary(own)}")
    worse = False
    if options.compare:
        found = changes(read_table(options.table, read_entries(options.corpus)), results)
        print("\n" + explain(found))
        worse = any(got_worse(before, after) for before, after in found)
    return 1 if failed(results) or worse else 0


def _results(
    entries: tuple[Entry, ...], tool: str, options: argparse.Namespace, done: dict[Key, Result]
) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        workspace = Workspace(Path(folder), options.site_packages)
        for _, group in groupby(entries, key=lambda entry: entry.top):
            yield from _of_package(tuple(group), workspace, tool, options, done)


def _of_package(
    entries: tuple[Entry, ...], workspace: Workspace, tool: str, options: argparse.Namespace, done: dict[Key, Result]
) -> Iterator[Result]:
    """Yields the results for models of one package, whose processes import once what it needs of others."""
    missing: list[tuple[Entry, list[tuple[str, str]]]] = []
    for entry in entries:
        every = [(rule, scope) for scope in _scopes(options) for rule in _rules(options)]
        old = {pair: done.get((entry.key, *pair, tool)) for pair in every}
        yield from (result for result in old.values() if result)
        if left := [pair for pair in every if not old[pair]]:
            missing.append((entry, left))
    if not missing:
        return
    with ExitStack() as stack:
        preload = _needed(missing[0][0], workspace) if options.warm else ()
        zygote = stack.enter_context(Zygote(preload))
        warm = stack.enter_context(Warm(preload)) if options.warm else None
        for entry, pairs in missing:
            yield from _of_entry(entry, pairs, Bench(workspace, zygote, warm, options.judged), tool, options)


def _needed(entry: Entry, workspace: Workspace) -> tuple[str, ...]:
    """Returns the modules of other packages that a model imports; none where it cannot be built."""
    workspace.open(entry)
    with Zygote() as zygote, suppress(JobFailed):
        names: tuple[str, ...] = zygote.run("imported", entry, workspace.roots(entry, edited=False))
        return names
    return ()


def _of_entry(
    entry: Entry, missing: list[tuple[str, str]], bench: Bench, tool: str, options: argparse.Namespace
) -> Iterator[Result]:
    bench.workspace.open(entry)
    blank = Result(entry.key, entry.package, "", "", tool, "not-applicable", applicable=False)
    root = bench.workspace.roots(entry, edited=False)
    try:
        survey = bench.zygote.run("survey", entry, root, timeout=options.timeout)
    except JobFailed as problem:
        unknown = replace(blank, outcome="unsurveyed", detail=f"no survey: {problem}")
        yield from (replace(unknown, rule=rule, scope=scope) for rule, scope in missing)
        return
    tried = [rule for rule, found in survey.targets.items() if found.must or options.doubtful and found.may]
    given = {rule: rule_argument(rule, survey.targets[rule], bench.workspace.rules) for rule in tried}
    both = {rule: given[rule] for rule, scope in missing if rule in given and scope == "package"}
    alike = planned_alike(entry, both, bench, options.timeout)
    for rule, scope in missing:
        own = replace(blank, rule=rule, scope=scope)
        if rule not in given:
            yield own
            continue
        pair = Pair(entry, rule, given[rule], scope, survey, options.timeout, options.check_diff)
        start = time.monotonic()
        if options.show:
            _show(pair, bench)
        result = taken_over(pair, bench, alike) or try_pair(pair, own, bench)
        bench.workspace.restore(entry)
        yield replace(result, seconds=round(time.monotonic() - start, 1))


def _show(pair: Pair, bench: Bench) -> None:
    """Prints the rule, the command line and what it answers to ``--diff``."""
    answer = bench.apply(pair, diff=True)
    if Path(pair.given).is_file():
        print(Path(pair.given).read_text(encoding="utf-8"))
    words = [repr(word) if set(word) & set(" ()'[]*") else word for word in pair.arguments]
    print(f"$ mutagen apply {' '.join(words)} --diff\n{answer.printed.decode('utf-8', 'replace')}{answer.errors}")


def _scopes(options: argparse.Namespace) -> tuple[str, ...]:
    return SCOPES if options.scope == "both" else (options.scope,)


def _rules(options: argparse.Namespace) -> tuple[str, ...]:
    named = {"all": RULES, "every": (*RULES, *MORE_RULES)}
    return named.get(options.rules) or tuple(options.rules.split(","))


def _line(result: Result) -> str:
    codes = f"({', '.join(result.codes)})" if result.codes else ""
    detail = f"  {result.detail}" if result.detail else ""
    scope = "  package" if result.scope == "package" else ""
    return f"{result.outcome + codes:<24} {result.rule:<17} {result.entry}{scope}  {result.seconds:.0f} s{detail}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus.run", description=__doc__)
    parser.add_argument("--entries", default="slice", help="all, slice (the ten of CI), a number, or words of keys")
    parser.add_argument("--rules", default="all", help="all (the eight sets), every (se-to-eca too), or a,b,c")
    parser.add_argument("--scope", choices=(*SCOPES, "both"), default="file")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--store", type=Path, help="JSON lines, one a pair")
    parser.add_argument("--resume", action="store_true", help="leave out pairs that the store has for this tool")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for each step")
    parser.add_argument("--warm", action="store_true", help="fork command lines from a process that imported torch")
    parser.add_argument("--alike", action="store_true", help="take over what both scopes plan alike (corpus/README.md)")
    parser.add_argument("--doubtful", action="store_true", help="also try pairs with nothing but doubtful targets")
    parser.add_argument("--check-diff", action="store_true", help="also see that the patch of --diff can be reverted")
    parser.add_argument("--show", action="store_true", help="print rule, command and patch of each pair")
    parser.add_argument("--compare", action="store_true", help="compare with the stored table; worse is an error")
    parser.add_argument("--table", type=Path, default=TABLE, help="the table to compare with")
    parser.add_argument("--verbose", action="store_true", help="also print pairs that are not applicable")
    parser.add_argument("--corpus", type=Path, default=REPOSITORY / "corpus" / "public.json")
    parser.add_argument("--site-packages", type=Path, help="where the packages are; default: this environment")
    return parser


if __name__ == "__main__":
    sys.exit(main())
