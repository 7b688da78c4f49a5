"""The calls that give a module: the one that constructs it, and those of functions that do nothing but return it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from mutagen.actions.parting_records import Run
from mutagen.actions.scene import Scene
from mutagen.records.span import Span
from mutagen.records.trace import CallSite, Instance
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, resolve


@dataclass(frozen=True)
class Made:
    """An instance as what a call gives: the call is level ``level`` of its construct chain."""

    instance: Instance
    level: int

    @property
    def site(self) -> CallSite:
        """The call."""
        return self.instance.chain[self.level]

    def run(self, *, chosen: bool) -> Run:
        """The same as a run of the call's expression."""
        return Run(self.instance.chain[self.level :], chosen, self.instance.path)


@dataclass(frozen=True)
class Giving:
    """A call that may be edited: what it gives of what is selected, and all else that it gives."""

    file: SourceFile
    call: ast.Call
    group: tuple[Made, ...]
    others: tuple[Made, ...]

    @property
    def span(self) -> Span:
        """Where the call stands."""
        return self.file.span(self.call)

    @property
    def paths(self) -> tuple[str, ...]:
        """The selected instances that it gives."""
        return tuple(it.instance.path for it in self.group)

    @property
    def constructs(self) -> bool:
        """Whether it calls the class itself."""
        return all(it.level == 0 for it in (*self.group, *self.others))


def calls_giving(instances: Sequence[Instance], scene: Scene, *, outermost: bool = False) -> list[Giving]:
    """The calls to change for the instances: the innermost that gives nothing else, else the outermost of all.

    Instances that no call gives which may be edited are in none. ``outermost`` takes the outermost everywhere.
    """
    chosen = {it.path for it in instances}
    ways = {it.path: [made for made in _levels(it, scene) if scene.editable(made.site)] for it in instances}
    given = _given({made.site.span for way in ways.values() for made in way}, scene)
    found: dict[Span, Giving] = {}
    for way in filter(None, ways.values()):
        alone = (it for it in way if all(other.instance.path in chosen for other in given[it.site.span]))
        made = way[-1] if outermost else next(alone, way[-1])
        span = made.site.span
        known = found.get(span) or _giving(span, given[span], chosen, scene)
        found[span] = replace(known, group=(*known.group, made))
    return list(found.values())


def _giving(span: Span, given: Sequence[Made], chosen: Collection[str], scene: Scene) -> Giving:
    file = scene.project.file(span.file)
    call = file.node_at(span)
    assert isinstance(call, ast.Call)
    return Giving(file, call, (), tuple(it for it in given if it.instance.path not in chosen))


def _given(spans: Collection[Span], scene: Scene) -> dict[Span, list[Made]]:
    """All instances that come out of the calls at some spans."""
    found: dict[Span, list[Made]] = {}
    for it in scene.trace.instances:
        if any(site.span in spans for site in it.chain):
            for made in _levels(it, scene):
                found.setdefault(made.site.span, []).append(made)
    return found


def _levels(instance: Instance, scene: Scene) -> Iterator[Made]:
    """The calls of a construct chain that give the instance, innermost first."""
    for level, site in enumerate(instance.chain):
        if site.span.file not in scene.project.files:
            return
        file = scene.project.file(site.span.file)
        call = file.node_at(site.span)
        if not isinstance(call, ast.Call) or level and _takes_it(call, file):
            return
        yield Made(instance, level)
        statement = file.statement(call)
        if not isinstance(statement, ast.Return) or statement.value is not call:
            return


def _takes_it(call: ast.Call, file: SourceFile) -> bool:
    """Whether a call takes what a function returns that it calls itself, as in ``nn.Sequential(*map(make, sizes))``."""
    origin = resolve(call.func, imported_names(file)) or ""
    return origin.startswith("torch.") or any(isinstance(it, ast.Starred) for it in call.args)
