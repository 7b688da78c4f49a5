"""The blocks that templates define, and their source text.

A block is one file ``templates/<name>.py.j2``: a Jinja comment that holds YAML, then the class or function.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from mutagen.errors import InternalError, RuleError
from mutagen.records.rules import Value
from mutagen.resources import templates_dir

Kind = Literal["conv", "norm", "feature", "scale", "combine", "function"]
Origin = Literal["channels", "channels_other", "from-module", "rule"]
Imported = Literal["torch", "nn", "F", "math", "partial"]

_TYPES: Mapping[str, tuple[type, ...]] = {"int": (int,), "number": (int, float), "bool": (bool,), "str": (str,)}
_SUFFIX = ".py.j2"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the operand must be: ``fact`` (``rank``, ``rank_other``) is one of ``values``, else the code and texts."""

    fact: str
    values: tuple[Value, ...]
    code: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Block:
    """A catalogue entry.

    ``arguments`` are the constructor's parameters in order and where each value comes from: the channels of the
    operand, those of the other operand, the module that is replaced, or the rule (which may leave it out).
    ``options`` are the types of those that the rule may give. ``imports`` are the names that the text needs.
    """

    name: str
    kind: Kind
    summary: str
    paper: str
    template: str
    arguments: Mapping[str, Origin]
    options: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[Requirement, ...] = ()
    imports: tuple[Imported, ...] = ()

    @property
    def reads_other(self) -> bool:
        """Whether it is called with two tensors, as a gate is."""
        return "channels_other" in self.arguments.values()


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


def shelf() -> Shelf:
    """What this process knows of blocks."""
    blocks = dict(load_blocks())
    return Shelf(blocks, {name: render(block, Names(), name) for name, block in blocks.items()})


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
        block = _block(data, str(file))
    except (YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        hint = "correct the comment at the top of the template"
        raise InternalError("B001", f"{file.name}: {type(error).__name__}: {error}", hint=hint) from error
    return block


def _block(data: dict[str, Any], template: str) -> Block:
    known = {"name", "kind", "summary", "paper", "arguments", "options", "requires", "imports"}
    if unknown := set(data) - known:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    options = dict(data.get("options", {}))
    _check("kind", [data["kind"]], get_args(Kind))
    _check("argument origin", data["arguments"].values(), get_args(Origin))
    _check("import", data["imports"], get_args(Imported))
    _check("option type", options.values(), _TYPES)
    _check("option", options, [name for name, origin in data["arguments"].items() if origin == "rule"])
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
        if not isinstance(value, _TYPES[kind]) or is_bool != (kind == "bool"):
            raise RuleError("B003", f"{block.name}: {name} is {value!r}", hint=f"give a value of the type {kind}")


def unmet(block: Block, facts: Mapping[str, Value]) -> Requirement | None:
    """The first requirement that the facts of the operands contradict; a fact that is not known contradicts none."""
    for requirement in block.requires:
        if requirement.fact in facts and facts[requirement.fact] not in requirement.values:
            return requirement
    return None


def render(block: Block, names: Names, class_name: str) -> str:
    """The source text of the block under ``class_name``, formatted for lines of 100, with one final newline."""
    if _shelves and names == Names() and class_name == block.name:
        return _shelves[0].texts[class_name]
    template = _template(block.template)
    text: str = template.render(
        name=class_name, torch=names.torch, nn=names.nn, F=names.F, math=names.math, partial=names.partial
    )
    return text.strip() + "\n"


@cache
def _template(file: str) -> Any:
    from jinja2 import Environment, StrictUndefined  # slow to import, and only edits need it

    return Environment(undefined=StrictUndefined, autoescape=False).from_string(Path(file).read_text(encoding="utf-8"))
