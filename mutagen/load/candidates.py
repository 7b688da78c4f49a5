"""Finds by the syntax tree alone what a file could mean by its model, for when the user does not say."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import Literal

from mutagen.errors import Place, TargetError
from mutagen.load.module_classes import ModuleClass, module_classes, required_parameters, statements
from mutagen.records.target import Call

_MOST_LISTED = 12
_ASKING = frozenset({"super", "isinstance", "issubclass"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class or function that makes a model; ``needs`` are the parameters without a default."""

    name: str
    kind: Literal["class", "factory"]
    needs: tuple[str, ...]
    line: int


def model_candidates(source: bytes, file: str) -> tuple[Candidate, ...]:
    """The models that a file offers: those that need no arguments first, else in the order of the file.

    A class counts if no other class of the file uses it and no call is handed it; a function if it returns a model
    and is neither private nor the help of another such function.
    """
    tree = _parse(source, file)
    classes = module_classes(tree)
    functions = [node for node in statements(tree) if isinstance(node, ast.FunctionDef)]
    factories = _factories(functions, classes)
    used = _used_by_classes(tree) | _handed_over(tree) | _used_by_others(factories)
    found = [
        Candidate(name, "class", each.needs, each.line)
        for name, each in classes.items()
        if name not in used and each.runs
    ]
    found += [
        Candidate(node.name, "factory", required_parameters(node.args), node.lineno)
        for node in factories
        if node.name not in used
    ]
    shown = [each for each in found if not each.name.startswith("_")] or found
    shown = [each for each in shown if not each.name.endswith("Loss")] or shown
    return tuple(sorted(shown, key=lambda each: (bool(each.needs), each.line)))


def choose_model(candidates: tuple[Candidate, ...], file: str) -> Call:
    """The call of the only class that can be built without arguments, else of the only such function.

    Raises TargetError that lists what there is, ready to be pasted.
    """
    ready = [each for each in candidates if not each.needs]
    for kind in ("class", "factory"):
        only = [each for each in ready if each.kind == kind]
        if len(only) == 1:
            return Call(only[0].name)
    place = Place(file)
    if not candidates:
        hint = "name what builds it: --model 'package.Model(3)'"
        raise TargetError("T040", "no model was found in this file", place=place, hint=hint)
    flags = [f"--model '{_suggestion(each)}'" for each in candidates]
    width = max(len(flag) for flag in flags)
    lines = [f"{flag:{width}}  line {each.line}" for flag, each in zip(flags, candidates, strict=True)]
    more = [f"... and {len(lines) - _MOST_LISTED} more"] if len(lines) > _MOST_LISTED else []
    detail = "\n".join(lines[:_MOST_LISTED] + more)
    if not ready:
        message = (
            f"{candidates[0].name} cannot be built without arguments"
            if len(candidates) == 1
            else ("none of the models in this file can be built without arguments")
        )
        raise TargetError("T041", message, place=place, hint=f"pass {flags[0]} with values for ...", detail=detail)
    raise TargetError("T042", "several models are in this file", place=place, hint=f"pass {flags[0]}", detail=detail)


def _parse(source: bytes, file: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, file)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = Place(file, getattr(error, "lineno", 0) or 0, getattr(error, "offset", 0) or 0)
        raise TargetError("T016", f"syntax error: {error}", place=place) from error


def factories_of(tree: ast.Module) -> tuple[ast.FunctionDef, ...]:
    """The functions of a file that return a model of it, also by way of each other."""
    functions = [node for node in statements(tree) if isinstance(node, ast.FunctionDef)]
    return tuple(_factories(functions, module_classes(tree)))


def _suggestion(candidate: Candidate) -> str:
    return f"{candidate.name}({', '.join(f'{name}=...' for name in candidate.needs)})"


def _factories(functions: list[ast.FunctionDef], classes: dict[str, ModuleClass]) -> list[ast.FunctionDef]:
    """Functions that return a model of this file, also by way of each other."""
    makers = set(classes)
    found: list[ast.FunctionDef] = []
    grown = True
    while grown:
        more = [node for node in functions if node not in found and _returns_model(node, makers)]
        makers |= {node.name for node in more}
        found += more
        grown = bool(more)
    return found


def _returns_model(function: ast.FunctionDef, makers: set[str]) -> bool:
    if _last_name(function.returns) in makers | {"Module"}:
        return True
    made = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and _makes(node.value, makers)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    return any(_makes(value, makers) or (isinstance(value, ast.Name) and value.id in made) for value in returned)


def _makes(value: ast.expr, makers: set[str]) -> bool:
    if not isinstance(value, ast.Call):
        return False
    callee = value.func
    if isinstance(callee, ast.Name) and callee.id in makers:
        return True
    if _last_name(callee) == "Sequential":
        return True
    # UNet(3).eval(), UNet(3).to(device)
    return isinstance(callee, ast.Attribute) and _makes(callee.value, makers)


def _last_name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _used_by_classes(tree: ast.Module) -> set[str]:
    """Names that the body of a class speaks of, its own name and its bases left out."""
    used: set[str] = set()
    for node in statements(tree):
        if isinstance(node, ast.ClassDef):
            names = {inner.id for part in node.body for inner in ast.walk(part) if isinstance(inner, ast.Name)}
            used |= names - {node.name}
    return used


def _handed_over(tree: ast.Module) -> set[str]:
    """Names that stand as arguments of a call, as ``BasicBlock`` in ``ResNet(BasicBlock, [2, 2])``."""
    return {
        value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _last_name(node.func) not in _ASKING
        for value in (*node.args, *(keyword.value for keyword in node.keywords))
        if isinstance(value, ast.Name)
    }


def _used_by_others(factories: list[ast.FunctionDef]) -> set[str]:
    """Factories that other factories call."""
    names = {node.name for node in factories}
    used: set[str] = set()
    for function in factories:
        calls = [inner.func for inner in ast.walk(function) if isinstance(inner, ast.Call)]
        called = {callee.id for callee in calls if isinstance(callee, ast.Name)}
        used |= (called & names) - {function.name}
    return used
