"""The step before a run with ``--vendor``: which library modules its rules would change, and sources with copies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from mutagen.blocks.recognise import standing_products
from mutagen.errors import Place, TargetError
from mutagen.match.select import select
from mutagen.planning.make import make_plan
from mutagen.records.blocks import Block
from mutagen.records.options import Scope
from mutagen.records.plan import Plan
from mutagen.records.result import FileChange
from mutagen.records.rules import Rule
from mutagen.records.target import Target
from mutagen.records.trace import Trace
from mutagen.records.vendor import Copied, Reference, Vendored
from mutagen.sandbox.runner import Session
from mutagen.source.file import encode
from mutagen.source.project import Project, open_project
from mutagen.vendor.needed import library_files, needed_modules
from mutagen.vendor.place import head_of, places
from mutagen.vendor.text import copy_text, led_to_copies

_OTHERWISE = (
    "the library finds what it builds in a way that leads to no copy, such as a registry: name the class instead"
)


def vendor(
    session: Session,
    trace: Trace,
    target: Target,
    rules: tuple[Rule, ...],
    scope: Scope,
    blocks: Mapping[str, Block],
) -> Vendored:
    """The sources with copies of the library modules that the rules change; with no source where they change none.

    ``session`` is the one that made the trace. Raises TargetError T22x where the copies cannot be made or reached.
    """
    library = library_files(trace)
    project = open_project(target.file, target.root, trace.files, scope=scope, library=library)
    products = standing_products(trace, project.read, blocks)
    found = select(rules, trace, products, blocks)
    plan = make_plan(found, trace, project, blocks=blocks, products=products)
    needed, users = needed_modules(plan, trace)
    if not needed:
        return Vendored(rules=plan.rules)
    users = tuple(dict.fromkeys((target.file, *users)))
    _check_editable(users, needed, project)
    session.start("mutagen.trace.references:references", (*users, *needed), needed)
    references, modules = cast("tuple[tuple[Reference, ...], dict[str, str]]", session.result())
    copies = places(needed, modules, target=target.file, module=target.module)
    return _sources(users, copies, references, project)


def _check_editable(users: Sequence[str], needed: Sequence[str], project: Project) -> None:
    for file in users:
        if not project.editable(file):
            hint = "widen with --scope package, so that its imports may be led to the copy"
            message = f"{file} builds what {Path(needed[0]).name} defines, and other files import it"
            raise TargetError("T222", message, place=Place(file), hint=hint)


def _sources(
    users: Sequence[str], copies: dict[str, Copied], references: Sequence[Reference], project: Project
) -> Vendored:
    overlay: dict[str, bytes] = {}
    notes: list[str] = []
    for path in users:
        file = project.file(path)
        text = encode(file, led_to_copies(file, [it for it in references if it.at.file == path], copies))
        if text != file.raw:
            overlay[path] = text
    if not overlay and not any(it.standing for it in copies.values()):
        names = ", ".join(it.module for it in copies.values())
        hint = "import it with `from package.module import Name` in the target, then try again"
        raise TargetError("T223", f"no import of the target leads to {names}", place=Place(users[0]), hint=hint)
    for path, copied in copies.items():
        file = project.file(path)
        head = head_of(path)
        text, dropped = copy_text(file, [it for it in references if it.at.file == path], copies, head=head)
        if copied.standing:
            _check_as_new(copied, encode(file, text))
            continue
        overlay[copied.path] = encode(file, text)
        without = f", without {', '.join('@' + it for it in dropped)}" if dropped else ""
        notes.append(f"{copied.path}: {head[0].lower()}{head[1:]}{without}")
    hashes = {it: hashlib.sha256(Path(it).read_bytes()).hexdigest() for it in overlay if Path(it).exists()}
    return Vendored(overlay, hashes, tuple(notes))


def _check_as_new(copied: Copied, text: bytes) -> None:
    """Raise TargetError T224 for a copy of an earlier run that was changed since: the model uses another."""
    if Path(copied.path).read_bytes() != text:
        hint = f"import what you need from {Path(copied.path).stem}, then try again; or move the copy away"
        message = f"a copy of {copied.module} that was changed is there already"
        raise TargetError("T224", message, place=Place(copied.path), hint=hint)


@contextmanager
def with_copies_in_use(vendored: Vendored) -> Iterator[None]:
    """Tell of a model that cannot be built with copies as such: TargetError T225."""
    try:
        yield
    except TargetError as error:
        if not vendored.overlay:
            raise
        message = f"with copies of library modules, {error.message}"
        raise TargetError("T225", message, hint=_OTHERWISE, detail=error.detail) from error


def as_vendored(plan: Plan, vendored: Vendored) -> Plan:
    """The plan with the hashes of what is on disk; one that cannot be carried out says why copies do not help."""
    if plan.edits:
        return replace(plan, hashes={**plan.hashes, **vendored.hashes})
    if any(it.refused for it in plan.rules) and any(it.refused for it in vendored.rules):
        return replace(plan, rules=vendored.rules)
    return plan


def with_copies(changes: Sequence[FileChange], vendored: Vendored) -> tuple[FileChange, ...]:
    """The changes as from what is on disk, and the files that the copies alone change."""
    found = {it.path: it for it in changes}
    for path, text in vendored.overlay.items():
        disk = Path(path).read_bytes() if Path(path).exists() else None
        found[path] = FileChange(path, disk, found[path].after if path in found else text)
    return tuple(found.values())


def check_reached(vendored: Vendored, trace: Trace) -> None:
    """Raise TargetError T225 where the model, traced with the copies, does not use one of them."""
    missing = [path for path in vendored.overlay if path not in trace.files]
    if missing:
        message = f"the model was to be built with the copy {Path(missing[0]).name}, and was built without it"
        raise TargetError("T225", message, hint=_OTHERWISE)
