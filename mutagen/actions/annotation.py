"""What a function or variable is said to hold, where a call in it makes another class now."""

from __future__ import annotations

import ast

from mutagen.actions.definition import use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import NewCall
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule
from mutagen.source.file import SourceFile
from mutagen.source.names import dotted


def annotated(rule: Rule, file: SourceFile, call: ast.Call, old: str, new: NewCall, *, always: bool) -> Draft:
    """``-> nn.Conv2d`` becomes ``-> DepthwiseSeparableConv2d``, or ``-> nn.Module`` where either may come out.

    ``old`` is the bare name of the class so far; ``always`` says that the call makes the new one whatever happens.
    """
    statement = file.parents.get(call)
    if isinstance(statement, ast.Return):
        function = file.function(call)
        note = function.returns if function is not None else None
        only = function is not None and sum(isinstance(it, ast.Return) for it in ast.walk(function)) == 1
    elif isinstance(statement, ast.AnnAssign):
        note, only = statement.annotation, True
    else:
        return Draft()
    if not isinstance(note, ast.Name | ast.Attribute) or (dotted(note) or "").rpartition(".")[2] != old:
        return Draft()
    if new.callee is not None and only and always:
        name, needed = new.callee, Draft()
    else:
        usable = use_torch(new.makes if only and always and new.makes else "torch.nn.Module", file)
        name, needed = usable.name, usable.draft
    reason = f"it is no {old} any more"
    return join([needed, Draft(edits=(Edit(file.span(note), file.text(note), name, rule.id, "site", reason),))])
