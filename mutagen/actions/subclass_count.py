"""A number of channels as the constructor of a subclass can write it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mutagen.actions.override_text import place
from mutagen.actions.owners import is_below
from mutagen.actions.paths import joined, within
from mutagen.actions.scene import Scene
from mutagen.records.trace import Instance
from mutagen.source.anchor import init_of

_COUNTS: Final = ("num_features", "out_channels", "num_channels", "out_features", "dim")
_GIVEN: Final = ("out_channels", "out_chs", "out_planes", "outplanes", "channels", "num_channels", "planes", "dim")
_MOST: Final = 3


@dataclass(frozen=True)
class Count:
    """``needs`` are the parameters that the constructor has to name for ``text``, in order."""

    text: str
    needs: tuple[str, ...] = ()


def count_for(owners: Sequence[Instance], values: Sequence[int], scene: Scene, *, maker: str) -> Count | None:
    """The channels of a tensor of each owner: an attribute of the child that made it, else a parameter of that name.

    Else an attribute of another module within, one within that child first; a number where all have that one. What lies
    deeper than a child may be another module in another configuration, a parameter means the same in all of them.
    ``maker`` is the path of the module that made the tensor for the first owner, as far as it is known.
    """
    first = owners[0].path
    own = within(maker, first) if is_below(maker, first) else ""
    child = _attribute(owners, [own], values, scene) if own and "." not in own else None
    if child is not None:
        return child
    inner = [within(it.path, first) for it in scene.trace.instances if is_below(it.path, first)]
    inner.reverse()  # of several that have it, the last one is nearest to the tensor
    inner.sort(key=lambda it: (not is_below(it, own or "-"), it.count(".")))
    paths = [*([own] if own else []), *inner, ""]
    written = _parameter(owners, values, scene) or _attribute(owners, paths, values, scene)
    return written or (Count(str(values[0])) if len(set(values)) == 1 else None)


def _attribute(owners: Sequence[Instance], paths: Sequence[str], values: Sequence[int], scene: Scene) -> Count | None:
    for path in paths:
        held = [scene.by_path.get(joined(it.path, path)) for it in owners]
        for name in _COUNTS:
            found = [it.facts.get(name) if it is not None else None for it in held]
            if found == list(values) and all(type(it) is int for it in found):
                return Count(f"{place(path)}.{name}")
    return None


def _parameter(owners: Sequence[Instance], values: Sequence[int], scene: Scene) -> Count | None:
    """A parameter that holds the number for every owner and stands near the front, without a default."""
    known = owners[0].definition
    body = scene.project.file(known.file).tree.body if known is not None else []
    classes = [it for it in body if isinstance(it, ast.ClassDef) and known is not None and it.name == known.qualname]
    init = init_of(classes[0]) if classes else None
    if init is None or init.args.posonlyargs:
        return None
    names = [it.arg for it in init.args.args][1:]
    names = names[: len(names) - len(init.args.defaults)]
    equal = [name for name in names if [it.arguments.get(name) for it in owners] == list(values)]
    # A name that says nothing is believed where it alone follows the numbers.
    told = [*(it for it in _GIVEN if it in equal), *(equal if len(equal) == 1 and len(set(values)) > 1 else ())]
    name = next((it for it in told if it in names[:_MOST]), None)
    return Count(name, tuple(names[: names.index(name) + 1])) if name is not None else None
