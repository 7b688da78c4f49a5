"""`emit: subclass` for what becomes part of a block: ``self.conv2 = Refined(self.conv2, self.conv2.out_channels)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mutagen.actions.definition import use_block
from mutagen.actions.draft import Draft, join
from mutagen.actions.every_part import every_part
from mutagen.actions.insert_target import Target
from mutagen.actions.insert_wrap import wrap_meaning
from mutagen.actions.new_call import given_to
from mutagen.actions.out_of_old import child_name
from mutagen.actions.override_text import Product, named_loop_lines, place
from mutagen.actions.scene import Scene
from mutagen.actions.subclass_count import Count, count_for
from mutagen.actions.subclass_head import INDENT, Frame
from mutagen.actions.subclass_set import Inner, Written, refused_classes, set_in_subclasses
from mutagen.actions.wrapping import Wrapping
from mutagen.records.rules import Rule

_OUTPUTS: Final = ("out_channels", "num_features", "out_features", "num_channels")
_MOST_PLAIN: Final = 3


def wrapped_in_subclasses(rule: Rule, found: Sequence[Target], scene: Scene) -> Draft:
    """Every class stays as it is; subclasses wrap what their constructors have made."""
    instances, by_path = [it.instance for it in found], {it.path: it for it in found}
    made, why = set_in_subclasses(rule, instances, scene, _writing(rule, by_path, scene))
    planned = [by_path[path] for it in made for path in it.planned]
    return join([refused_classes(rule, instances, why), *made, *(wrap_meaning(rule, it, scene) for it in planned)])


def counts_of(targets: Sequence[Target], child: str) -> list[str] | None:
    """The channels as attributes of the old module; None where no attribute is that everywhere."""
    found: list[str] = []
    for name in targets[0].values:
        wanted = [it.values[name] for it in targets]
        fact = next((it for it in _OUTPUTS if [one.instance.facts.get(it) for one in targets] == wanted), None)
        if fact is None:
            return None
        found.append(f"{child}.{fact}")
    return found


def _writing(rule: Rule, by_path: Mapping[str, Target], scene: Scene) -> Callable[[Inner, Frame], Written | str]:
    block = scene.blocks[rule.action.block]

    def written(inner: Inner, frame: Frame) -> Written | str:
        usable = use_block(scene, rule, block.name, frame.file, frame.anchor)
        names = list(dict.fromkeys(path.rpartition(".")[2] for path in inner))
        told = len(names) <= _MOST_PLAIN and not any(it.isdigit() for it in names)
        says = f"{block.written} around {' and '.join(names) if told else 'what it makes'}"
        held = {path: [by_path[it.path] for it in group] for path, group in inner.items()}
        looped = _every(rule, usable.name, held, scene)
        if looped is None and len(held) > _MOST_PLAIN:
            looped = _loop(rule, usable.name, held, scene)
        if looped is not None:
            return Written(says, looped, usable.draft)
        lines: list[str] = []
        needs: tuple[str, ...] = ()
        for path, group in held.items():
            old, counts = place(path), _counts(group, path, scene)
            if counts is None:
                return f"nothing in {frame.owner.name} tells the channels of every instance"
            given = given_to(rule, block, [it.text for it in counts])
            wrapping = Wrapping(usable.name, (None, *filter(None, [given])), usable.draft)
            lines += wrapping.lines(f"{INDENT}{old} = ", old, "    ")
            needs = max([needs, *(it.needs for it in counts)], key=len)
        return Written(says, lines, usable.draft, needs)

    return written


def _every(rule: Rule, name: str, held: Mapping[str, Sequence[Target]], scene: Scene) -> list[str] | None:
    """A loop over a list of which every part holds one."""
    owners = {it.path.removesuffix(path).rstrip(".") for path, group in held.items() for it in group}
    every = every_part(held, owners, scene)
    counts = counts_of([it for group in held.values() for it in group], every.module) if every is not None else None
    if every is None or counts is None:
        return None
    given = given_to(rule, scene.blocks[rule.action.block], counts)
    return every.lines(name, [every.module, *filter(None, [given])], INDENT, "    ")


def _loop(rule: Rule, name: str, held: Mapping[str, Sequence[Target]], scene: Scene) -> list[str] | None:
    """One loop over all places, where each module keeps its channels in the same attribute."""
    every = [it for group in held.values() for it in group]
    child = child_name(every[0].instance)
    counts = counts_of(every, child)
    if counts is None:
        return None
    given = given_to(rule, scene.blocks[rule.action.block], counts)
    product = Product(name, (child, *filter(None, [given])), child)
    return named_loop_lines(list(held), product, INDENT, "    ")


def _counts(group: Sequence[Target], path: str, scene: Scene) -> list[Count] | None:
    """The channels as the module itself says them, else as something beside it or the constructor does."""
    own = counts_of(group, place(path))
    if own is not None:
        return [Count(it) for it in own]
    owners = [scene.by_path[it.path.removesuffix(path).rstrip(".")] for it in group]
    values = [[it.values[name] for it in group] for name in group[0].values]
    found = [count_for(owners, it, scene, maker=group[0].path) for it in values]
    return [it for it in found if it is not None] if None not in found else None
