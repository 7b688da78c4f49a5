"""``mutagen explain``: a code, a rule set, a module of a model, or a line of its source."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from mutagen.cli import completing
from mutagen.cli.flags import host_for, look_flags, options_for
from mutagen.cli.output import say
from mutagen.cli.progress import progress

_LINE = re.compile(r"(?P<file>.+\.py):(?P<line>[0-9]+)(?::[0-9]+)?")


@click.command("explain")
@click.argument("subject", shell_complete=completing.subjects)
@click.argument("target", required=False, shell_complete=completing.files)
@click.option("--rules", metavar="RULES", help="Also tell what these rules have to do with the module or line.")
@look_flags
def command(subject: str, target: str | None, rules: str | None, **flags: Any) -> None:
    """Explain SUBJECT.

    \b
    R112, needs-split          the code of an error or refusal
    eca-after-blocks           a rule set
    layer3.2.conv2 model.py    a module of the model in TARGET: what made it, what calls it
    model.py:41 [TARGET]       a line of source: what of the model it makes and calls

    The last two run the model, with the flags of `mutagen apply`.
    """
    line = _LINE.fullmatch(subject)
    if line is not None:
        say(_line(line["file"], int(line["line"]), target or line["file"], rules, flags))
    elif target is not None:
        say(_module(subject, target, rules, flags))
    else:
        say(_word(subject))


def _word(subject: str) -> str:
    from mutagen.codes.read import find_code, unknown_code

    entry = find_code(subject)
    if entry is not None:
        from mutagen.report.codes import render

        return render(entry)
    text = _rule_set(subject)
    if text is None:
        raise unknown_code(subject)
    return text


def _rule_set(name: str) -> str | None:
    """The text on a shipped rule set or a rule file; None where there is none of that name."""
    from mutagen.load.rules_prose import prose_and_rules
    from mutagen.report.rule_set import render
    from mutagen.resources import rules_dir

    path = Path(name) if Path(name).suffix in (".yaml", ".yml") else rules_dir() / f"{name}.yaml"
    if not path.is_file():
        return None
    return render(name, *prose_and_rules(str(path)))


def _module(path: str, target: str, rules: str | None, flags: dict[str, Any]) -> str:
    with progress(target), host_for(flags) as host:
        from mutagen.looking.place import module_story
        from mutagen.report.story_text import module

        options = options_for(target, rules=rules or "", write=False, plan_file=None, flags=flags)
        return module(module_story("" if path == "(model)" else path, options, host), root=Path.cwd())


def _line(file: str, line: int, target: str, rules: str | None, flags: dict[str, Any]) -> str:
    with progress(target), host_for(flags) as host:
        from mutagen.looking.place import line_story
        from mutagen.report.story_text import line as render

        options = options_for(target, rules=rules or "", write=False, plan_file=None, flags=flags)
        return render(line_story(str(Path(file).absolute()), line, options, host), root=Path.cwd())
