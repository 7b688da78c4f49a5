"""From a variable callee back to the expression where the class enters.

``norm_layer(planes)`` names a variable. Its value came as an argument of the call one level further out, from a
default, from an assignment (``if norm_layer is None: norm_layer = nn.BatchNorm2d``), an attribute, a table or what a
function returns. The recorded chain tells which calls were made, the source tells what each of them passed.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mutagen.records.target import Call
from mutagen.records.trace import CallSite
from mutagen.source.file import SourceFile
from mutagen.source.following import Follower
from mutagen.source.reaching import Function
from mutagen.source.way import End, Step


@dataclass(frozen=True)
class Origin:
    """The expression that names the class, or, where it is not ``followed`` to the end, one that stands for it.

    ``bound`` are the ``partial`` calls around it, innermost last, ``way`` the expressions that lead there.
    """

    file: SourceFile
    node: ast.expr
    way: tuple[Step, ...]
    bound: tuple[ast.Call, ...]
    end: End
    followed: bool


def find_origin(
    callee: ast.expr,
    chain: Sequence[CallSite],
    wanted: str,
    follower: Follower,
    *,
    model: Call | None = None,
    maker: Sequence[CallSite] = (),
) -> Origin | None:
    """Where the class ``wanted`` enters that ``callee`` calls at ``chain[0]``; None where it cannot be told.

    What is called is known to be ``wanted``. So of all ends that the callee may come from, the only one that is not
    surely something else must be it. ``model`` is the call that built the outermost object. For what runs in a
    forward, ``chain`` is its first call alone and ``maker`` the chain that constructed the object whose forward it is.
    """
    act = follower.innermost(chain, model)
    if act is None:
        return None
    if maker:
        act = replace(act, given=None, maker=follower.innermost(maker, model))
    possible = [it for it in follower.ends(act, callee) if not _is_other(it, wanted)]
    if len(possible) != 1:
        return None
    end = possible[0]
    if not isinstance(end.node, ast.expr) or end.node not in end.act.file.parents:
        return None
    if isinstance(end.node, ast.Name | ast.Attribute) and end.origin is None:
        return None
    return Origin(end.act.file, end.node, end.way, end.bound, end, end.origin == wanted)


def _is_other(end: End, wanted: str) -> bool:
    """Whether an end surely is not the class."""
    if end.origin is not None and end.origin.startswith("torch."):
        return end.origin != wanted
    return isinstance(end.node, ast.Constant | ast.ClassDef | ast.Lambda | Function)
