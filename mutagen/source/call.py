"""The arguments of a call as written."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Arguments:
    """Arguments by parameter name, in the order written; ``keyword`` tells which were written with their name."""

    by_name: Mapping[str, ast.expr]
    keyword: frozenset[str]


def arguments(call: ast.Call, parameters: Sequence[str]) -> Arguments | None:
    """The arguments of a call to something with these parameters; None where a star or a strange name hides them."""
    if any(isinstance(argument, ast.Starred) for argument in call.args) or len(call.args) > len(parameters):
        return None
    by_name: dict[str, ast.expr] = dict(zip(parameters, call.args, strict=False))
    keywords: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in parameters or keyword.arg in by_name:
            return None
        by_name[keyword.arg] = keyword.value
        keywords.add(keyword.arg)
    return Arguments(by_name, frozenset(keywords))


def function_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """The names of all parameters that can be given by position or keyword, in order."""
    given = function.args
    return tuple(argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs))
