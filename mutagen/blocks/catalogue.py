"""The blocks that templates define, and their source text.

A block is one file ``templates/<name>.py.j2``: a Jinja comment that holds YAML, then the class or function.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from mutagen.errors import InternalError, RuleError
from mutagen.records.blocks import Block, Imported, Kind, Origin, Requirement
from mutagen.records.rules import Value
from mutagen.resources import templates_dir

_TYPES: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "number": (int, float),
    "bool": (bool,),
    "str": (str,),
    "any": (object,),
}
_SUFFIX = ".py.j2"


@dataclass(frozen=True, slots=True)
class Names:
    """How a file writes the things that a block needs: ``nn`` may be ``torch.nn``, ``F`` may be ``nn.functional``."""

    torch: str = "torch"
    nn: str = "nn"
    F: str = "F"
    math: str = "math"
    partial: str = "partial"


@dataclass(frozen=True, slots=True)
class Shelf:
    """All blocks, and their texts under their own names, for a process that then need not read templates."""

    blocks: Mapping[str, Block]
    texts: Mapping[str, str]


_shelves: list[Shelf] = []


def shelf(own: Mapping[str, Block] = MappingProxyType({})) -> Shelf:
    """What this process knows of blocks, and those that a rule file brings along."""
    blocks = {**load_blocks(), **own}
    written = {name: block for name, block in blocks.items() if block.text}
    return Shelf(blocks, {name: render(block, Names(), name) for name, block in written.items()})


def take_over(given: Shelf) -> None:
    """Know what another process has read."""
    _shelves[:] = [given]


def load_blocks() -> Mapping[str, Block]:
    """All blocks by name; raises InternalError B001 for a template with a wrong front matter."""
    return _shelves[0].blocks if _shelves else _read_blocks()


@cache
def _read_blocks() -> Mapping[str, Block]:
    files = sorted(templates_dir().glob(f"*{_SUFFIX}"))
    blocks = [read_block(file) for file in files]
    return MappingProxyType({block.name: block for block in blocks})


def find_block(name: str) -> Block:
    """The block of that name; raises RuleError B002 with the nearest names."""
    blocks = load_blocks()
    if name in blocks:
        return blocks[name]
    near = difflib.get_close_matches(name, blocks, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(blocks)}"
    raise RuleError("B002", f"there is no block {name}", hint=hint)


def read_block(file: Path) -> Block:
    """One block from its template; raises InternalError B001 for a wrong front matter."""
    from ruamel.yaml import YAML  # slow to import, and most commands need no block

    text = file.read_text(encoding="utf-8")
    head, found, _ = text.removeprefix("{#").partition("#}")
    from ruamel.yaml.error import YAMLError

    try:
        data: dict[str, Any] = YAML(typ="safe", pure=True).load(head) if found and text.startswith("{#") else {}
        block = _block(data, str(file), text)
    except (YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        hint = "correct the comment at the top of the template"
        raise InternalError("B001", f"{file.name}: {type(error).__name__}: {error}", hint=hint) from error
    return block


def _block(data: dict[str, Any], template: str, text: str) -> Block:
    known = {"name", "kind", "summary", "paper", "arguments", "options", "requires", "imports", "identity"}
    if unknown := set(data) - known:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    options = dict(data.get("options", {}))
    _check("kind", [data["kind"]], get_args(Kind))
    _check("argument origin", data["arguments"].values(), get_args(Origin))
    _check("import", data["imports"], get_args(Imported))
    _check("option type", options.values(), _TYPES)
    _check("option", options, [name for name, origin in data["arguments"].items() if origin == "rule"])
    _check("argument of the identity", data.get("identity") or {}, options)
    requires = tuple(
        Requirement(item["fact"], tuple(item["in"]), item["code"], item["message"], item["advice"])
        for item in data["requires"]
    )
    return Block(
        name=data["name"],
        kind=data["kind"],
        summary=data["summary"],
        paper=data["paper"],
        template=template,
        arguments=dict(data["arguments"]),
        options=options,
        requires=requires,
        imports=tuple(data["imports"]),
        text=text,
        identity=data.get("identity", {}),
        can_be_identity="identity" in data,
    )


def _check(what: str, values: Iterable[str], allowed: Iterable[str]) -> None:
    if wrong := set(values) - set(allowed):
        raise ValueError(f"unknown {what} {sorted(wrong)}")


def check_options(block: Block, args: Mapping[str, Value]) -> None:
    """Accept the arguments that a rule gives to a block; raises RuleError B003 for a wrong name or type."""
    for name, value in args.items():
        if name not in block.options:
            near = difflib.get_close_matches(name, block.options, n=1)
            known = ", ".join(block.options) or "none"
            hint = f"did you mean {near[0]}?" if near else f"a rule may give it: {known}"
            raise RuleError("B003", f"{block.name} takes no argument {name} from a rule", hint=hint)
        kind = block.options[name]
        is_bool = isinstance(value, bool)
        if not isinstance(value, _TYPES[kind]) or (kind != "any" and is_bool != (kind == "bool")):
            raise RuleError("B003", f"{block.name}: {name} is {value!r}", hint=f"give a value of the type {kind}")


def unmet(block: Block, facts: Mapping[str, Value]) -> Requirement | None:
    """The first requirement that the facts of the operands contradict; a fact that is not known contradicts none."""
    for requirement in block.requires:
        if requirement.fact in facts and facts[requirement.fact] not in requirement.values:
            return requirement
    return None


def render(block: Block, names: Names, class_name: str) -> str:
    """The source text of a template under ``class_name``, formatted for lines of 100, with one final newline."""
    known = _shelves[0].blocks.get(class_name) if _shelves and class_name == block.name else None
    if known is not None and known.text == block.text and names == Names():
        return _shelves[0].texts[class_name]
    template = _template(block.text)
    text: str = template.render(
        name=class_name, torch=names.torch, nn=names.nn, F=names.F, math=names.math, partial=names.partial
    )
    return text.strip() + "\n"


@cache
def _template(text: str) -> Any:
    from jinja2 import StrictUndefined  # slow to import, and only edits need it
    from jinja2.sandbox import SandboxedEnvironment  # a template is text that somebody else may have written

    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False).from_string(text)
