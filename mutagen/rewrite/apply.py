"""A plan carried out on source text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mutagen.blocks.catalogue import load_blocks
from mutagen.blocks.text import Blocks
from mutagen.errors import ClashError, Place
from mutagen.records.plan import Definition, Edit, Import, Plan
from mutagen.records.result import FileChange
from mutagen.records.span import Span
from mutagen.rewrite.definitions import definition_text, module_text
from mutagen.rewrite.imports import with_imports
from mutagen.rewrite.syntax import check_edit, check_module
from mutagen.rewrite.wrapping import columns, is_wide, usual_width, wrapped
from mutagen.source.file import SourceFile, encode, read_source

# At one point: new definitions, calls that end there, what is put in between, calls that begin.
_DEFINED, _CLOSING, _BETWEEN, _OPENING = range(4)


@dataclass(frozen=True)
class _Patch:
    """Bytes ``start`` to ``end`` of the UTF-8 text become ``new``; ``order`` decides between insertions at a point."""

    start: int
    end: int
    order: tuple[int, ...]
    new: bytes


def rewrite(plan: Plan, sources: Mapping[str, bytes]) -> tuple[FileChange, ...]:
    """The changed and new files of a plan; raises ClashError P021 if the text of a span is not what was planned for."""
    paths = dict.fromkeys(
        [
            *(it.span.file for it in plan.edits),
            *(it.file for it in plan.definitions if it.style == "inline"),
            *(it.file for it in plan.imports),
        ]
    )
    blocks = {**load_blocks(), **{it.name: it for it in plan.blocks}}
    changes = [_changed(path, plan, read_source(path, sources[path]), blocks) for path in paths]
    modules = [it for it in plan.definitions if it.style == "module"]
    changes.extend(FileChange(it.file, None, module_text(it, blocks).encode()) for it in modules)
    return tuple(it for it in changes if it.before != it.after)


def _changed(path: str, plan: Plan, file: SourceFile, blocks: Blocks) -> FileChange:
    edits = [it for it in plan.edits if it.span.file == path]
    definitions = [it for it in plan.definitions if it.file == path and it.style == "inline"]
    imports = [it for it in plan.imports if it.file == path]
    text, wanted = _edited(file, edits, definitions, blocks)
    text = with_imports(file, text, [*imports, *wanted])
    check_module(path, text)
    return FileChange(path, file.raw, encode(file, text))


def _edited(
    file: SourceFile, edits: Sequence[Edit], definitions: Sequence[Definition], blocks: Blocks
) -> tuple[bytes, list[Import]]:
    patches: list[_Patch] = []
    wanted: list[Import] = []
    written: dict[str, str] = {}
    for order, edit in enumerate(edits):
        patches.extend(_patches(file, edit, order, edits))
    for order, definition in enumerate(sorted(definitions, key=lambda it: it.before)):
        text, imports = definition_text(definition, file, blocks, written=written)
        at = file.line_starts[definition.before - 1]
        patches.append(_Patch(at, at, (_DEFINED, order), text.encode()))
        wanted.extend(imports)
    edited, touched = _apply(file.utf8, patches)
    return _wrapped(file, edited, touched), wanted


def _wrapped(file: SourceFile, text: bytes, touched: Mapping[int, bytes]) -> bytes:
    """The text, with what became too long broken; what was as long before is its owner's wish."""
    before, after = file.utf8.decode(), text.decode()
    if file.newline == "\r" or not is_wide(after, touched.keys()):
        return text
    width, rows, known = usual_width(before), after.split("\n"), set(before.split("\n"))
    new = {row for row, was in touched.items() if rows[row - 1] not in known and columns(was.decode()) <= width}
    return wrapped(after, new, width=width, newline=file.newline).encode()


def _patches(file: SourceFile, edit: Edit, order: int, edits: Sequence[Edit]) -> Iterator[_Patch]:
    """The replacement that an edit is; of a call around something that another edit changes its two ends."""
    span = edit.span
    start, end = file.offset(span.line, span.column), file.offset(span.end_line, span.end_column)
    if file.utf8[start:end].decode() != edit.old:
        place = Place(span.file, span.line, span.column + 1)
        raise ClashError(
            "P021", "the text here is not what the plan was made for", place=place, hint="make the plan again"
        )
    check_edit(file, edit)
    if edit.around is None or not any(it is not edit and _within(it.span, span) for it in edits):
        yield _Patch(start, end, (_BETWEEN, order), edit.new.encode())
        return
    before, behind = edit.around
    yield _Patch(start, start, (_OPENING, -end, -order), before.encode())
    yield _Patch(end, end, (_CLOSING, -start, order), behind.encode())


def _within(inner: Span, outer: Span) -> bool:
    first, last = (inner.line, inner.column), (inner.end_line, inner.end_column)
    start, end = (outer.line, outer.column), (outer.end_line, outer.end_column)
    return start <= first and last <= end and (inner == outer or first < end and start < last)


def _apply(text: bytes, patches: Sequence[_Patch]) -> tuple[bytes, dict[int, bytes]]:
    """The text with all patches, and by number the rows that edits have a part in, as they begin or end before them."""
    parts: list[bytes] = []
    touched: dict[int, bytes] = {}
    at, row = 0, 1
    for it in sorted(patches, key=lambda patch: (patch.start, patch.end, patch.order)):
        kept = text[at : it.start]
        parts.extend((kept, it.new))
        first = row + kept.count(b"\n")
        row = first + it.new.count(b"\n")
        if it.order[0] != _DEFINED:
            inside = dict.fromkeys(range(first, row + 1), b"")
            inside |= {row: _row_at(text, it.end), first: _row_at(text, it.start)}
            touched |= {number: max(was, touched.get(number, b""), key=len) for number, was in inside.items()}
        at = it.end
    return b"".join([*parts, text[at:]]), touched


def _row_at(text: bytes, offset: int) -> bytes:
    start, end = text.rfind(b"\n", 0, offset) + 1, text.find(b"\n", offset)
    return text[start:end] if end >= 0 else text[start:]
