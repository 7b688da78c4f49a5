"""``python -m corpus.table``: the stored outcomes of the corpus, summed up, compared with a new run, or renewed by one.

Without arguments it prints outcomes by rule and package in both scopes, refusals by code, and what has to be reached.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from corpus.command import REPOSITORY
from corpus.compare import changes, command, explain, got_worse
from corpus.entries import read_entries
from corpus.store import TABLE, Result, read_store, read_table, summary, table, tool_hash, write_table
from corpus.targets import MORE_RULES


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 when ``--compare`` finds something worse, else 0."""
    options = _parser().parse_args(arguments)
    stored = read_table(options.table, read_entries(options.corpus))
    if options.compare:
        found = changes(stored, _latest(options.compare))
        print(explain(found))
        return int(any(got_worse(before, after) for before, after in found))
    if options.update:
        results = {result.pair: result for result in stored}
        results |= {result.pair: result for result in _latest(options.update)}
        write_table(options.table, results.values())
        return 0
    if options.code:
        for result in stored:
            if options.code in result.codes:
                print(command(result))
        return 0
    _print(stored)
    return 0


def _latest(paths: list[Path]) -> list[Result]:
    """Returns the last result of each pair in the stores."""
    return list({result.pair: result for path in paths for result in read_store(path)}.values())


def _print(stored: list[Result]) -> None:
    tool = tool_hash(REPOSITORY)
    tried = [result for result in stored if result.outcome != "not-applicable"]
    print(f"{len(stored)} pairs, {len(tried)} tried, {sum(one.tool == tool for one in tried)} of them with this tool")
    for scope in ("file", "package"):
        own = [result for result in stored if result.scope == scope and result.rule not in MORE_RULES]
        if own:
            print(f"\n--scope {scope}\n\n{table(own, by='rule')}\n\n{table(own, by='package')}\n\n{summary(own)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus.table", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--compare", type=Path, nargs="+", metavar="STORE", help="explain what is other in a new run")
    choice.add_argument("--update", type=Path, nargs="+", metavar="STORE", help="take over the results of runs")
    choice.add_argument("--code", help="print a command for each pair that was refused with this code")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--corpus", type=Path, default=REPOSITORY / "corpus" / "public.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
