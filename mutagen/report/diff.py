"""Changed files as one patch that ``git apply`` accepts.

Works on bytes: carriage returns, other encodings and a missing newline at the end come out as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from mutagen.records.result import FileChange
from mutagen.report.paths import shown_path

CONTEXT = 3
_ESCAPES = {0x07: b"\\a", 0x08: b"\\b", 0x09: b"\\t", 0x0A: b"\\n", 0x0B: b"\\v", 0x0C: b"\\f", 0x0D: b"\\r"}


def render(changes: Iterable[FileChange], *, root: Path) -> bytes:
    """The patch, with paths relative to ``root``; empty when nothing differs."""
    return b"".join(part for change in changes for part in _file(change, root))


def line_counts(change: FileChange) -> tuple[int, int]:
    """How many lines a change adds and removes."""
    before, after = lines_of(change.before or b""), lines_of(change.after)
    added = removed = 0
    for tag, a, b, c, d in matcher(before, after).get_opcodes():
        if tag != "equal":
            removed += b - a
            added += d - c
    return added, removed


def _file(change: FileChange, root: Path) -> Iterator[bytes]:
    if change.before == change.after:
        return
    path = shown_path(change.path, root)
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    yield b"diff --git " + old + b" " + new + b"\n"
    if change.before is None:
        yield b"new file mode 100644\n"
    hunks = list(_hunks(lines_of(change.before or b""), lines_of(change.after)))
    if hunks:
        yield b"--- " + (b"/dev/null" if change.before is None else _ended(old)) + b"\n"
        yield b"+++ " + _ended(new) + b"\n"
        yield from hunks


def _hunks(before: list[bytes], after: list[bytes]) -> Iterator[bytes]:
    for group in matcher(before, after).get_grouped_opcodes(CONTEXT):
        yield from hunk_text(group, before, after)


def hunk_text(
    group: Sequence[tuple[str, int, int, int, int]], before: list[bytes], after: list[bytes]
) -> Iterator[bytes]:
    """The lines of one hunk, by the operations of a matcher."""
    old = _range(group[0][1], group[-1][2])
    new = _range(group[0][3], group[-1][4])
    yield b"@@ -" + old + b" +" + new + b" @@\n"
    for tag, a, b, c, d in group:
        if tag == "equal":
            yield from (_line(b" ", line) for line in before[a:b])
        else:
            yield from (_line(b"-", line) for line in before[a:b])
            yield from (_line(b"+", line) for line in after[c:d])


def matcher(before: list[bytes], after: list[bytes]) -> SequenceMatcher[bytes]:
    """What compares the lines of two texts."""
    return SequenceMatcher(None, before, after, autojunk=False)


def lines_of(data: bytes) -> list[bytes]:
    """Lines with their ends, parted at line feeds only, as git does."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _line(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n\\ No newline at end of file\n"


def _range(start: int, stop: int) -> bytes:
    length = stop - start
    begin = start + 1 if length else start
    return b"%d" % begin if length == 1 else b"%d,%d" % (begin, length)


def _quoted(path: str) -> bytes:
    """The path as git writes it: in C quotes when it holds quotes, backslashes or bytes outside of printable ASCII."""
    raw = path.encode("utf-8", "surrogateescape")
    if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in raw):
        return raw
    return b'"' + b"".join(_escaped(byte) for byte in raw) + b'"'


def _escaped(byte: int) -> bytes:
    if byte in b'"\\':
        return b"\\" + bytes([byte])
    if 0x20 <= byte < 0x7F:
        return bytes([byte])
    return _ESCAPES.get(byte, b"\\%03o" % byte)


def _ended(path: bytes) -> bytes:
    """A path with a space needs a tab behind it, or tools take the rest for a date."""
    return path + b"\t" if b" " in path and not path.startswith(b'"') else path
