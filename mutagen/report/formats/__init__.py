"""The forms of a report for machines: one file each, with ``render(told, root=...)``; adding the file is all."""

from __future__ import annotations

from pkgutil import iter_modules


def names() -> tuple[str, ...]:
    """The forms that there are, sorted; none is imported for it."""
    return tuple(sorted(it.name for it in iter_modules(__path__)))
