"""The blocks that a rule file brings along: somebody else's classes, compositions, templates. Read without torch."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

from pydantic import Discriminator, Field, PlainValidator, Tag
from pydantic_core import PydanticCustomError

from mutagen.errors import MutagenError, RuleError
from mutagen.load.json_schema import Instead
from mutagen.load.rules_values import VALUE, AnyValue, Given, Text, Words, value_of
from mutagen.load.rules_values import Part as FilePiece
from mutagen.load.rules_words import KnownBlocks
from mutagen.load.rules_yaml import Document
from mutagen.records.blocks import BODY, Block, Borrowed, Composed, Fuse, How, OwnBlock, Part
from mutagen.records.rules import Start, Value

ReadTemplate = Callable[[Path], Block]
"""Reads a template of the user's; raises MutagenError where its head is wrong."""

TEMPLATES: Final = "*.py.j2"


def _part(given: object) -> Part:
    if isinstance(given, str) and given:
        return Part(given)
    if isinstance(given, dict) and len(given) == 1:
        ((name, args),) = given.items()
        if isinstance(args, dict):
            return Part(str(name), {str(key): value_of(value) for key, value in args.items()})
    raise PydanticCustomError(
        "R114", "must be the name of a block, or one with its arguments: {Conv2d: {kernel_size: 3}}"
    )


_ONE_PART: Final = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": "object", "additionalProperties": VALUE},
        },
    ]
}
OnePart = Annotated[Any, PlainValidator(_part), Instead(_ONE_PART)]


class BorrowPart(FilePiece):
    """Somebody else's class in the place of a block's name."""

    origin: Annotated[Text, Given] = Field(alias="from")
    how: How = "copy"
    channels: Words = ()
    args: dict[str, AnyValue] = {}


class OwnPart(FilePiece):
    """A block of the section ``blocks``."""

    origin: Annotated[Text | None, Given] = Field(default=None, alias="from")
    how: How = "copy"
    channels: Words = ()
    args: dict[str, AnyValue] = {}
    serial: Annotated[list[OnePart] | None, Given] = None
    parallel: Annotated[list[OnePart] | None, Given] = None
    fuse: Annotated[Fuse | None, Given] = None
    start: Start = "paper"


def _kind(given: object) -> str:
    borrows = isinstance(given, BorrowPart) or isinstance(given, dict) and "from" in given
    return "from" if borrows else "named"


BlockName = Annotated[Annotated[Text, Tag("named")] | Annotated[BorrowPart, Tag("from")], Discriminator(_kind)]
"""The name of a block, or a class that is borrowed on the spot."""


def name_of(block: str | BorrowPart) -> str:
    """What rules and plans call a block; a class that is borrowed on the spot goes by its own name."""
    return block if isinstance(block, str) else block.origin.rpartition(":")[2]


def branch_name(block: str | BorrowPart) -> str:
    """What the composition of a matched module and a path beside it is called."""
    return f"{name_of(block)}Branch"


class _Branch(Protocol):
    """A path that an action puts beside a module."""

    @property
    def block(self) -> str | BorrowPart: ...

    @property
    def args(self) -> Mapping[str, Value]: ...

    @property
    def fuse(self) -> Fuse: ...

    @property
    def start(self) -> Start: ...


class _Brings(Protocol):
    """A rule file as it was read."""

    @property
    def blocks(self) -> Mapping[str, OwnPart]: ...

    @property
    def borrowed(self) -> Sequence[BorrowPart]: ...

    @property
    def templates(self) -> Sequence[str]: ...

    @property
    def branches(self) -> Sequence[_Branch]: ...


