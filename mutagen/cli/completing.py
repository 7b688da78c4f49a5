"""What the arguments of commands may be, for shells; quick, and without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def rule_sets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shipped rule sets that begin so, and files."""
    from click.shell_completion import CompletionItem

    from mutagen.resources import rules_dir

    names = sorted(it.stem for it in rules_dir().glob("*.yaml") if it.stem.startswith(incomplete))
    # bash forgets what came before a file, and takes files where nothing else fits
    return [CompletionItem(incomplete, type="file"), *(CompletionItem(name) for name in names)]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def subjects(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Codes that begin so, rule sets, and files."""
    from click.shell_completion import CompletionItem

    from mutagen.codes.read import explained_codes

    codes = [CompletionItem(code, help=it.what) for code, it in explained_codes().items() if _begins(code, incomplete)]
    return [*rule_sets(ctx, param, incomplete), *codes]


def _begins(code: str, incomplete: str) -> bool:
    return bool(incomplete) and code.lower().startswith(incomplete.lower())
