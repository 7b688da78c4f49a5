"""Where the expression stands that makes an instance or a call: the lexical test ``source``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePath

from mutagen.match.subjects import Subject
from mutagen.match.view import TraceView
from mutagen.records.rules import Source
from mutagen.records.trace import CallSite


def stands_in(view: TraceView, source: Source, subject: Subject) -> bool:
    """Whether the innermost expression in local source that makes a subject stands where ``source`` says.

    A subject that no expression is known of stands nowhere.
    """
    site = site_of(view, subject)
    if site is None:
        return False
    holder, function = names_around(site.function)
    return (
        _fits(source.cls, (holder,))
        and _fits(source.function, (function,))
        and (not source.file or any(_is_file(pattern, site.span.file) for pattern in source.file))
    )


def site_of(view: TraceView, subject: Subject) -> CallSite | None:
    """The innermost level of a subject's chain that stands in local source, else the innermost one."""
    node = view.nodes[subject.node] if subject.node is not None else None
    chain = node.chain if node is not None else subject.instance.chain if subject.instance is not None else ()
    local = (site for site in chain if site.span.file in view.files)
    return next(local, chain[0] if chain else None)


def names_around(qualname: str) -> tuple[str, str]:
    """Class and function around an expression: ``Net.__init__.<locals>.<listcomp>`` stands in Net and __init__."""
    parts = [part for part in qualname.split(".") if part not in ("<locals>", "<listcomp>", "<genexpr>", "<lambda>")]
    parts = [part for part in parts if part not in ("<dictcomp>", "<setcomp>")]
    if not parts:
        return "", ""
    owner = qualname.split(f".{parts[-1]}")[0] if len(parts) > 1 else ""
    return ("" if owner.endswith("<locals>") or not owner else parts[-2]), parts[-1]


def _fits(patterns: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for name in names if name for pattern in patterns)


def _is_file(pattern: str, file: str) -> bool:
    """A pattern without folders is that of a file's name, else of the end of its path."""
    path = PurePath(file).as_posix()
    if "/" not in pattern:
        return fnmatchcase(PurePath(path).name, pattern)
    return fnmatchcase(path, pattern) or fnmatchcase(path, f"*/{pattern}")
