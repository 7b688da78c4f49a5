"""What does not fit together in the blocks that a rule file brings along.

Codes: R147 name or contents of a block, R141 class not found, R145 part of a composition, R146 template.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from mutagen.load.layers import LAYERS, arguments_of, bare, layer
from mutagen.load.rules_blocks import class_in
from mutagen.load.rules_of_parts import parts_in
from mutagen.load.rules_values import value_of
from mutagen.load.rules_words import FUNCTIONS, TORCH_BLOCKS, KnownBlocks, hint_for, listed, suggestion
from mutagen.load.rules_yaml import Document, Loc
from mutagen.records.blocks import BODY, Borrowed

Finding = tuple[str, Loc, str, str]

_WAYS = ("from", "serial", "parallel")


def block_findings(document: Document, known: KnownBlocks | None, included: Collection[str] = ()) -> Iterator[Finding]:
    """Code, location, message and hint of everything in ``blocks`` and in borrowed classes that does not fit.

    ``included`` are those of the known blocks that included files bring along: what is another one of that name is
    told where the files are put together.
    """
    data: Mapping[str, Any] = document.data if isinstance(document.data, dict) else {}
    blocks = data.get("blocks")
    named: Mapping[str, Any] = blocks if isinstance(blocks, dict) else {}
    taken = [name for name in known or () if name not in included]
    for name, block in named.items():
        yield from _name(name, ("blocks", name), taken)
        if isinstance(block, dict):
            yield from _block(name, block, ("blocks", name), document, named, known)
    yield from _on_the_spot(data, document, named, taken)


def _name(name: str, loc: Loc, taken: Collection[str]) -> Iterator[Finding]:
    if not name.isidentifier() or not name[0].isalpha() or name == BODY:
        yield "R147", loc, f"{name!r} cannot be the name of a class", "use letters and digits: EdgeContext"
    elif name in (*TORCH_BLOCKS, *FUNCTIONS, *LAYERS, *taken):
        yield "R147", loc, f"{name} is the name of a block that is known already", f"call it otherwise: My{name}"


def _block(
    name: str,
    block: Mapping[str, Any],
    loc: Loc,
    document: Document,
    named: Mapping[str, Any],
    known: KnownBlocks | None,
) -> Iterator[Finding]:
    ways = [way for way in _WAYS if way in block]
    if len(ways) != 1:
        said = f"says {listed(ways)}" if ways else "does not say what it is"
        yield "R147", loc, f"the block {name} {said}", "give one of from, serial and parallel"
        return
    way = ways[0]
    if way == "from":
        yield from _reference(block["from"], (*loc, "from"), document)
    elif isinstance(block[way], list):
        if len(block[way]) < (2 if way == "parallel" else 1):
            yield "R145", (*loc, way), f"`{way}` needs {'two parts' if way == 'parallel' else 'a part'}", "name blocks"
        for index, part in enumerate(block[way]):
            yield from _part(part, (*loc, way, index), name, named, known)
        yield from _wrapping(block, block[way], way, loc)
    if way == "parallel" and "fuse" not in block:
        hint = "fuse: concat-conv1x1, add, gate or select"
        yield "R147", (*loc, way), "`parallel` does not say how its parts come together", hint
    for key in block:
        if key in ("how", "channels", "args") and way != "from" or key == "fuse" and way != "parallel":
            yield "R147", (*loc, key), f"`{key}` does not go with `{way}`", f"leave {key} out"
        elif key == "start" and way == "from":
            yield (
                "R147",
                (*loc, key),
                "`start` is no matter of a class that is borrowed",
                "give it to the action instead",
            )


def _wrapping(block: Mapping[str, Any], parts: list[Any], way: str, loc: Loc) -> Iterator[Finding]:
    """What does not go with the matched module as a part."""
    places = [index for index, part in enumerate(parts) if part == BODY]
    if len(places) > 1:
        yield "R145", (*loc, way, places[1]), "the matched module can be a part once", f"leave one `{BODY}` out"
    if not places or block.get("start") != "identity":
        return
    if way == "serial" and places[0] or way == "parallel" and block.get("fuse") != "add":
        message = f"`start: identity` around `{BODY}` is known where it comes first, or for fuse: add"
        yield "R147", (*loc, "start"), message, "leave `start` out"


def _reference(given: object, loc: Loc, document: Document) -> Iterator[Finding]:
    """Whether ``file.py:Class`` is there."""
    if not isinstance(given, str):
        return
    file, colon, name = given.rpartition(":")
    if not colon or not file or not name.isidentifier():
        yield "R141", loc, f"{given!r} names no class", 'write from: "folder/file.py:Class", relative to this file'
        return
    if not file.endswith(".py"):
        if not all(piece.isidentifier() for piece in file.split(".")):
            yield "R141", loc, f"{file!r} is no file and no module", 'write from: "folder/file.py:Class"'
        return
    path = Path(document.file).parent / file
    try:
        found = class_in(Borrowed(str(path), name, given))
    except OSError as error:
        hint = "the path is relative to the rule file"
        yield "R141", loc, f"{file} cannot be read: {error.strerror}", hint
    except (SyntaxError, ValueError) as error:
        yield "R141", loc, f"{file} is no Python that can be read: {error}", "convert it to Python 3 first"
    else:
        if found is None:
            yield "R141", loc, f"there is no class {name} at the top level of {file}", "look at the spelling"


def _part(part: Any, loc: Loc, owner: str, named: Mapping[str, Any], known: KnownBlocks | None) -> Iterator[Finding]:
    """Whether one part of a composition is known, takes its arguments and keeps the shape."""
    if isinstance(part, dict) and len(part) == 1:
        ((name, args),) = part.items()
        loc = (*loc, str(name))
    else:
        name, args = part, {}
    if not isinstance(name, str) or not isinstance(args, dict):
        return
    if _reaches(name, owner, named, set()):
        yield "R145", loc, f"the block {owner} would be a part of itself", "take it out"
    elif name == BODY:
        if args:
            yield "R145", loc, f"`{BODY}` is the matched module and takes no arguments", f"write {BODY}"
    elif layer(name) is not None:
        yield from _layer(name, args, loc)
    elif name not in named and known is not None and name not in known:
        known_names = [it for it in (*known, *named, *LAYERS) if not it.islower()]
        hint = f"{suggestion(name, known_names)} blocks, and classes of torch.nn such as Conv2d".strip()
        yield "R145", loc, f"unknown part {name!r}", hint
    elif name not in named and known is not None:
        for argument in args:
            if argument not in known[name]:
                hint = hint_for(argument, known[name], what="arguments")
                yield "R128", (*loc, argument), f"unknown argument {argument!r} for {name}", hint


def _layer(name: str, args: Mapping[str, Any], loc: Loc) -> Iterator[Finding]:
    known = LAYERS[bare(name)]
    allowed = [*known.leading, *known.options]
    for argument, value in args.items():
        if argument in known.leading and argument != "num_groups":
            yield "R145", (*loc, argument), f"{argument} of a part is the number of channels", "leave it out"
        elif argument == "stride":
            yield "R145", (*loc, argument), "a part keeps the size of its tensor; it has no stride", "leave it out"
        elif argument not in allowed:
            hint = hint_for(argument, known.options, what="arguments") if allowed else "it takes no arguments"
            yield "R128", (*loc, argument), f"unknown argument {argument!r} for {bare(name)}", hint
        elif isinstance(value, dict):
            yield "R114", (*loc, argument), f"`{argument}` must be a value", "write a number or a text"
            return
    problem = arguments_of(name, {key: value_of(value) for key, value in args.items() if key in allowed})
    if isinstance(problem, str):
        yield "R145", loc, problem, "a part keeps the shape of its tensor"


def _reaches(name: str, owner: str, named: Mapping[str, Any], seen: set[str]) -> bool:
    """Whether a block is, or is made of, another one."""
    if name == owner:
        return True
    block = named.get(name)
    if name in seen or not isinstance(block, dict):
        return False
    parts = [it for way in ("serial", "parallel") if isinstance(block.get(way), list) for it in block[way]]
    inner = [next(iter(it), "") if isinstance(it, dict) else it for it in parts]
    return any(_reaches(str(it), owner, named, {*seen, name}) for it in inner)


def _on_the_spot(
    data: Mapping[str, Any], document: Document, named: Mapping[str, Any], taken: Collection[str]
) -> Iterator[Finding]:
    """Classes that actions borrow themselves."""
    origins: dict[str, object] = {}
    rules = data.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        for loc, block in _borrowing(rule, ("rules", index)):
            yield from _reference(block["from"], loc, document)
            name = block["from"].rpartition(":")[2]
            other = origins.setdefault(name, block)
            if name in named or other != block or name in (*TORCH_BLOCKS, *FUNCTIONS, *taken):
                hint = f"name it in a section of the file: blocks: {{My{name}: {{from: ...}}}}, then say My{name}"
                yield "R147", loc, f"{name} is the name of another block too", hint


def _borrowing(rule: Any, loc: Loc) -> Iterator[tuple[Loc, Mapping[str, Any]]]:
    """The classes that the actions of a rule borrow, with the places that say from where."""
    for kind, key in (("insert", "block"), ("replace", "with"), ("wrap", "with"), ("branch", "block")):
        action = rule.get(kind) if isinstance(rule, dict) else None
        for name, part in {"": action, **parts_in(kind, action)}.items():
            block = part.get(key) if isinstance(part, dict) else None
            if isinstance(block, dict) and isinstance(block.get("from"), str):
                yield (*loc, kind, *([name] if name else []), key, "from"), block
