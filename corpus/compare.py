"""What changed between two runs of the corpus, pair by pair, and how to look at each change."""

from __future__ import annotations

from collections.abc import Iterable

from corpus.store import GOOD, Result

Change = tuple[Result | None, Result]


def changes(before: Iterable[Result], after: Iterable[Result]) -> list[Change]:
    """Returns the pairs of ``after`` whose outcome or codes differ from those in ``before``, new ones with None."""
    old = {result.pair: result for result in before}
    found = [(old.get(result.pair), result) for result in sorted(after, key=lambda result: result.pair)]
    return [(was, now) for was, now in found if was is None or (was.outcome, was.codes) != (now.outcome, now.codes)]


def got_worse(before: Result | None, after: Result) -> bool:
    """Whether a pair was proved and is not any more, or is wrong or crashed."""
    lost = before is not None and before.outcome in GOOD and after.outcome not in GOOD
    return lost or after.outcome in {"wrong", "crashed"}


def explain(found: list[Change]) -> str:
    """Returns a text with the outcome before and after, the tool's messages and a command for each change."""
    if not found:
        return "compared with the table: nothing changed"
    lines = [f"compared with the table: {len(found)} changed"]
    for before, after in found:
        mark = "worse" if got_worse(before, after) else "new" if before is None else "changed"
        lines.append(f"{mark}: {after.entry} {after.rule}: {_words(before)} -> {_words(after)}")
        if after.detail:
            lines += [f"    {part}" for part in after.detail.split(" | ")]
        lines.append(f"    {command(after)}")
    if any(not got_worse(*change) for change in found):
        lines.append("to keep this: python -m corpus.table --update STORE, with the file given as --store")
    return "\n".join(lines)


def command(result: Result) -> str:
    """Returns the command that runs one pair and shows what happens."""
    scope = f" --scope {result.scope}" if result.scope != "file" else ""
    return f"python -m corpus.run --entries {result.entry} --rules {result.rule}{scope} --show"


def _words(result: Result | None) -> str:
    if result is None:
        return "not in the table"
    return result.outcome + (f" ({', '.join(result.codes)})" if result.codes else "")
