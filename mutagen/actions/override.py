"""The last rung: products take the places of what was made elsewhere, where all is built.

This is how owners do it by hand when layers are made in a library, or in helpers that must stay as they are. The place
is the end of a constructor, or of the function that makes the model.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mutagen.actions.definition import use_class, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import literal
from mutagen.actions.out_of_old import NEEDED, child_name, product_of
from mutagen.actions.override_text import (
    MOST_LINES,
    Loop,
    Product,
    guarded_lines,
    loop_lines,
    named_loop_lines,
    place,
    plain_lines,
    sliced_lines,
)
from mutagen.actions.owners import Owner, change_at, common_owners, is_below, owner_edits, owners_of
from mutagen.actions.paths import joined, within
from mutagen.actions.scene import Scene
from mutagen.blocks.replacement import DEFAULTS, Replacement, find_replacement
from mutagen.match.facts import fact_holds
from mutagen.records.rules import Rule, Test
from mutagen.records.trace import Instance
from mutagen.source.anchor import Function

_CURED = frozenset(
    [
        "compared-class",
        "out-of-scope",
        "in-library",
        "needs-split",
        "unknown-origin",
        "hidden-arguments",
        "no-call",
        "no-provenance",
    ]
)
_ORDERINGS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_MOST_SPARED = 2
_MOST_CHOSEN = 6
_MOST_BUT = 3
_MOST_NAMED = 8


def overridden(rule: Rule, draft: Draft, scene: Scene, *, neutral: frozenset[str] = frozenset()) -> Draft:
    """The draft with what no other rung can change; as it is where no short text changes exactly that.

    ``neutral`` are paths of instances that may change with the others or not.
    """
    if rule.query.block is not None or rule.action.emit != "in-place":
        return draft
    group = [scene.by_path[path] for path in dict.fromkeys(it.path for it in draft.refused if it.code in _CURED)]
    if not group and not scene.late:
        return draft
    left = draft.without({it.path for it in group})
    # One text for everything reads better than edits here and a loop for the rest.
    whole = [scene.by_path[path] for path in draft.planned] + group
    found = _override(rule, whole, frozenset(), neutral, scene) if draft.planned else None
    if found is not None:
        return join([Draft(refused=left.refused), found])
    found = _override(rule, group, frozenset(draft.planned), neutral, scene) if group else None
    return join([left, found]) if found is not None else draft


def _override(
    rule: Rule, group: list[Instance], changed: frozenset[str], neutral: frozenset[str], scene: Scene
) -> Draft | None:
    way = find_replacement(group[0], rule.action.block, scene.blocks)
    if way is None or len({it.type for it in group}) > 1:
        return None
    if any(it.facts.get("params") and not scene.held_once(it) for it in group):
        return None  # each place would get weights of its own
    if any(it.hung for it in group):
        return None  # the new one would lack what others read on the old one
    if any(it.facts.get("affine") and it.facts.get("bias") is False for it in group):
        return None

    def product_for(owner: Owner) -> tuple[Product, Draft]:
        return _product(rule, way, group, owner, scene)

    whole = not (way.block and changed)
    return set_where_all_is_built(rule, group, scene, product_for, changed=changed, neutral=neutral, whole=whole)


def set_where_all_is_built(
    rule: Rule,
    group: Sequence[Instance],
    scene: Scene,
    product_for: Callable[[Owner], tuple[Product, Draft]],
    *,
    changed: frozenset[str] = frozenset(),
    neutral: frozenset[str] = frozenset(),
    whole: bool = True,
) -> Draft | None:
    """Lines or a loop that put a product in the place of each; None where no short text does just that.

    ``whole`` says that a loop will not come upon products of other edits.
    """

    def change(owner: Owner) -> Draft | None:
        known = group[0].definition
        kind = use_class(known, owner.file, scene) if known is not None else use_torch(group[0].type, owner.file)
        if kind is None:
            return None
        product, usable = product_for(owner)
        lines = _lines(rule, group, changed, neutral, owner, product, kind.name, whole=whole)
        if not lines:
            return None
        planned = tuple(it.path for it in group)
        reason = f"no expression that may be edited makes exactly these {len(group)} instance(s)"
        edits = owner_edits(rule, owner, lines, reason, planned)
        text = "".join(lines)
        asked = kind.draft if f"{kind.name})" in text or f"is {kind.name}" in text else Draft()
        return join([Draft(edits=edits, planned=planned, sites=(str(edits[-1].span),)), asked, usable])

    return change_at(owners_of(group, scene), change)


def _lines(
    rule: Rule,
    group: Sequence[Instance],
    changed: frozenset[str],
    neutral: frozenset[str],
    owner: Owner,
    product: Product,
    kind: str,
    *,
    whole: bool,
) -> list[str]:
    """The text for an owner; ``whole`` says that a loop will not come upon products of other edits."""
    last = owner.last.lineno
    indent, step = owner.file.indent(last), owner.file.step(last)
    inner = inner_paths(group, owner)
    # What is counted in a container may be missing there in another configuration; a loop does not mind.
    if len(inner) == 1 and owner.is_class and not any(part.isdigit() for part in inner[0].split(".")):
        return guarded_lines(inner[0], kind, product, indent, step)
    loop = loop_over(rule, group, changed | neutral, owner, product.child, kind) if whole else None
    plain = plain_lines(inner, product, indent, step, root=owner.name) if 0 < len(inner) <= _MOST_NAMED else []
    if loop is not None and not (loop.chosen and 0 < len(plain) <= MOST_LINES):
        return loop_lines(loop, product, indent, step)
    if len(inner) == 1 and owner.is_class:
        return guarded_lines(inner[0], kind, product, indent, step)
    if 0 < len(plain) <= MOST_LINES:
        return plain
    end = _end(rule, group, changed, neutral, owner, product.child, kind) if whole else None
    if end is not None:
        return sliced_lines(*end, product, indent, step)
    return named_loop_lines(inner, product, indent, step, root=owner.name) if plain else []


def _end(
    rule: Rule,
    group: Sequence[Instance],
    changed: frozenset[str],
    neutral: frozenset[str],
    owner: Owner,
    child: str,
    kind: str,
) -> tuple[Loop, str] | None:
    """For a rule that asks for the first or last ones: the tests of all, and the slice that holds just these."""
    only = rule.query.only
    if only is None or not (only.first or only.last) or len(owner.roots) > 1:
        return None
    loop, rest = _tests(rule, group, changed, owner, child, kind)
    chosen = {it.path for it in group}
    asked = chosen.union(it.path for it in rest)
    listed = [it for it in owner.below if it.path in asked]
    part = _slice(listed, chosen, neutral)
    if part is not None:
        return loop, part
    # Between them, or beyond, stand a few that no number can leave out.
    inner = [it for it in listed if it.path not in chosen | neutral]
    ends = [number for number, it in enumerate(listed) if it.path in chosen]
    strange = [it for it in inner if (ends[0] < listed.index(it) if only.last else listed.index(it) < ends[-1])]
    spared = _apart([it for it in listed if it not in strange], strange, owner.roots[0], _MOST_SPARED)
    part = _slice([it for it in listed if it not in strange], chosen, neutral)
    return (replace(loop, spared=spared), part) if spared and part is not None else None


def _slice(listed: Sequence[Instance], chosen: set[str], neutral: frozenset[str]) -> str | None:
    """The slice of a list that holds the chosen, and perhaps neutral ones; None where others lie between."""
    wanted = [number for number, it in enumerate(listed) if it.path in chosen]
    first, after = wanted[0], wanted[-1] + 1
    if any(it.path not in chosen | neutral for it in listed[first:after]):
        return None
    if after == len(listed):
        return f"-{after - first}:"
    return f":{after}" if first == 0 else None


def inner_paths(group: Sequence[Instance], owner: Owner, *, named: bool = False) -> tuple[str, ...]:
    """Paths within the owner, where every instance of the owner's class holds the same ones; else empty.

    Also empty, unless ``named``, where a number is a name (``add_module("1", ...)`` behind ``"stem"``), no position.
    """
    positions = _positions(owner)
    if not named and not all(_counted(path, positions) for it in group for path in it.aliases):
        return ()
    found: dict[str, set[str]] = {root: set() for root in owner.roots}
    for it in group:
        for root in owner.roots:
            if is_below(it.path, root):
                found[root].add(it.path[len(root) :].lstrip("."))
    paths = list(found[owner.roots[0]])
    return tuple(sorted(paths)) if all(set(paths) == other for other in found.values()) else ()


def named_part(owner: Owner, inner: str) -> str:
    """The front part of a path within the owner up to the last number that is a name there; empty without one."""
    parts, positions = inner.split("."), _positions(owner)
    for length in range(len(parts), 0, -1):
        head = ".".join(parts[:length])
        here = {positions.get(joined(root, head)) for root in owner.roots}
        if parts[length - 1].isdigit() and here != {int(parts[length - 1])}:
            return head
    return ""


def _positions(owner: Owner) -> dict[str, int]:
    """The position of each part of the owner among its siblings, by all its paths."""
    made: Counter[str] = Counter()
    found: dict[str, int] = {}
    for path in (path for it in owner.below for path in it.aliases):
        holder = path.rpartition(".")[0]
        found[path] = made[holder]
        made[holder] += 1
    return found


def _counted(path: str, positions: Mapping[str, int]) -> bool:
    """Whether each number in a path is the position of that part among its siblings."""
    parts = path.split(".")
    heads = [(".".join(parts[: depth + 1]), part) for depth, part in enumerate(parts) if part.isdigit()]
    return all(positions.get(head, int(part)) == int(part) for head, part in heads)


def _reads_global(function: Function, name: str) -> bool:
    """Whether a function reads a name from outside: bound at its end it would be a local all through."""
    uses = [it.ctx for it in ast.walk(function) if isinstance(it, ast.Name) and it.id == name]
    own = [it.arg for it in ast.walk(function.args) if isinstance(it, ast.arg)]
    return bool(uses) and name not in own and not any(isinstance(it, ast.Store) for it in uses)


def loop_over(
    rule: Rule, group: Sequence[Instance], free: frozenset[str], owner: Owner, child: str, kind: str
) -> Loop | None:
    """The loop that comes upon the instances and no others, by the fewest of the rule's own tests; None without one."""
    found, left = _tests(rule, group, free, owner, child, kind)
    asked = found.tests
    if not left:
        return found
    if len(owner.roots) > 1:
        return None
    prefix, start = next(common_owners(group)), owner.roots[0]
    if prefix != start and not any(is_below(it.path, prefix) for it in left):
        return Loop(place(within(prefix, start), owner.name), asked)
    spared, entered = _apart(group, left, start, _MOST_SPARED), _apart(left, group, start, _MOST_CHOSEN)
    if entered and not (spared and len(spared) <= len(entered)):
        return Loop(owner.name, asked, chosen=entered)
    if spared:
        return Loop(owner.name, asked, spared)
    but = tuple(within(it.path, prefix) for it in left if is_below(it.path, prefix))
    if prefix == start or len(but) > _MOST_BUT or not all("." in it for it in but):
        return None
    return Loop(place(within(prefix, start), owner.name), asked, but=but)


