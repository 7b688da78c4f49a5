"""Where the product of a rule stands already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mutagen.match.around import calls_of, classes_before
from mutagen.match.blocks import block_instances
from mutagen.match.facts import equal
from mutagen.match.families import SHAPES
from mutagen.match.kinds import beside, kind_of
from mutagen.match.moved import as_before, in_place_of
from mutagen.match.ops import op_calls, operation, operations_before
from mutagen.match.predicates import first_failure, of_type, selects
from mutagen.match.subjects import Subject, call_subject, instance_subject
from mutagen.match.view import TraceView, node_within
from mutagen.match.wanted import has_values
from mutagen.records.blocks import BODY
from mutagen.records.rules import Action, Query, Rule
from mutagen.records.trace import Instance

# Kinds of blocks that are put on an edge, shape kept; others are put in the place of something.
_INSERTED = frozenset({"feature", "scale", "combine"})
_BEHIND = frozenset({None, "after", "output", "branch-end"})


def is_product(view: TraceView, instance: Instance, block: str) -> bool:
    """Whether the instance is a standing product of the catalogue block or of the torch class of that name."""
    if any(view.products.get(path) == block for path in (instance.path, *instance.aliases)):
        return True
    name = block.removeprefix("torch.").removeprefix("nn.")
    return instance.library and instance.name == name


def standing_at(view: TraceView, rule: Rule, subject: Subject) -> str | None:
    """Path of the product that already does to this subject what the rule asks, or None."""
    action = rule.action
    if action.kind == "set":
        instance = subject.instance
        return instance.path if instance is not None and has_values(instance, action.args) else None
    if action.kind in ("replace", "remove"):
        return _replaced(view, action, subject)
    if action.kind == "wrap":
        holder = subject.path.removesuffix(f".{BODY}")  # what feeds a product is not wrapped by it
        return holder if holder != subject.path and view.products.get(holder) == action.block else None
    if subject.edge is not None:
        node = view.nodes[subject.edge.node]
        at_partner = action.at in {"shortcut", "input"}
        operand = subject.edge.other if at_partner else subject.edge.operand
        return _on_edge(view, node.inputs[operand], action.block)
    return _beside(view, action, subject)


def satisfied(view: TraceView, rule: Rule) -> tuple[str, ...]:
    """Paths of the products that an action has left, by the tests that can still be made of them."""
    found: list[str] = []
    if rule.action.kind == "set":
        found = _set(view, rule)
    elif rule.action.kind == "wrap":
        found = _around(view, rule)
    elif rule.action.kind in ("replace", "remove"):
        subjects = _products(view, rule)
        passing = ((it, placed) for it in subjects for placed in as_before(view, it))
        found = [it.path for it, placed in passing if first_failure(view, rule.query, placed, lenient=True) is None]
    elif kind_of(rule.query) == "instance":
        found = _wrapped(view, rule)
    return tuple(dict.fromkeys(found))


def in_their_place(view: TraceView, rule: Rule) -> tuple[str, ...]:
    """Paths of what other rules of the run have put where the rule would select, by the tests that can be made of it.

    They are the first ones there, so nothing is to be done; but ``only`` counts their places.
    """
    if kind_of(rule.query) != "instance":
        return ()
    known = [it for it in view.trace.instances if classes_before(view, it) and it.path in view.products]
    subjects = (instance_subject(view, it) for it in known)
    return tuple(it.path for it in subjects if selects(view, rule.query, it, lenient=True))


def beside_others(view: TraceView, rule: Rule) -> tuple[str, ...]:
    """Paths of what other rules of the run have put where the rule would select, and beside which it is done."""
    if rule.action.kind != "insert":
        return ()
    found = [it for it in _stood_for(view, rule) if selects(view, rule.query, it, lenient=True)]
    return tuple(it.path for it in found if standing_at(view, rule, it) is not None)


def taken_by_others(view: TraceView, rule: Rule) -> tuple[str, ...]:
    """Paths of all that other rules of the run have put where the rule would select."""
    if rule.action.kind == "insert" or rule.parts:
        return ()
    return tuple(it.path for it in _stood_for(view, rule) if selects(view, rule.query, it, lenient=True))


def _stood_for(view: TraceView, rule: Rule) -> Iterator[Subject]:
    """What rules of the run have made of something, as what the rule speaks of: modules or calls."""
    if kind_of(rule.query) == "op":
        made = (node for node in view.nodes if operations_before(view, node.name))
        yield from (beside(view, call_subject(view, node), rule.action.at) for node in made)
    elif kind_of(rule.query) in ("instance", "block"):
        yield from (instance_subject(view, it) for it in view.trace.instances if classes_before(view, it))


def _set(view: TraceView, rule: Rule) -> list[str]:
    """Instances that have the values and pass the tests on what these do not decide."""
    args = rule.action.args
    rest = without_facts(rule.query, frozenset(args))
    if kind_of(rest) == "block":
        subjects = [instance_subject(view, item) for item in block_instances(view, rest.block or "")]
    else:
        subjects = [it for it in (instance_subject(view, item) for item in view.trace.instances) if of_type(rest, it)]
    return [
        it.path
        for it in subjects
        if it.instance is not None
        and has_values(it.instance, args)
        and any(first_failure(view, rest, placed) is None for placed in as_before(view, it))
    ]


def without_facts(query: Query, facts: frozenset[str]) -> Query:
    """The query without tests of these facts of the subject itself; what is true of anything asks for nothing."""
    inner = tuple(without_facts(it, facts) for it in query.every)
    some = tuple(without_facts(it, facts) for it in query.some)
    kept = tuple(test for test in query.where if test.fact not in facts)
    return replace(query, where=kept, every=inner, some=() if Query() in some else some)


def _replaced(view: TraceView, action: Action, subject: Subject) -> str | None:
    """An instance that is of the new class, unless the rule asks for other arguments than it has."""
    instance = subject.instance
    if instance is None or not is_product(view, instance, action.block):
        return None
    asked = {name: value for name, value in action.args.items() if value != "auto" and name in instance.facts}
    return instance.path if all(equal(instance.facts[name], value) for name, value in asked.items()) else None


def _products(view: TraceView, rule: Rule) -> list[Subject]:
    block = rule.action.block
    of_calls = kind_of(rule.query) == "op"
    found = [
        instance_subject(view, item)
        for item in view.trace.instances
        if is_product(view, item, block) or not of_calls and _is_function(item, block)
    ]
    if found or not of_calls:
        return found
    calls = (node for node in op_calls(view, operation(block)) if view.product_of_node(node) is None)
    return [call_subject(view, node) for node in calls]


def _is_function(instance: Instance, function: str) -> bool:
    """Whether the instance is torch's module of a function: nn.GELU of gelu."""
    return instance.library and function.islower() and operation(instance.name) == function


