"""A new module as it is written with what the old one in its place tells."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft
from mutagen.actions.new_call import literal
from mutagen.actions.override_text import Product
from mutagen.actions.own_call import told_by_old
from mutagen.actions.scene import Scene
from mutagen.blocks.replacement import DEFAULTS, IDENTITY, Replacement
from mutagen.match.facts import equal
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile

NEEDED: Final = ("in_channels", "out_channels", "kernel_size", "num_features")
_CHILD: Final = {"Conv": "conv", "Batc": "norm", "ReLU": "act"}


def child_name(instance: Instance) -> str:
    """What a variable that holds the old module is called."""
    return _CHILD.get(instance.name[:4], "child")


def product_of(
    rule: Rule,
    way: Replacement,
    group: Sequence[Instance],
    scene: Scene,
    *,
    file: SourceFile,
    node: ast.AST,
    child: str,
) -> tuple[Product, Draft]:
    """The new module out of the old one, which is ``child``, and what it needs in the file for use at ``node``."""
    options = dict(rule.action.args)
    if way.target == IDENTITY:
        usable = use_torch(f"torch.{way.torch_name}", file)
        return Product(usable.name, (), child), usable.draft
    if way.carries is not None:
        block = scene.blocks[str(way.block)]
        usable = use_block(scene, rule, block.name, file, node)
        told = [*told_by_old(way, block, group, options, child), *(f"{it}={literal(to)}" for it, to in options.items())]
        return Product(usable.name, tuple(told), child), usable.draft
    given = [f"{child}.{name}" for name in way.signature if name in NEEDED]
    count = options.pop("num_groups", "auto")
    if isinstance(count, int):
        usable = use_torch(f"torch.{way.torch_name}", file)
        given.insert(0, str(count))
    elif way.block or way.factory:
        usable = use_block(scene, rule, str(way.block or way.factory), file, node)
    else:
        usable = use_torch(f"torch.{way.torch_name}", file)
    in_order = way.block is not None
    for name in (it for it in way.signature if it in way.keep and it in DEFAULTS):
        if name in options or all(equal(it.facts.get(name), DEFAULTS[name]) for it in group):
            in_order = False
            continue
        value = f"{child}.bias is not None" if name == "bias" else f"{child}.{name}"
        given.append(value if in_order else f"{name}={value}")
    given += [f"{name}={literal(value)}" for name, value in options.items()]
    return Product(usable.name, tuple(given), child), usable.draft
