"""What every action looks at: the trace, indexed, and the source around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property

from mutagen.records.blocks import Block
from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import CallSite, Instance, Node, Trace
from mutagen.source.imports_of import module_name
from mutagen.source.project import Project

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Scene:
    """The trace with its indices; ``products`` maps instance paths to the catalogue block that stands there.

    ``late`` asks for changes that are made when everything is built, past code that relies on what is replaced.
    ``earlier`` are the edits of the rules before, whose names are no longer free.
    """

    trace: Trace
    project: Project
    blocks: Mapping[str, Block]
    products: Mapping[str, str]
    late: bool = False
    earlier: tuple[Edit, ...] = ()

    def behind(self, edits: Iterable[Edit]) -> Scene:
        """The scene for the next rule; what was computed of the trace is kept."""
        following = replace(self, earlier=(*self.earlier, *edits))
        known = {it.name for it in fields(self)}
        following.__dict__.update({name: it for name, it in self.__dict__.items() if name not in known})
        return following

    def brought(self, file: str, place: ast.stmt) -> frozenset[str]:
        """The names that the rules before write into a class or function."""
        lines = range(place.lineno, (place.end_lineno or place.lineno) + 1)
        texts = (it.new for it in self.earlier if it.span.file == file and it.span.line in lines)
        return frozenset(name for text in texts for name in _NAME.findall(text))

    @cached_property
    def by_path(self) -> Mapping[str, Instance]:
        """Instances by any of their paths."""
        return {alias: it for it in reversed(self.trace.instances) for alias in (*it.aliases, it.path)}

    @cached_property
    def children_of(self) -> Mapping[str, tuple[Instance, ...]]:
        """Instances by the path of the module that holds them."""
        found: dict[str, list[Instance]] = {}
        for it in self.trace.instances:
            if it.path:
                found.setdefault(it.owner, []).append(it)
        return {path: tuple(children) for path, children in found.items()}

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """The files that may be looked at, by dotted module name."""
        own = self.project.files - self.project.library
        return {module_name(path, self.project.root): path for path in own}

    @cached_property
    def made_at(self) -> Mapping[Span, tuple[Instance, ...]]:
        """Instances by the expression that constructs them."""
        found: dict[Span, list[Instance]] = {}
        for it in self.trace.instances:
            if it.chain:
                found.setdefault(it.chain[0].span, []).append(it)
        return {span: tuple(made) for span, made in found.items()}

    @cached_property
    def called_at(self) -> Mapping[Span, tuple[Node, ...]]:
        """Nodes by each expression of their call chain."""
        found: dict[Span, list[Node]] = {}
        for node in self.trace.nodes:
            for span in {site.span for site in node.chain}:
                found.setdefault(span, []).append(node)
        return {span: tuple(nodes) for span, nodes in found.items()}

    @cached_property
    def calls_of(self) -> Mapping[str, tuple[Node, ...]]:
        """Nodes that call a module, by the module's first path."""
        found: dict[str, list[Node]] = {}
        for node in self.trace.nodes:
            if node.path is not None:
                instance = self.by_path.get(node.path)
                found.setdefault(instance.path if instance else node.path, []).append(node)
        return {path: tuple(nodes) for path, nodes in found.items()}

    @cached_property
    def users(self) -> Mapping[int, tuple[int, ...]]:
        """Indices of the nodes that read a node."""
        found: dict[int, list[int]] = {}
        for node in self.trace.nodes:
            for index in dict.fromkeys(node.inputs):
                found.setdefault(index, []).append(node.index)
        return {index: tuple(readers) for index, readers in found.items()}

    @cached_property
    def _nodes_by_module(self) -> Mapping[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.trace.nodes:
            inner = node.path if node.path is not None else node.scope
            while inner:
                found.setdefault(inner, []).append(node)
                inner = inner.rpartition(".")[0]
        return {path: tuple(nodes) for path, nodes in found.items()}

    @cached_property
    def _tensors_by_module(self) -> Mapping[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.trace.nodes:
            if node.kind == "attribute" and self.users.get(node.index):
                inner = (node.path or "").rpartition(".")[0]
                while inner:
                    found.setdefault(inner, []).append(node)
                    inner = inner.rpartition(".")[0]
        return {path: tuple(nodes) for path, nodes in found.items()}

    def tensors_in(self, path: str) -> tuple[Node, ...]:
        """The tensors of a module, and of all that it holds, that are read beside calls of modules."""
        return self._tensors_by_module.get(path, ())

    def nodes_in(self, path: str) -> tuple[Node, ...]:
        """The calls of a module and of all that it holds."""
        return self._nodes_by_module.get(path, ())

    def held_once(self, instance: Instance) -> bool:
        """Whether one module alone holds it, under one name, in however many places that one is."""
        owners = [path.rpartition(".")[::2] for path in (instance.path, *instance.aliases)]
        return len({(self.by_path[owner].path, name) for owner, name in owners}) == 1

    def editable(self, site: CallSite) -> bool:
        """Whether the expression of a chain level may be edited."""
        return self.project.editable(site.span.file)


def refuse(rule: Rule, path: str, code: str, message: str, advice: str, *, where: Span | None = None) -> Refusal:
    """A refusal of one target of a rule."""
    return Refusal(rule=rule.id, path=path, code=code, message=message, advice=advice, where=where)


def out_of_scope(rule: Rule, path: str, chain: tuple[CallSite, ...], scene: Scene) -> Refusal:
    """The refusal for something that is made or called where mutagen may not edit."""
    if not chain:
        message = "it is made where no expression was recorded (inside torch, or by a class with its own __new__)"
        return refuse(rule, path, "no-provenance", message, "exclude it with `not: {path: ...}`")
    file = chain[0].span.file
    if file not in scene.project.files:
        message = f"the expression stands in an installed library, {file}"
        advice = "exclude it with `not: {path: ...}`, or have the module copied into your project with --vendor"
        return refuse(rule, path, "in-library", message, advice, where=chain[0].span)
    if scene.project.excluded(file):
        message = f"the configuration excludes {file}"
        advice = "take it out of `exclude` in [tool.mutagen], or exclude the target with `not: {path: ...}`"
        return refuse(rule, path, "excluded", message, advice, where=chain[0].span)
    others = [name for name in scene.project.importers(file) if name != scene.project.target]
    example = f", {others[0]} among them" if others else ""
    message = f"the expression stands in {file}, which {len(others)} other file(s) import{example}"
    advice = "widen with --scope package, or exclude it with `not: {path: ...}`"
    return refuse(rule, path, "out-of-scope", message, advice, where=chain[0].span)