def _product_of_call(view: TraceView, index: int, block: str) -> str | None:
    """The product of that block which computed a tensor."""
    node = view.nodes[index]
    for path in (node.path, node.scope):
        while path:
            instance = view.instances_at.get(path)
            if instance is not None and is_product(view, instance, block):
                return path
            path = path.rpartition(".")[0]
    if node.kind in {"function", "method"} and node.name == operation(block):
        return node.scope
    return None


def _on_edge(view: TraceView, index: int, block: str) -> str | None:
    """The product of that block among those that stand one behind the other in front of a join, in whatever shape.

    What only scales may stand in front of a dropout as well as behind it.
    """
    known = view.blocks.get(block)
    source: int | None = index
    while source is not None:
        found = _product_of_call(view, source, block)
        if found is not None:
            return found
        dropped = known is not None and known.kind == "scale" and view.nodes[source].name == "dropout"
        source = view.feeds[source][0] if dropped and view.feeds[source] else _in_front(view, source)
    return None


def _in_front(view: TraceView, index: int) -> int | None:
    """The tensor that got another shape, or that an inserted product or an identity, where one is off, handed on."""
    node = view.nodes[index]
    if (node.name in SHAPES or node.name == "identity") and view.feeds[index]:
        return view.feeds[index][0]
    path = view.product_of_node(node)
    block = view.blocks.get(view.products.get(path or "", ""))
    if path is None or block is None or block.kind not in _INSERTED:
        return None
    inner = {node.index for node in view.nodes if node_within(node, path)}
    fed = {source for node in inner for source in view.feeds[node] if source not in inner}
    same = [source for source in fed if view.nodes[source].shape == view.nodes[index].shape]
    return same[0] if len(same) == 1 else None


