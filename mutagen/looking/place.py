"""What is told of one module of a model, or of one line of its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from mutagen.asked import rules_asked
from mutagen.blocks.starting import started
from mutagen.errors import ErrorGroup, MutagenError, Place, TargetError
from mutagen.looking.chains import called_by, made_by, parts_of
from mutagen.looking.open import Opened, open_trace
from mutagen.match.joins import blocks_by_path
from mutagen.match.near import why_not
from mutagen.match.select import select
from mutagen.match.view import outermost_first
from mutagen.planning.make import make_plan
from mutagen.records.match import RuleMatches
from mutagen.records.options import Options
from mutagen.records.plan import Edit, Plan
from mutagen.records.rules import RuleSet
from mutagen.records.story import LineStory, ModuleStory, RuleStory
from mutagen.sandbox.runner import Host

_SPARED = "a comment or the configuration spares it"


def module_story(path: str, options: Options, host: Host) -> ModuleStory:
    """What is told of the module at a path; TargetError T230 where the model has none there."""
    rules = _rules(options)
    opened = open_trace(options, host, rules)
    instance = opened.view.instances_at.get(path)
    if instance is None:
        near = get_close_matches(path, opened.view.instances_at, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`mutagen inspect` lists all modules"
        raise TargetError("T230", f"the model has no module {path}", hint=hint)
    found, plan, failure = _planned(rules, opened)
    stories = tuple(_of_module(it, path, plan, opened) for it in found)
    return ModuleStory(
        instance,
        blocks_by_path(opened.view).get(instance.path, ()),
        opened.products.get(instance.path),
        made_by(instance, opened),
        called_by(instance, opened),
        stories,
        failure,
    )


def line_story(file: str, line: int, options: Options, host: Host) -> LineStory:
    """What is told of a line of a file; TargetError T231 where the model does not use the file."""
    rules = _rules(options)
    opened = open_trace(options, host, rules)
    if file not in opened.trace.files and file != opened.project.target:
        hint = "name the file with the model behind it: mutagen explain FILE:LINE TARGET"
        raise TargetError("T231", "the model is built without this file", place=Place(file), hint=hint)
    found, plan, failure = _planned(rules, opened)
    stories = (_of_line(it, file, line, plan) for it in found)
    touching = tuple(it for it in stories if it.edits or it.refused)
    return LineStory(file, line, parts_of(file, line, opened), touching, failure)


def _rules(options: Options) -> RuleSet | None:
    """The rules, none of which need match; None where none were given."""
    if not options.rules:
        return None
    rules = rules_asked(options)
    return replace(rules, rules=tuple(replace(it, optional=True) for it in rules.rules))


def _planned(rules: RuleSet | None, opened: Opened) -> tuple[Sequence[RuleMatches], Plan | None, str]:
    """What the rules select, and the plan; or why there is none."""
    if rules is None:
        return (), None, ""
    found = select(started(rules.rules, opened.blocks), opened.trace, opened.products, opened.blocks)
    try:
        plan = make_plan(found, opened.trace, opened.project, blocks=opened.blocks, products=opened.products)
    except ErrorGroup as error:
        return found, None, "; ".join(each.message for each in error.errors)
    except MutagenError as error:
        return found, None, error.message
    return found, plan, ""


def _of_module(found: RuleMatches, path: str, plan: Plan | None, opened: Opened) -> RuleStory:
    rule = found.rule
    around = set(outermost_first(path)) - ({""} if path else set())
    selects = any(it.path == path for it in found.matches)
    edits = tuple(it for it in plan.edits if it.rule == rule.id and around & set(it.instances)) if plan else ()
    refusals = tuple(
        it for each in (plan.rules if plan else ()) for it in each.refused if it.rule == rule.id and it.path in around
    )
    already = path in found.already
    spared = plan is not None and any(it.rule == rule.id and path in it.spared for it in plan.rules)
    selects = selects and not spared
    reason = "" if selects or already else _SPARED if spared else why_not(opened.view, rule, path)
    return RuleStory(rule.id, selects, reason, edits, refusals, already)


def _of_line(found: RuleMatches, file: str, line: int, plan: Plan | None) -> RuleStory:
    edits = tuple(it for it in plan.edits if it.rule == found.rule.id and _covers(it, file, line)) if plan else ()
    refused = tuple(
        it
        for each in (plan.rules if plan else ())
        for it in each.refused
        if it.rule == found.rule.id and it.where is not None and it.where.file == file
        if it.where.line <= line <= it.where.end_line
    )
    return RuleStory(found.rule.id, bool(edits or refused), "", edits, refused)


def _covers(edit: Edit, file: str, line: int) -> bool:
    return edit.span.file == file and edit.span.line <= line <= edit.span.end_line
