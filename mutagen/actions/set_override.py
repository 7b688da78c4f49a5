"""The last rung of ``set``: attributes of what was made elsewhere, set where all is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mutagen.actions.definition import use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import literal
from mutagen.actions.override import inner_paths, loop_over
from mutagen.actions.override_text import Loop, call_lines, place, test_lines
from mutagen.actions.owners import Owner, change_at, owner_edits, owners_of
from mutagen.actions.scene import Scene
from mutagen.match.wanted import has_values
from mutagen.records.rules import Rule, Value
from mutagen.records.trace import Instance

_CURED = frozenset(
    ["out-of-scope", "in-library", "needs-split", "unknown-origin", "hidden-arguments", "no-call", "no-provenance"]
)
_CONV = frozenset({"stride", "padding", "dilation"})
_POOL = frozenset({"kernel_size", "stride", "padding", "dilation", "ceil_mode", "count_include_pad"})
_OTHERS = frozenset({"eps", "momentum", "p", "inplace", "negative_slope", "alpha", "beta", "threshold"})
_MOST_NAMED = 6


def overridden(rule: Rule, draft: Draft, wanted: Mapping[str, Mapping[str, Value]], scene: Scene) -> Draft:
    """The draft with what no expression can change; as it is where no short text changes exactly that."""
    group = [scene.by_path[path] for path in dict.fromkeys(it.path for it in draft.refused if it.code in _CURED)]
    if not group or rule.query.block is not None or not all(_is_live(it, wanted[it.path]) for it in group):
        return draft
    left = draft.without({it.path for it in group})
    whole = [scene.by_path[path] for path in draft.planned] + group
    if draft.planned and all(_is_live(it, wanted[it.path]) for it in whole):
        # One text for everything reads better than edits here and a loop for the rest.
        found = _override(rule, whole, wanted, scene)
        if found is not None:
            return join([Draft(refused=left.refused), found])
    found = _override(rule, group, wanted, scene, changed=frozenset(draft.planned))
    return join([left, found]) if found is not None else draft


def _is_live(instance: Instance, values: Mapping[str, Value]) -> bool:
    """Whether a module does what its attributes say, so that these can be set when it is built."""
    if not instance.library:
        return False
    if "Conv" in instance.name:
        return set(values) <= _CONV and instance.facts.get("padding_mode") == "zeros" and not _is_text(instance)
    return set(values) <= (_POOL if "Pool" in instance.name else _OTHERS) and set(values) <= set(instance.facts)


def _is_text(instance: Instance) -> bool:
    return isinstance(instance.facts.get("padding"), str)


def _override(
    rule: Rule,
    group: Sequence[Instance],
    wanted: Mapping[str, Mapping[str, Value]],
    scene: Scene,
    *,
    changed: frozenset[str] = frozenset(),
) -> Draft | None:
    values = [_as_attributes(it, wanted[it.path]) for it in group]
    if any(it != values[0] for it in values) or len({it.type for it in group}) > 1:
        return None
    free = changed | {it.path for it in scene.trace.instances if has_values(it, rule.action.args)}

    def change(owner: Owner) -> Draft | None:
        kind = use_torch(group[0].type, owner.file)
        lines = _lines(rule, group, free, owner, values[0], kind.name)
        if not lines:
            return None
        reason = f"no expression that may be edited gives exactly these {len(group)} instance(s) the values"
        text = "".join(lines)
        paths = tuple(it.path for it in group)
        edits = owner_edits(rule, owner, lines, reason, paths)
        needed = kind.draft if f"{kind.name})" in text or f"is {kind.name}" in text else Draft()
        return join([Draft(edits=edits, planned=paths, sites=(str(edits[-1].span),)), needed])

    return change_at(owners_of(group, scene), change)


def _as_attributes(instance: Instance, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values in the form in which the module keeps them: conv layers keep a tuple where one number was given."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        old = instance.facts.get(name)
        found[name] = (value,) * len(old) if isinstance(old, tuple) and not isinstance(value, tuple) else value
    return found


def _lines(
    rule: Rule, group: Sequence[Instance], free: frozenset[str], owner: Owner, values: Mapping[str, Value], kind: str
) -> list[str]:
    last = owner.last.lineno
    indent, step = owner.file.indent(last), owner.file.step(last)
    inner = inner_paths(group, owner)
    if len(inner) == 1:
        return _named(inner, values, indent, step, owner.name)
    loop = loop_over(rule, group, free - {it.path for it in group}, owner, "m", kind)
    named = _named(inner, values, indent, step, owner.name) if 0 < len(inner) * len(values) <= _MOST_NAMED else []
    if loop is not None and not (loop.chosen and named):
        return _loop_lines(loop, values, indent, step)
    return named


def _named(inner: Sequence[str], values: Mapping[str, Value], indent: str, step: str, root: str) -> list[str]:
    """A line for each module and value; several values are set in a loop over the modules."""
    if len(inner) > 1 and len(values) > 1:
        head = call_lines(f"{indent}for m in (", [place(path, root) for path in inner], "):", step)
        return [*head, *(f"{indent}{step}m.{name} = {literal(value)}" for name, value in values.items())]
    return [
        f"{indent}{place(path, root)}.{name} = {literal(value)}" for path in inner for name, value in values.items()
    ]


def _loop_lines(loop: Loop, values: Mapping[str, Value], indent: str, step: str) -> list[str]:
    tests = list(loop.tests)
    if loop.within:
        tests.append(loop.within)
    going = f"path, m in {loop.root}.named_modules()" if loop.within else f"m in {loop.root}.modules()"
    sets = [f"{indent}{step * 2}m.{name} = {literal(value)}" for name, value in values.items()]
    return [f"{indent}for {going}:", *test_lines(f"{indent}{step}if ", tests, step), *sets]