def _beside(view: TraceView, action: Action, subject: Subject) -> str | None:
    """The product that reads every output of the subject (or makes every input), or ends (begins) inside of it."""
    inner = calls_of(view, subject)
    if action.at in _BEHIND:
        ends = [index for index in sorted(inner) if any(user not in inner for user in view.users[index])]
        beyond = {user for index in ends for user in view.users[index] if user not in inner}
    else:
        ends = [index for index in sorted(inner) if any(feed not in inner for feed in view.feeds[index])]
        beyond = {feed for index in ends for feed in view.feeds[index] if feed not in inner}
    back = action.at in _BEHIND
    for calls, on in ((ends, back), (sorted(beyond), not back)):
        found = [_among(view, index, action.block, back=on) for index in calls]
        if found and None not in found and found[0] != subject.path:
            return found[0]
    return None


def _among(view: TraceView, index: int, block: str, *, back: bool) -> str | None:
    """The product of that block which made a tensor, or reads it; other products and identities may stand between."""
    step: int | None = index
    while step is not None:
        found = _product_of_call(view, step, block)
        if found is not None:
            return found
        step = _passed(view, step) if back else _passed_on(view, step)
    return None


def _passed(view: TraceView, index: int) -> int | None:
    """The tensor that an identity or an inserted product handed on as this one; None where neither did."""
    return None if view.nodes[index].name in SHAPES else _in_front(view, index)


def _passed_on(view: TraceView, index: int) -> int | None:
    """The only reader, or one within the only product that reads, what an identity or an inserted product hands on."""
    path = view.product_of_node(view.nodes[index])
    block = view.blocks.get(view.products.get(path or "", ""))
    last = index
    if path is not None and block is not None and block.kind in _INSERTED:
        last = max(node.index for node in view.nodes if node_within(node, path))
    elif view.nodes[index].name != "identity":
        return None
    readers = view.users[last]
    products = {view.product_of_node(view.nodes[it]) for it in readers}
    return readers[0] if len(readers) == 1 or readers and len(products) == 1 and None not in products else None


def _wrapped(view: TraceView, rule: Rule) -> list[str]:
    """Products beside an instance that moved one level down when both were put into a container."""
    found = []
    for path, block in view.products.items():
        holder = view.instances_at.get(path.rpartition(".")[0])
        if block != rule.action.block or holder is None or not holder.library:
            continue
        place = instance_subject(view, holder)
        inside = [item for item in view.trace.instances if item.owner == holder.path and item.path != path]
        moved = (instance_subject(view, item) for item in inside)
        if any(_is(view, rule.query, in_place_of(place, it)) for it in moved):
            found.append(path)
    return found


def _around(view: TraceView, rule: Rule) -> list[str]:
    """Products that hold an instance which passes the tests where it stands, in the place of the product."""
    found = []
    for path, block in view.products.items():
        holder, inside = view.instances_at.get(path), view.instances_at.get(f"{path}.{BODY}")
        if block == rule.action.block and holder is not None and inside is not None:
            place = instance_subject(view, holder)
            if _is(view, rule.query, in_place_of(place, instance_subject(view, inside))):
                found.append(path)
    return found


def _is(view: TraceView, query: Query, subject: Subject) -> bool:
    return of_type(query, subject) and first_failure(view, query, subject) is None
