"""Builds and traces the model that is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

from mutagen.asked import blocks_asked, devices_asked, locate, project_asked, target_asked
from mutagen.blocks.catalogue import load_blocks
from mutagen.blocks.recognise import standing_products
from mutagen.match.made import Made, made_by
from mutagen.match.view import TraceView
from mutagen.records.blocks import Block
from mutagen.records.options import Options
from mutagen.records.rules import RuleSet
from mutagen.records.span import Span
from mutagen.records.trace import CallSite, Trace
from mutagen.sandbox.runner import Host
from mutagen.source.project import Project


@dataclass(frozen=True)
class Opened:
    """A traced model with its sources and the blocks that stand in it; ``macs`` as in ``Look``."""

    trace: Trace
    project: Project
    products: dict[str, str]
    macs: dict[str, int] | None = None
    made: Made = field(default_factory=Made)
    blocks: Mapping[str, Block] = field(default_factory=load_blocks)

    @cached_property
    def view(self) -> TraceView:
        """The trace as matchers see it."""
        return TraceView(self.trace, self.products, self.made, self.blocks)


def open_trace(options: Options, host: Host, rules: RuleSet | None = None, *, costs: bool = False) -> Opened:
    """Build and trace the target's model; with ``costs`` also count what its modules cost. Raises MutagenError."""
    located = locate(options)
    target = target_asked(options, located, rules, None)
    target = replace(target, devices=devices_asked(options, small=False), memory=host.memory // 2)
    session = host.session("the model")
    trace = session.call("mutagen.trace.session:open_model", target, need_calls=True)
    assert isinstance(trace, Trace)
    macs = session.call("mutagen.trace.costs:macs_by_path") if costs else None
    session.kill()
    project = project_asked(options, located, trace.files)
    blocks = blocks_asked(rules, host, located)
    products = dict(standing_products(trace, project.read, blocks))
    made = made_by(rules.rules if rules else ())
    return Opened(trace, project, products, cast("dict[str, int] | None", macs), made, blocks)


def site_of(chain: tuple[CallSite, ...], project: Project) -> Span | None:
    """The innermost expression of a chain that may be edited; None where there is none."""
    return next((it.span for it in chain if project.editable(it.span.file)), None)