def own_blocks(
    part: _Brings, document: Document, read: ReadTemplate | None, errors: list[RuleError]
) -> tuple[OwnBlock, ...]:
    """The records of a file's own blocks; what is wrong with a template goes to ``errors``."""
    folder = Path(document.file).parent
    found = [
        OwnBlock(name, _made(it, folder), dict(it.args), document.place(("blocks", name), key=True))
        for name, it in part.blocks.items()
    ]
    known = {it.name for it in found}
    for spot in part.borrowed:
        own = OwnBlock(name_of(spot), _made(spot, folder), dict(spot.args), _place_of(spot, document))
        if own.name not in known:
            found.append(own)
            known.add(own.name)
    for branch in part.branches:
        parts = (Part(BODY), Part(name_of(branch.block), dict(branch.args)))
        made = Composed(parts, branch.fuse, branch.start == "identity")
        own = OwnBlock(branch_name(branch.block), made, {}, document.place(("rules",)))
        other = next((it for it in found if it.name == own.name), None)
        if other is None:
            found.append(own)
        elif other.made != made:
            message = f"{own.name} would be two things: branches of {name_of(branch.block)} in different ways"
            hint = "name the compositions: blocks: {Mine: {parallel: [body, ...], fuse: add}}, and wrap with these"
            errors.append(RuleError("R147", message, place=own.place, hint=hint))
    return (*found, *_templates(part.templates, folder, document, read, errors))


def _made(part: OwnPart | BorrowPart, folder: Path) -> Borrowed | Composed:
    if part.origin is not None:
        file, _, name = part.origin.rpartition(":")
        is_file = file.endswith(".py")
        path = str((folder / file).resolve()) if is_file else ""
        how: How = part.how if is_file else "import"
        return Borrowed(path, name, part.origin, how, "" if is_file else file, part.channels)
    assert isinstance(part, OwnPart)
    parts = part.serial if part.serial is not None else part.parallel or []
    return Composed(tuple(parts), part.fuse if part.serial is None else None, part.start == "identity")


def _place_of(part: BorrowPart, document: Document) -> Any:
    for loc, place in document.values.items():
        if loc[-1:] == ("from",) and loc[:1] == ("rules",) and _at(document.data, loc) == part.origin:
            return place
    return document.place(())


def _at(data: Any, loc: tuple[int | str, ...]) -> object:
    for step in loc:
        data = data[step]
    return data


def _templates(
    folders: Collection[str], folder: Path, document: Document, read: ReadTemplate | None, errors: list[RuleError]
) -> Iterator[OwnBlock]:
    place = document.place(("templates",))
    for name in folders if read is not None else ():
        files = sorted((folder / name).glob(TEMPLATES))
        if not files:
            message = f"the folder {name} holds no template"
            errors.append(RuleError("R146", message, place=place, hint=f"a template is a file {TEMPLATES}"))
        for file in files:
            assert read is not None
            try:
                block = read(file)
            except MutagenError as error:
                errors.append(RuleError("R146", error.message, place=place, hint=error.hint))
            else:
                yield OwnBlock(block.name, block, {}, place)


class AnyName(Collection[str]):
    """Arguments that are not known until the class is imported: every name may be one."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.isidentifier()

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def options_of(own: OwnBlock) -> Collection[str]:
    """The arguments that a rule may give to a block of its own file, as far as they can be told without running it."""
    if isinstance(own.made, Block):
        return tuple(own.made.options)
    if isinstance(own.made, Composed):
        return ()
    return AnyName() if own.made.module else _parameters(own.made)


def _parameters(borrowed: Borrowed) -> Collection[str]:
    kind = class_in(borrowed)
    init = (
        next((it for it in kind.body if isinstance(it, ast.FunctionDef) and it.name == "__init__"), None)
        if kind
        else None
    )
    if init is None or init.args.kwarg is not None:
        return AnyName()
    return tuple(it.arg for it in (*init.args.args[1:], *init.args.kwonlyargs))


def class_in(borrowed: Borrowed) -> ast.ClassDef | None:
    """The class of a borrowed block in its file; raises OSError, SyntaxError or ValueError where it cannot be read."""
    tree = ast.parse(Path(borrowed.file).read_bytes())
    return next((it for it in tree.body if isinstance(it, ast.ClassDef) and it.name == borrowed.name), None)


def with_own(known: KnownBlocks | None, own: Collection[OwnBlock]) -> KnownBlocks | None:
    """The blocks that rules may name, with the arguments that they take from a rule."""
    if known is None:
        return None
    found: dict[str, Collection[str]] = dict(known)
    for it in own:
        try:
            found[it.name] = options_of(it)
        except (OSError, SyntaxError, ValueError):  # told where the class is looked for
            found[it.name] = AnyName()
    return found