def _tests(
    rule: Rule, group: Sequence[Instance], free: frozenset[str], owner: Owner, child: str, kind: str
) -> tuple[Loop, list[Instance]]:
    """The fewest of the rule's own tests that tell the instances from others, and the others that pass them too."""
    chosen = {it.path for it in group}
    like = [it for it in owner.below if group[0].type in it.bases and it.path not in (chosen | free)]
    exact = any(it.type != group[0].type for it in like)
    left = [it for it in like if it.type == group[0].type]
    asked = [f"type({child}) is {kind}" if exact else f"isinstance({child}, {kind})"]
    for test in rule.query.where:
        text = _as_source(test, child, group[0])
        still = [it for it in left if fact_holds(test, it.facts.get(test.fact))] if text else left
        if text and len(still) < len(left):
            asked.append(text)
            left = still
    return Loop(owner.name, tuple(asked)), left


def _apart(group: Sequence[Instance], others: Sequence[Instance], root: str, most: int) -> tuple[str, ...]:
    """The fewest modules, by path within the owner, that hold all the others and none of the instances.

    None of it where these are more than ``most``.
    """
    found: dict[str, None] = {}
    start = len(root.split(".")) if root else 0
    for it in others:
        parts = it.path.split(".")
        prefixes = [".".join(parts[:length]) for length in range(start + 1, len(parts))]
        holder = next((path for path in prefixes if not any(one.path.startswith(path) for one in group)), None)
        if holder is None:
            return ()
        found[holder[len(root) :].lstrip(".")] = None
    return tuple(found) if len(found) <= most else ()


