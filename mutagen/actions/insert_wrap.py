"""``insert`` at a module that no expression calls by its name: it is wrapped where it is made.

In containers that are run, indexed or sliced, one key moves and every index holds.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.insert_target import Target
from mutagen.actions.new_call import given_to, literal
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.records.blocks import BODY
from mutagen.records.plan import Edit, InsertAtModule, Product, Refusal, Use, WrapModule
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import CallSite
from mutagen.source.expressions import Observation, expression_for
from mutagen.source.file import SourceFile

_WIDTH = 110


def wrapped(rule: Rule, found: Sequence[Target], last: Mapping[str, Refusal], scene: Scene) -> Draft:
    """Edits for targets that cannot have a new attribute beside them; ``last`` says why they cannot."""
    groups: dict[Span, list[tuple[Target, CallSite]]] = {}
    drafts: list[Draft] = []
    chosen = {it.path for it in found}
    for it in found:
        site = _site(it, chosen, scene)
        if isinstance(site, CallSite):
            groups.setdefault(site.span, []).append((it, site))
        else:
            drafts.append(Draft(refused=(_refusal(rule, it, site, last.get(it.path), scene),)))
    return join([*drafts, *(_wrap(rule, span, group, scene) for span, group in groups.items())])


def _refusal(rule: Rule, target: Target, why: str | None, known: Refusal | None, scene: Scene) -> Refusal:
    """What to say of a target: what spoke against a new attribute, else what speaks against wrapping it."""
    if known is not None and known.code != "container":
        return replace(known, path=target.path)
    chain = target.instance.chain
    if why is None:
        return out_of_scope(rule, target.path, chain, scene)
    where = chain[0].span if chain else None
    return refuse(rule, target.path, "needs-split", why, "select all of them, or none", where=where)


def _site(target: Target, chosen: set[str], scene: Scene) -> CallSite | str | None:
    """The innermost call that makes the module and no other that stays; a text why there is none."""
    chain, others = target.instance.chain, None
    if not chain or not scene.editable(chain[0]):
        return None
    for level, site in enumerate(chain):
        if site.span.file not in scene.project.files or not scene.editable(site):
            break
        file = scene.project.file(site.span.file)
        node = file.node_at(site.span)
        if not isinstance(node, ast.Call):
            break
        alike = scene.made_at[chain[0].span]
        made = [it for it in alike if level < len(it.chain) and it.chain[level].span == site.span]
        rest = [it for it in made if it.path not in chosen]
        if not rest:
            return site
        others = others or rest
        statement = file.statement(node)
        if not isinstance(statement, ast.Return) or statement.value is not node:
            break
    if others is None:
        return "the expression that made it is not a call that can be found in the source"
    made_here = len(scene.made_at[chain[0].span])
    return f"the expression makes {made_here} instances; {others[0].path} must stay as it is"


def _wrap(rule: Rule, span: Span, group: list[tuple[Target, CallSite]], scene: Scene) -> Draft:
    file = scene.project.file(span.file)
    call, paths = file.node_at(span), tuple(it.path for it, _ in group)
    assert isinstance(call, ast.Call)
    function = file.function(call)
    texts: list[str] = []
    for name in group[0][0].values:
        seen = [Observation(site.names, it.values[name]) for it, site in group]
        values = {it.value for it in seen}
        said = expression_for(file, function, seen, nearby=_outputs(call)) if function is not None else None
        said = said or (literal(values.pop()) if len(values) == 1 else None)
        if said is None:
            message = "no expression gives the channels of all that is made here"
            advice = "keep the channel count in an argument of the function around"
            return Draft(refused=tuple(refuse(rule, it, "no-expression", message, advice, where=span) for it in paths))
        texts.append(said)
    usable = use_block(scene, rule, rule.action.block, file, call)
    block = scene.blocks[rule.action.block]
    if block.kind == "wrap":
        container, parts = usable, (None, *filter(None, [given_to(rule, block, texts)]))
    else:
        container = use_torch("torch.nn.Sequential", file)
        new = f"{usable.name}({given_to(rule, block, texts)})"
        parts = (new, None) if group[0][0].before else (None, new)
    text = _wrapped_text(file, call, container.name, parts)
    reason = f"all {len(group)} instance(s) made here are selected, and no expression calls them by name"
    edit = Edit(span, file.text(call), text, rule.id, "site", reason, paths)
    whole = Draft(edits=(edit,), planned=paths, sites=(str(span),))
    return join([whole, usable.draft, container.draft, *(wrap_meaning(rule, it, scene) for it, _ in group)])


def _wrapped_text(file: SourceFile, call: ast.Call, container: str, parts: Sequence[str | None]) -> str:
    """The container with all parts, of which None is the old call, a line each where one would be too long."""
    old = file.text(call)
    short = f"{container}({', '.join(old if it is None else it for it in parts)})"
    start, end = file.line_starts[call.lineno - 1], file.line_end(call.end_lineno or call.lineno)
    width = len(file.utf8[start:end].decode().expandtabs(4)) + len(short) - len(old)
    if "\n" not in old and width <= _WIDTH:
        return short
    indent, step = file.indent(call.lineno), file.step(call.lineno)
    texts = [it.value for it in ast.walk(call) if isinstance(it, ast.Constant) and isinstance(it.value, str)]
    strings = any("\n" in it for it in texts)
    lines = old.split("\n")
    moved = old if strings else "\n".join([lines[0], *(step + it if it.strip() else it for it in lines[1:])])
    rows = "".join(f"{file.newline}{indent}{step}{moved if it is None else it}," for it in parts)
    return f"{container}({rows}{file.newline}{indent})"


def wrap_meaning(rule: Rule, target: Target, scene: Scene) -> Draft:
    """The same change on the graph, and the place to which the module's keys move."""
    if scene.blocks[rule.action.block].kind == "wrap":
        around = WrapModule(target.path, target.path, Use(rule.action.block, rule.action.args))
        held = (Product(target.path, it, f"{it}.{BODY}") for it in (target.path, *target.instance.aliases))
        return Draft(surgery=(around,), products=tuple(dict.fromkeys(held)))
    path, (new, old) = target.path, ("0", "1") if target.before else ("1", "0")
    step = InsertAtModule(path, path, "before" if target.before else "after", Use(rule.action.block, rule.action.args))
    places = dict.fromkeys([path, *target.instance.aliases])
    return Draft(surgery=(step,), products=tuple(Product(path, f"{it}.{new}", f"{it}.{old}") for it in places))


def _outputs(call: ast.Call) -> list[ast.AST]:
    """What the constructor is given, its output channels first."""
    return [*(it.value for it in call.keywords if it.arg in ("out_channels", "num_features")), *call.args[1:2], call]
