"""``mutagen explain``: a code, a rule set, a place of the model or of its source."""

from __future__ import annotations

from pathlib import Path

import click

from mutagen.cli.output import say


@click.command("explain", short_help="Explain a code or a rule set.")
@click.argument("subject")
def command(subject: str) -> None:
    """Explain SUBJECT: the code of an error or refusal (R112, needs-split), or a rule set (eca-after-blocks)."""
    from mutagen.codes.read import find_code, unknown_code

    entry = find_code(subject)
    if entry is not None:
        from mutagen.report.codes import render

        say(render(entry))
        return
    text = _rule_set(subject)
    if text is None:
        raise unknown_code(subject)
    say(text)


def _rule_set(name: str) -> str | None:
    """The text on a shipped rule set or a rule file; None where there is none of that name."""
    from mutagen.load.rules_prose import prose_and_rules
    from mutagen.report.rule_set import render
    from mutagen.resources import rules_dir

    path = Path(name) if Path(name).suffix in (".yaml", ".yml") else rules_dir() / f"{name}.yaml"
    if not path.is_file():
        return None
    return render(name, *prose_and_rules(str(path)))
