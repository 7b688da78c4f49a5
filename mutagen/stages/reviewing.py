"""What a review leaves of a plan."""

from __future__ import annotations

from dataclasses import replace

from mutagen.blocks.recognise import standing_products
from mutagen.planning.make import make_plan
from mutagen.planning.reviewed import reviewed
from mutagen.records.match import RuleMatches
from mutagen.records.plan import Plan
from mutagen.records.result import FileChange
from mutagen.records.review import Review
from mutagen.stages.proving import rewritten
from mutagen.stages.records import Traced
from mutagen.vendor.step import as_vendored


def after_review(traced: Traced, review: Review) -> Traced:
    """The same with what a review leaves of the plan; what the rules claim is not asked of a part of them."""
    products = standing_products(traced.trace, traced.project.read, traced.blocks)

    def again(found: tuple[RuleMatches, ...]) -> Plan:
        return as_vendored(
            make_plan(found, traced.trace, traced.project, blocks=traced.blocks, products=products), traced.vendored
        )

    def changes(plan: Plan) -> tuple[FileChange, ...]:
        return rewritten(replace(traced, plan=plan))

    found, plan, refused = reviewed(traced.found, traced.plan, traced.trace, review, changes=changes, again=again)
    if found != traced.found:  # a part, of which the rules as they are written do not tell
        traced = replace(traced, made_of={})
        plan = replace(plan, claims=())
    return replace(traced, found=found, plan=plan, reviewed=True, refused=refused)
