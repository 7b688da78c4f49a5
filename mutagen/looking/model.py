"""A look at a whole model."""

from __future__ import annotations

from mutagen.looking.open import open_trace, site_of
from mutagen.match.joins import blocks_by_path, joins
from mutagen.records.look import Look
from mutagen.records.options import Options
from mutagen.sandbox.runner import Host


def look(options: Options, host: Host) -> Look:
    """What there is to see of the target's model. Raises MutagenError where it cannot be built, run or traced."""
    opened = open_trace(options, host, costs=True)
    sites = {it.path: site for it in opened.trace.instances if (site := site_of(it.chain, opened.project)) is not None}
    blocks = blocks_by_path(opened.view)
    return Look(opened.trace, opened.macs, blocks, opened.products, joins(opened.view), sites)
