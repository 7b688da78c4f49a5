"""Rung 3: what tells the selected runs of an expression from the others, carried there by new defaulted parameters.

``nn.Conv2d(...)`` in ``BasicBlock.__init__`` makes the convolutions of every stage. Those of one stage change when the
class gains a parameter ``use_dsc=False`` that the call which makes the stage sets and the calls between pass on. Each
function on the way out gets a parameter until the calls themselves part, or the loop around one of them does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mutagen.actions.parting_loop import Loop
from mutagen.actions.parting_records import Need, NoParting, Parameter, Passed, Run, Solution, need_of
from mutagen.actions.parting_siblings import definitions
from mutagen.actions.parting_turns import by_turn
from mutagen.actions.scene import Scene
from mutagen.records.rules import Value
from mutagen.records.span import Span
from mutagen.records.trace import CallSite
from mutagen.source.anchor import Function
from mutagen.source.call import function_parameters
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, names_in, resolve

_ROUNDS: Final = 40
_MOST_EDITS: Final = 7
_NOT_THE_CALLEE: Final = frozenset(["map", "filter", "apply", "deepcopy", "list", "tuple", "sorted", "zip", "reduce"])
_COMPREHENSIONS: Final = ("<listcomp>", "<genexpr>", "<setcomp>", "<dictcomp>")


@dataclass
class Partings:
    """The parameters that one rule asks for, with ``flag`` and ``places`` as their first names.

    Asks that agree share a parameter, so a class of which two children change gains one. Unless ``lax``, what a reader
    would stumble over is none: two new parameters of one function, or very many edits. With ``switch`` the selected
    change only where the call that builds the model asks for it: no call sets the parameter, all hand it on.
    """

    scene: Scene
    flag: str
    places: str
    lax: bool = False
    switch: bool = False
    _asked: list[tuple[str, Need]] = field(default_factory=list)
    _loops: list[Loop] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def condition(self, runs: Sequence[Run]) -> str:
        """The condition at an expression that holds for its runs with a true value alone; raises NoParting."""
        passed = _told_apart([replace(it, chain=flat(it.chain)) for it in runs], False, self)
        return self._keep(passed)

    def parameter(self, file: SourceFile, function: Function, runs: Sequence[Run]) -> str:
        """The new parameter of a function; each run's chain begins with the call of it. Raises NoParting."""
        flats = [replace(it, chain=flat(it.chain)) for it in runs]
        # Below those of frames; an instance has the same one whenever it is asked for.
        numbers = [self._numbers.setdefault(it.made or "", -len(self._numbers) - 1) for it in flats]
        need = Need(file.path, function.lineno, dict(zip(numbers, flats, strict=True)))
        return self._keep(Passed("{}", need))

    def solution(self) -> Solution:
        """Everything that was asked for and kept."""
        solved = _solve([need for _, need in self._asked], self)
        return replace(solved, loops=tuple(dict.fromkeys([*self._loops, *solved.loops])))

    def _keep(self, passed: Passed) -> str:
        if passed.need is None:
            self._loops.extend(passed.loops)
            return passed.text
        needs = [*(need for _, need in self._asked), passed.need]
        solved = _solve(needs, self)
        if not self.lax:
            _readable(solved, self.scene)
        self._asked.append((passed.text, passed.need))
        self._loops.extend(passed.loops)
        return passed.text.format(_name_of(passed.need, solved.parameters))


def _readable(solved: Solution, scene: Scene) -> None:
    written = [it for it in solved.parameters if it.need.through is None]
    functions = {(it.need.file, it.need.line) for it in written}
    where = written[0].need
    place = Span(where.file, where.line, 0, where.line, 0)
    if len(functions) < len(written):
        raise NoParting("one function would need two new arguments to tell them apart", place)
    count = sum(len(definitions(it, solved, scene)) for it in written) + len(solved.calls)
    if count > _MOST_EDITS:
        raise NoParting(f"telling them apart would take {count} edits", place)


def flat(chain: tuple[CallSite, ...]) -> tuple[CallSite, ...]:
    """The chain with the frame of a comprehension taken for that of the function around it."""
    found: list[CallSite] = []
    inner: CallSite | None = None
    for site in chain:
        if inner is not None:
            site = replace(site, span=inner.span, names={**site.names, **inner.names})
            inner = None
        if site.function.endswith(_COMPREHENSIONS):
            inner = site
        else:
            found.append(site)
    return tuple(found)


def _solve(needs: Sequence[Need], asking: Partings) -> Solution:
    """The parameters of all functions on the way out, once what each hands on asks for nothing new."""
    asked = list(needs)
    for _ in range(_ROUNDS):
        parameters = _named(_merged(asked), asking)
        handed = [
            (it, span, _at_call(it, span, runs, asking)) for it in parameters for span, runs in _calls(it, asking)
        ]
        wanted = list(needs)
        for it in (passed.need for _, _, passed in handed if passed is not None):
            if it is not None and it not in wanted:
                wanted.append(it)
        if wanted == asked:
            calls = [
                (span, it.name, passed.text.format(_name_of(passed.need, parameters) if passed.need else ""))
                for it, span, passed in handed
                if passed is not None and passed.text
            ]
            loops = [loop for _, _, passed in handed if passed is not None for loop in passed.loops]
            return Solution(tuple(parameters), tuple(dict.fromkeys(calls)), tuple(dict.fromkeys(loops)))
        asked = wanted
    first = needs[0]
    raise NoParting("the calls that lead there go round in a circle", next(iter(first.runs.values())).chain[0].span)


