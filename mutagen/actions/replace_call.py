"""``replace`` of an operation: every selected call becomes another one, whether by a module or by a function."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from mutagen.actions.definition import use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.in_place import read_elsewhere
from mutagen.actions.override import overridden
from mutagen.actions.replace_module import plan_source
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.blocks.replacement import replacement
from mutagen.records.match import CallMatch
from mutagen.records.plan import Edit, Refusal, SwapCall
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance, Node
from mutagen.source.file import SourceFile
from mutagen.source.following import Follower
from mutagen.source.names import imported_names, resolve
from mutagen.source.origin import find_origin


def plan(rule: Rule, matches: Sequence[CallMatch], scene: Scene) -> Draft:
    """Edits for module calls at their construction, for function calls where they stand."""
    safe: list[CallMatch] = []
    refused: list[Refusal] = []
    for match in matches:
        node = scene.trace.nodes[match.node]
        reader = read_elsewhere(node, scene)
        if reader is None:
            safe.append(match)
        else:
            refused.append(_aliased(rule, match, node, reader))
    modules = [match for match in safe if scene.trace.nodes[match.node].kind == "module"]
    functions = [match for match in safe if scene.trace.nodes[match.node].kind != "module"]
    drafts = [_plan_modules(rule, modules, scene), _plan_functions(rule, functions, scene)]
    return join([Draft(refused=tuple(refused)), *drafts])


def _plan_modules(rule: Rule, matches: Sequence[CallMatch], scene: Scene) -> Draft:
    """Modules all of whose calls are selected change their class; else the calls become those of a function.

    That can be where the calls are written out, ``self.relu(x)``; a module that others call too is refused.
    """
    chosen = {match.node for match in matches}
    by_module: dict[str, list[CallMatch]] = {}
    for match in matches:
        by_module.setdefault(scene.by_path[match.path].path, []).append(match)
    whole: list[Instance] = []
    apart: list[CallMatch] = []
    refused: list[Refusal] = []
    for path in by_module:
        rest = [node for node in scene.calls_of[path] if node.index not in chosen]
        if rest and _written_out(by_module[path], scene):
            apart += by_module[path]
        elif rest:
            refused.append(_some_calls(rule, path, rest[0]))
        else:
            whole.append(scene.by_path[path])
    neutral = frozenset(it.path for it in scene.trace.instances if it.path not in scene.calls_of)
    draft = overridden(rule, plan_source(rule, whole, scene, neutral=neutral), scene, neutral=neutral)
    swaps = [_swap(rule, match, scene) for path in draft.planned for match in by_module.get(path, ())]
    return join([draft, Draft(refused=tuple(refused), surgery=tuple(swaps)), _plan_functions(rule, apart, scene)])


def _written_out(matches: Sequence[CallMatch], scene: Scene) -> bool:
    """Whether all these calls of a module stand in source that may be edited, not in a container that is called."""
    for match in matches:
        node = scene.trace.nodes[match.node]
        if not node.chain or not scene.editable(node.chain[0]):
            return False
        site = node.chain[0]
        near = [(it, it.chain[0]) for it in scene.called_at[site.span]]
        made = [it for it, other in near if (other.span, other.frame) == (site.span, site.frame)]
        if any(it.path is None or scene.by_path[it.path] is not scene.by_path[match.path] for it in made):
            return False
    return True


def _plan_functions(rule: Rule, matches: Sequence[CallMatch], scene: Scene) -> Draft:
    groups: dict[Span, list[CallMatch]] = {}
    drafts: list[Draft] = []
    if rule.action.emit != "in-place":
        return Draft(refused=tuple(_not_apart(rule, match, scene) for match in matches))
    for match in matches:
        chain = scene.trace.nodes[match.node].chain
        if chain and scene.editable(chain[0]):
            groups.setdefault(chain[0].span, []).append(match)
        else:
            drafts.append(Draft(refused=(out_of_scope(rule, match.path, chain, scene),)))
    return join([*drafts, *(_plan_site(rule, span, group, scene) for span, group in groups.items())])


def _plan_site(rule: Rule, span: Span, group: list[CallMatch], scene: Scene) -> Draft:
    """One expression in a forward: rewritten if every call that it made is selected."""
    chosen = {match.node for match in group}
    name = scene.trace.nodes[group[0].node].name
    made = [it for it in scene.called_at[span] if it.chain[0].span == span and it.name == name]
    others = [it for it in made if it.index not in chosen]
    if others:
        message = f"the expression was called {len(made)} times, {len(group)} of them selected"
        advice = f"select all of them, or none; not selected is a call in {others[0].scope or 'the model'}"
        return _refuse_all(rule, group, "needs-split", message, advice, span)
    file = scene.project.file(span.file)
    call = file.node_at(span)
    written = _rewrite(rule, file, call, scene, group) if isinstance(call, ast.Call) else None
    if written is None:
        message = f"{name} is called through a variable that could not be followed"
        return _refuse_all(rule, group, "unknown-origin", message, "call the function by its name", span)
    planned = tuple(match.path for match in group)
    swaps = tuple(_swap(rule, match, scene) for match in group)
    return join([written, Draft(surgery=swaps, planned=planned, sites=(str(span),))])


def _rewrite(rule: Rule, file: SourceFile, call: ast.Call, scene: Scene, group: list[CallMatch]) -> Draft | None:
    """The edit of one call, in whichever of its surface forms it stands."""
    names = imported_names(file)
    origin = resolve(call.func, names)
    name = scene.trace.nodes[group[0].node].name
    if origin in (f"torch.nn.functional.{name}", f"torch.nn.functional.{name}_", f"torch.{name}", f"torch.{name}_"):
        operand: ast.expr | None = call.args[0] if call.args else None
        operand = operand or next((it.value for it in call.keywords if it.arg == "input"), None)
    elif scene.trace.nodes[group[0].node].kind == "module":
        operand = call.args[0] if len(call.args) == 1 and not call.keywords else None
    elif origin is None and isinstance(call.func, ast.Attribute) and call.func.attr in (name, f"{name}_"):
        operand = call.func.value if not _is_module(call.func.value) else None
    else:
        operand = None
    if operand is None:
        return _made_on_the_spot(rule, file, call, name, group) or _through_attribute(
            rule, file, call, scene, group, name
        )
    usable = use_torch(_function(rule, name, names), file)
    if call.args == [operand] and not call.keywords and not isinstance(file.statement(call), ast.Expr):
        return join([Draft(edits=(_edit(rule, file, call.func, usable.name, group),)), usable.draft])
    text = f"{usable.name}({file.text(operand)})"
    statement = file.statement(call)
    if isinstance(statement, ast.Expr) and statement.value is call:
        text = f"{file.text(operand)} = {text}"
    return join([Draft(edits=(_edit(rule, file, call, text, group),)), usable.draft])


def _made_on_the_spot(rule: Rule, file: SourceFile, call: ast.Call, name: str, group: list[CallMatch]) -> Draft | None:
    """``nn.ReLU()(x)`` in a forward: the module that is made there changes its class."""
    maker = call.func
    if not isinstance(maker, ast.Call):
        return None
    made = (resolve(maker.func, imported_names(file)) or "").removeprefix("torch.nn.")
    way = replacement(made, rule.action.block) if made.lower() == name else None
    if way is None or way.torch_name is None:
        return None
    usable = use_torch(f"torch.{way.torch_name}", file)
    return join([Draft(edits=(_edit(rule, file, maker, f"{usable.name}()", group),)), usable.draft])


def _through_attribute(
    rule: Rule, file: SourceFile, call: ast.Call, scene: Scene, group: list[CallMatch], name: str
) -> Draft | None:
    """``self.act = F.relu`` in ``__init__``, called as ``self.act(x)``: the assignment changes."""
    node = scene.trace.nodes[group[0].node]
    chain, made = node.chain, scene.by_path[node.scope]
    follower = Follower(scene.project.file)
    if len(call.args) != 1 or call.keywords:
        return None
    for wanted in (f"torch.nn.functional.{name}", f"torch.{name}"):
        origin = find_origin(call.func, chain[:1], wanted, follower, model=scene.trace.call, maker=made.chain)
        if origin is not None and origin.followed and not origin.bound and scene.project.editable(origin.file.path):
            usable = use_torch(_function(rule, name, imported_names(origin.file)), origin.file)
            return join([Draft(edits=(_edit(rule, origin.file, origin.node, usable.name, group),)), usable.draft])
    return None


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _function(rule: Rule, name: str, names: Mapping[str, str]) -> str:
    way = replacement("ReLU" if name == "relu" else name, rule.action.block)
    function = way.function if way and way.function else f"F.{rule.action.block}"
    return "torch.nn.functional." + function.removeprefix("F.")


def _edit(rule: Rule, file: SourceFile, node: ast.expr, text: str, group: list[CallMatch]) -> Edit:
    reason = f"all {len(group)} call(s) made here are selected"
    paths = tuple(match.path for match in group)
    return Edit(file.span(node), file.text(node), text, rule.id, "site", reason, paths)


def _swap(rule: Rule, match: CallMatch, scene: Scene) -> SwapCall:
    return SwapCall(match.id, scene.trace.nodes[match.node].key, rule.action.block)


def _refuse_all(rule: Rule, group: list[CallMatch], code: str, message: str, advice: str, span: Span) -> Draft:
    return Draft(refused=tuple(refuse(rule, match.path, code, message, advice, where=span) for match in group))


def _not_apart(rule: Rule, match: CallMatch, scene: Scene) -> Refusal:
    """Why the old and the new behaviour of a function call cannot stand in one file."""
    chain = scene.trace.nodes[match.node].chain
    where = chain[0].span if chain else None
    code, way = ("no-switch", "be switched by an argument of the constructor")
    if rule.action.emit == "subclass":
        code, way = ("no-subclass", "be set anew by the constructor of a subclass")
    message, advice = f"a call of a function cannot {way}", f"leave out `emit: {rule.action.emit}`"
    return refuse(rule, match.path, code, message, advice, where=where)


def _some_calls(rule: Rule, path: str, other: Node) -> Refusal:
    where = other.chain[0].span if other.chain else None
    message = "the module is called several times and not every call is selected"
    advice = "give the selected call a module of its own, or select all calls"
    return refuse(rule, path, "some-calls", message, advice, where=where)


def _aliased(rule: Rule, match: CallMatch, node: Node, reader: Node) -> Refusal:
    where = node.chain[0].span if node.chain else None
    at = f" at {reader.chain[0].span}" if reader.chain else ""
    message = f"the call works in place and what it overwrites is read again under another name{at}"
    return refuse(rule, match.path, "in-place-alias", message, "make the call out of place first", where=where)
