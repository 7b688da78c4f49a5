"""Tables of texts: on terminals in a box, elsewhere as columns that can be searched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mutagen.report.errors import columns_of

_RIGHT = ("before", "after", "difference", "parameters", "MACs", "share")
_BETWEEN = "  "


def render_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, styled: bool, width: int) -> str:
    """A table with its head; not ``styled`` it has no box and is as wide as its texts."""
    return _boxed(columns, rows, width) if styled else _plain(columns, [columns, *rows])


def _plain(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    wide = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    lines = (_BETWEEN.join(map(_padded, row, wide, columns)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _padded(cell: str, wide: int, column: str) -> str:
    pad = " " * (wide - columns_of(cell))
    return pad + cell if column in _RIGHT else cell + pad


def _boxed(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], width: int) -> str:
    from io import StringIO

    from rich import box  # slow to import
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.ROUNDED)
    for column in columns:
        table.add_column(column, justify="right" if column in _RIGHT else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    stream = StringIO()
    console = Console(
        file=stream,
        force_terminal=True,
        color_system="standard",
        width=width,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(table)
    return stream.getvalue()