def _merged(needs: Iterable[Need]) -> list[Need]:
    """Needs of one function that want the same of every activation are one."""
    found: list[Need] = []
    for need in needs:
        for index, known in enumerate(found):
            if _agree(known, need):
                found[index] = replace(known, runs={**known.runs, **need.runs})
                break
        else:
            found.append(need)
    return found


def _agree(one: Need, other: Need) -> bool:
    same = (one.file, one.line, one.default, one.through) == (other.file, other.line, other.default, other.through)
    return same and all(one.runs[it].value == run.value for it, run in other.runs.items() if it in one.runs)


def _named(needs: Sequence[Need], asking: Partings) -> list[Parameter]:
    """A free name for each; the same one wherever it can be."""
    found: list[Parameter] = []
    for need in needs:
        if need.through is not None:
            found.append(Parameter(need, need.through))
            continue
        base = asking.flag if need.default is False else asking.places
        function = asking.scene.project.file(need.file).functions[need.line]
        used = names_in(function) | asking.scene.brought(need.file, function)
        used |= {it.name for it in found if (it.need.file, it.need.line) == (need.file, need.line)}
        names = (base, *(f"{base}{n}" for n in range(2, 100)))
        found.append(Parameter(need, next(it for it in names if it not in used)))
    return found


def _name_of(need: Need, parameters: Sequence[Parameter]) -> str:
    for it in parameters:
        if _agree(it.need, need) and all(frame in it.need.runs for frame in need.runs):
            return it.name
    raise AssertionError("every need has come to a parameter")


def _calls(parameter: Parameter, asking: Partings) -> list[tuple[Span, list[Run]]]:
    """The runs of a function by the call that starts them."""
    found: dict[Span, list[Run]] = {}
    for run in parameter.need.runs.values():
        if not run.chain and asking.switch:
            continue
        if not run.chain:
            raise NoParting("they are made by the call that builds the model", None)
        found.setdefault(run.chain[0].span, []).append(run)
    return list(found.items())


def _at_call(parameter: Parameter, span: Span, runs: list[Run], asking: Partings) -> Passed | None:
    """What one call passes for the parameter; None where it passes nothing."""
    if all(run.value == parameter.need.default for run in runs):
        return None
    scene = asking.scene
    if not scene.project.editable(span.file):
        raise NoParting("the call that would set them apart stands in a file that may not be edited", span)
    file = scene.project.file(span.file)
    call = file.node_at(span)
    if not isinstance(call, ast.Call) or _last_name(call.func) in _NOT_THE_CALLEE or _of_torch(call, file):
        raise NoParting("the call that would set them apart is not written out", span)
    passed = _told_apart(runs, parameter.need.default, asking)
    function = file.function(call)
    handed = passed.text == "{}" and passed.need is not None
    if handed and passed.need is not None and _hands_on(call, function, elsewhere=_decorates(call, function, file)):
        return Passed("", replace(passed.need, through=parameter.name))
    if _decorates(call, function, file):
        raise NoParting("the call that would set them apart stands in a decorator, which others use too", span)
    return passed


def _decorates(call: ast.Call, function: Function | None, file: SourceFile) -> bool:
    """Whether a call in a function calls what a function around that was given."""
    outer = file.function(function) if function is not None else None
    if outer is None or not isinstance(call.func, ast.Name):
        return False
    own = {it.arg for it in ast.walk(function.args) if isinstance(it, ast.arg)} if function is not None else set()
    return call.func.id not in own and call.func.id in function_parameters(outer)


def _hands_on(call: ast.Call, function: Function | None, *, elsewhere: bool) -> bool:
    """Whether a call passes the ``**kwargs`` of its function on as they are; ``elsewhere`` they may be read too."""
    rest = function.args.kwarg if function is not None else None
    given = [it.value for it in call.keywords if it.arg is None]
    if function is None or rest is None or not any(isinstance(it, ast.Name) and it.id == rest.arg for it in given):
        return False
    uses = [it for it in ast.walk(function) if isinstance(it, ast.Name) and it.id == rest.arg]
    stored = any(not isinstance(it.ctx, ast.Load) for it in uses)
    return len(uses) == 1 or elsewhere and not stored


def _told_apart(runs: Sequence[Run], default: Value, asking: Partings) -> Passed:
    """What stands at the expression where these runs begin, so that each gets its value."""
    values = list(dict.fromkeys(run.value for run in runs))
    scene = asking.scene
    if len(values) == 1 and not asking.switch:
        return Passed(repr(values[0]))
    frames: dict[int, list[Run]] = {}
    for run in runs:
        frames.setdefault(run.chain[0].frame, []).append(run)
    site = runs[0].chain[0]
    file = scene.project.file(site.span.file)
    node = file.node_at(site.span)
    function = file.function(node) if node is not None else None
    if node is None or function is None or not site.function.endswith(function.name):
        raise NoParting("the expression that would set them apart stands in no function", site.span)
    if all(len({run.value for run in group}) == 1 for group in frames.values()):
        return Passed("{}", need_of(file, function, {key: group[0] for key, group in frames.items()}, default))
    if default is not False:
        raise NoParting("two loops, one in the other and in different functions, would set them apart", site.span)
    return by_turn(file, function, node, frames, switch=asking.switch)


def _of_torch(call: ast.Call, file: SourceFile) -> bool:
    """Whether a call only takes what is made meanwhile, as in ``nn.Sequential(*map(make, sizes))``."""
    return (resolve(call.func, imported_names(file)) or "").startswith("torch.")


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
