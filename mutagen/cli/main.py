"""The command ``mutagen``: finds the subcommand, and turns every way of ending into an exit code.

0 done or nothing to do; 1 would change, refused, or not proved; 2 the user's input is wrong; 3 a bug; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from mutagen import __distribution__, __version__
from mutagen.cli.lazy import LazyGroup, with_color
from mutagen.cli.output import want_color

COMMANDS = {
    "apply": "Change models by rules: prove, then write.",
    "check": "Tell whether files still are what their rules last proved.",
    "plan": "Print what would be changed, as JSON to replay.",
    "inspect": "Show the modules, blocks and joins of a model.",
    "match": "Show what rules select in a model.",
    "rules": "Check, test, list and start rule files.",
    "config": "Show the configuration.",
    "explain": "Explain a code, a rule set, a module or a line.",
    "doctor": "Explain the installation and name clashes.",
    "completion": "Print what makes a shell complete mutagen.",
}


@click.group(
    cls=LazyGroup, names=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="mutagen", message=f"%(prog)s %(version)s ({__distribution__})")
def group() -> None:
    """Change PyTorch models in their own source, by rules about the running model."""


with_color(group)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    want_color("auto")
    try:
        outcome = group.main(args=list(given), prog_name="mutagen", standalone_mode=False, obj=given)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except Exception as error:
        from mutagen.cli.failure import report_failure

        return report_failure(error, given)
    return outcome if isinstance(outcome, int) else 0
