"""``mutagen rules new``: a rule file to begin with."""

from __future__ import annotations

import re
from pathlib import Path

import click

from mutagen.cli.output import say
from mutagen.errors import Place, UserError


@click.command("new")
@click.argument("name")
def command(name: str) -> int:
    """Write NAME.yaml, a commented rule file to begin with, and beside it the schema that editors read it by.

    NAME is the id of the rule, said as what happens: relu-to-gelu. It may stand behind a folder: rules/relu-to-gelu.
    The file holds a test that fails until its number is corrected: `mutagen rules test NAME.yaml`.
    """
    from mutagen.load.rules_json_schema import FILE_NAME, rules_schema_text
    from mutagen.load.rules_start import start_of

    path = Path(name)
    path = path if path.suffix in (".yaml", ".yml") else path.with_name(f"{path.name}.yaml")
    identity = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "my-rule"
    _write(path, start_of(identity), anew=True)
    schema = path.parent / FILE_NAME
    fresh = _write(schema, rules_schema_text(), anew=False)
    also = f" and {schema}" if fresh else ""
    say(f"wrote {path}{also}\nnext: mutagen rules test {path}\n")
    return 0


def _write(path: Path, text: str, *, anew: bool) -> bool:
    """Write a file that is not there yet; raises UserError C103 for one that is, if it has to be ``anew``."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        if anew:
            hint = "give another name, or remove the file"
            raise UserError("C103", f"{path} is there already", place=Place(str(path)), hint=hint) from None
        return False
    except OSError as error:
        hint = "give a name in a folder that exists and may be written"
        message = f"{path} cannot be written: {error.strerror}"
        raise UserError("C103", message, place=Place(str(path)), hint=hint) from error
    return True
