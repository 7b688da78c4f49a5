"""Running functions as the recorded chain tells them, and those that the source says were run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mutagen.records.rules import Value
from mutagen.records.target import Call
from mutagen.records.trace import CallSite
from mutagen.source.file import SourceFile
from mutagen.source.reaching import Function, Scope, scope_of

_COMPREHENSIONS = ("<listcomp>", "<genexpr>", "<setcomp>", "<dictcomp>")


@dataclass(frozen=True, eq=False)
class Activation:
    """One run of a function; ``scope`` None is the module.

    ``at`` is the call that goes on inwards, ``call`` the expression in ``outer`` that started it. ``names`` are the
    simple values known inside. ``given`` are the parameters that the model call gives to the outermost function; None
    where it is not known how the function was called. ``maker`` is the activation whose ``at`` constructed ``self``,
    for a method that runs when all constructors have returned.
    """

    file: SourceFile
    scope: Scope | None
    names: Mapping[str, Value] = field(default_factory=dict)
    at: ast.expr | ast.stmt | None = None
    call: ast.Call | None = None
    outer: Activation | None = None
    given: frozenset[str] | None = None
    maker: Activation | None = None


Known = dict[tuple[int, int], Activation]


def activations(
    chain: Sequence[CallSite], model: Call | None, open_file: Callable[[str], SourceFile], known: Known
) -> Activation | None:
    """The innermost activation of a chain; those further out hang on it.

    Chains of one trace share their outer sites: with ``known``, what was made of those is taken again.
    """
    made: Activation | None = None
    for original, site in reversed(_levels(chain)):
        key = (id(original), id(made))
        if key in known:
            made = known[key]
            continue
        file = open_file(site.span.file)
        at = file.node_at(site.span)
        scope = scope_of(file, at) if at is not None else None
        call = made.at if made is not None and isinstance(made.at, ast.Call) else None
        given = _given(model, scope) if made is None else None
        made = known[key] = Activation(file, scope, site.names, at, call, made, given)
    return made


def _levels(chain: Sequence[CallSite]) -> list[tuple[CallSite, CallSite]]:
    """One site for each activation, as recorded and as meant: a copy shows some twice, a comprehension has its own."""
    last = {site.frame: index for index, site in enumerate(chain)}
    found: list[tuple[CallSite, CallSite]] = []
    inner: CallSite | None = None
    index = 0
    while index < len(chain):
        site = chain[index]
        original = inner or site
        index = last[site.frame] + 1
        if inner is not None:
            site = replace(site, span=inner.span, names={**site.names, **inner.names})
            inner = None
        if site.function.endswith(_COMPREHENSIONS):
            inner = site
        else:
            found.append((original, site))
    return found


def _given(model: Call | None, scope: Scope | None) -> frozenset[str]:
    if model is None or scope is None:
        return frozenset()
    names = positional(scope)
    return frozenset([*names[: len(model.args)], *model.kwargs])


def around(act: Activation, file: SourceFile, scope: Scope | None) -> Activation:
    """The activation of a lexically enclosing function: the recorded one, else one of which nothing is known."""
    level: Activation | None = act
    while level is not None:
        if level.scope is scope and level.file.path == file.path:
            return level
        level = level.outer
    return Activation(file, scope)


def positional(scope: Scope) -> tuple[str, ...]:
    """Parameters that may be given by position, without ``self``."""
    names = tuple(it.arg for it in (*scope.args.posonlyargs, *scope.args.args))
    return names[1:] if names[:1] in (("self",), ("cls",)) else names


def parameters(scope: Scope) -> frozenset[str]:
    """All parameters that have a name, stars excluded."""
    given = scope.args
    return frozenset(it.arg for it in (*given.posonlyargs, *given.args, *given.kwonlyargs))


def default_of(scope: Scope, name: str) -> ast.expr | None:
    """The default of a parameter as written."""
    given = scope.args
    listed = [*given.posonlyargs, *given.args]
    pairs = [*zip(reversed(listed), reversed(given.defaults), strict=False)]
    both = [*pairs, *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return next((default for argument, default in both if argument.arg == name), None)


def names_itself(scope: Scope, call: ast.Call) -> bool:
    """Whether a call hands ``self`` over in so many words: ``Base.__init__(self, width)``."""
    if not isinstance(scope, Function) or not isinstance(call.func, ast.Attribute) or call.func.attr != scope.name:
        return False
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Name) and first.id == "self"