def _as_source(test: Test, child: str, instance: Instance) -> str | None:
    """A test as Python on the live module; None for what a module does not know of itself."""
    if test.fact not in (*NEEDED, *DEFAULTS) or test.fact == "bias":
        return None
    name, value = f"{child}.{test.fact}", instance.facts.get(test.fact)
    if test.test in _ORDERINGS:
        return f"{f'max({name})' if isinstance(value, tuple) else name} {_ORDERINGS[test.test]} {literal(test.value)}"
    if test.test not in ("eq", "ne"):
        return None
    spread = isinstance(value, tuple) and not isinstance(test.value, tuple)
    wanted = (test.value,) * len(value) if spread and isinstance(value, tuple) else test.value
    return f"{name} {'==' if test.test == 'eq' else '!='} {literal(wanted)}"


def _product(
    rule: Rule, way: Replacement, group: Sequence[Instance], owner: Owner, scene: Scene
) -> tuple[Product, Draft]:
    """The new module out of the old one, and what it needs in the file."""
    wanted = child_name(group[0])
    child = free_child(wanted, owner)
    return product_of(rule, way, group, scene, file=owner.file, node=owner.function, child=child)


def free_child(wanted: str, owner: Owner) -> str:
    """A name for the old module that the function around does not read."""
    names = (wanted, f"{wanted}_layer", f"old_{wanted}")
    return next(it for it in names if not _reads_global(owner.function, it))
