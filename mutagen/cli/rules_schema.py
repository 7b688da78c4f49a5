"""``mutagen rules schema``: the JSON Schema of rule files, for editors."""

from __future__ import annotations

import click

from mutagen.cli.output import check_writable, emit


@click.command("schema")
@click.option("-o", "--output", metavar="FILE", help="Write it there instead of to standard output.")
def command(output: str | None) -> int:
    """Print the JSON Schema (draft-07) of rule files.

    An editor that reads it completes keys and marks what is wrong. Begin a rule file with the line
    `# yaml-language-server: $schema=FILE`.
    """
    from mutagen.load.rules_json_schema import rules_schema_text

    check_writable(output)
    emit(rules_schema_text().encode(), file=output)
    return 0
