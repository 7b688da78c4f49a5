"""What each key of a rule file means, in a sentence that an editor shows beside it."""

from __future__ import annotations

from collections.abc import Mapping

_FILE = {
    "version": "The version of the rule language.",
    "model": "How the model is built and run, for when the command line does not say it.",
    "include": "Rule files whose rules come first: paths as seen from this file, or names of shipped sets.",
    "tests": "Models, and what must happen to them: `mutagen rules test`.",
    "budget": "What all rules together may cost; over it nothing is written.",
    "where": "Tests with a name, to be used as `is: heavy`: {heavy: {macs_share: {ge: 0.05}}}.",
    "rules": "What to change, in order: the first rule that selects a target takes it.",
    "blocks": "Blocks of this file by name: somebody else's classes (from), or known blocks put together.",
    "templates": "Folders of templates of one's own, relative to this file: their blocks can be named.",
}
_MODEL = {
    "factory": "The class or function that makes the model; dotted if it is imported.",
    "args": "Its positional arguments.",
    "kwargs": "Its arguments by name.",
    "inputs": "Example inputs: 1x3x224x224, or ids=1x128:int64.",
    "prove_with": "A smaller configuration of the same classes, for models that do not fit: Net(depth=2).",
    "prove_inputs": "Inputs of the smaller configuration, where they differ.",
}
_RULE = {
    "id": "The name of the rule, unique among all that are applied together: relu-to-gelu.",
    "why": "What the change is for, in a sentence.",
    "safety": "What trained weights need: nothing (exact), fine-tune, or train; said by the author, for `rules list`.",
    "match": "What the rule speaks of: one subject (type and path, block, op or edge), narrowed by tests.",
    "replace": "A module or an operation becomes another; arguments are carried over by name.",
    "insert": "A new block beside a module or on an edge.",
    "set": "Other arguments for the constructor: {dilation: 2, padding: auto}.",
    "enabled": "Whether the rule is applied; {id: a, enabled: false} alone switches an included rule off.",
    "expect": "What the change comes to; where it does not, nothing is written.",
    "wrap": "The module becomes a part of a block: {with: Refined}, of which one part is called body.",
    "branch": "A path beside the module: {block: ECA, fuse: add}.",
    "remove": "The module becomes an identity: true.",
    "skip": "What is matched is left alone by the rules that follow: true.",
    "optional": "Whether the rule may select nothing; otherwise that is an error.",
}
_MATCH = {
    "type": "Classes of modules, by bare or qualified name or glob: Conv2d, nn.Conv2d, '*Stem*'; or a list.",
    "isa": "Classes of modules as for type; what inherits from them counts too.",
    "path": "Dotted path of modules: * is one part, ** any number, [2:5], {a,b}; re: and a regular expression.",
    "block": "A module by what it computes (residual, bottleneck, attention, ...), or the name of a class of yours.",
    "edge": "Where tensors join: residual is every x + f(x), skip what passed a lower resolution by; concat, add, mul.",
    "op": "Calls of an operation, by a module or a function, in place or not: relu.",
    "where": "Tests of facts: constructor arguments, params, macs, channels, height, width, layout, shortcut.",
    "is": "Tests of the file by their names, all of which must hold.",
    "inside": "A module around it.",
    "has": "Something that the module holds: a module, a call or an edge.",
    "after": "A neighbour in the data flow that it reads.",
    "before": "A neighbour in the data flow that reads it.",
    "source": "Where the expression stands that makes it.",
    "all": "Further matches, all of which must hold.",
    "any": "Further matches, one of which must hold.",
    "not": "What is left out; or a list of such.",
    "only": "Positions among all that are selected, in the order in which the model runs.",
}
_PATTERN = {
    "pattern": "Operations, the last one outside: relu(add(bn(conv(x)), y)). Other keys describe its parts by name.",
    **{key: _MATCH[key] for key in ("path", "source", "all", "any", "only")},
    "inside": "A module around all parts.",
    "not": "What no part may be; or a list of such.",
}
_SOURCE = {
    "class": "The class around the expression, or a glob; or a list.",
    "function": "The function around it: forward, __init__, '_make_*'.",
    "file": "The file by name, or by the end of its path: 'models/*.py'.",
}
_CONDITION = {
    "eq": "Equal to; 3 is equal to (3, 3).",
    "ne": "Not equal to.",
    "gt": "Greater than; of several numbers the largest counts.",
    "ge": "Greater than or equal to; of several numbers the largest counts.",
    "lt": "Less than; of several numbers the largest counts.",
    "le": "Less than or equal to; of several numbers the largest counts.",
    "in": "One of these values.",
    "multiple_of": "A multiple of this number.",
}
_ONLY = {
    "first": "The first so many.",
    "last": "The last so many.",
    "every": "Every second, third, ... one.",
    "nth": "The one at this position; the first is 1.",
}
_EXPECT = {
    "instances": "How many modules, calls or edges: 8, 8..16, 8.. (those that are changed already count).",
    "sites": "At how many places of the source.",
    "params": "The change in parameters: decrease, increase, same, -70%..-50%, ..+1000, or a number.",
    "macs": "The change in multiply-adds of one sample: decrease, increase, same, -70%..-50%, or a number.",
    "keys_lost": "Checkpoint keys without a place in the changed model.",
    "keys_moved": "Checkpoint keys that have another name then.",
    "keys_new": "Keys that no old checkpoint has.",
}
_TEST = {
    "name": "What the test shows.",
    "model": "The file that is changed, in a copy; a path as seen from this file.",
    "source": "Its text, in the place of a file.",
    "call": "How the model is built: Net(3, width=8).",
    "inputs": "Example inputs: 1x3x32x32.",
    "rules": "The ids of the rules that are applied; all of them where it is left out.",
    "expect": "What must come of it, for all rules together.",
    "patch": "The file that holds the change; `mutagen rules test --update` writes it.",
    "second_run": "A second run changes nothing; that is always tested.",
}
_BUDGET = {
    "params": "The most parameters that may be added: +2%, 10000.",
    "macs": "The most multiply-adds of one sample that may be added: +2%, 10000.",
    "keys_lost": "The most checkpoint keys that may be lost.",
}
_ACTION = {
    "args": "Arguments of the new block; all others come from the model.",
    "style": "Where its class goes: into the file, or into a module beside it.",
    "partial": "Whether the rest is changed where some targets cannot be.",
    "start": "Whether the block starts as published, or as if it were not there (identity).",
    "strategy": "The rung that all edits must stand on: site, origin, split, subclass, override or forward.",
    "emit": "In place; behind a new argument that is off by default (flag); or in subclasses, the classes as they are.",
}
_REPLACE = {**_ACTION, "with": "The new block or operation: DepthwiseSeparableConv2d, GroupNorm, gelu."}
_ONE = {key: _REPLACE[key] for key in ("with", "args")}
_PARTS = {key: _ACTION[key] for key in ("style", "partial", "emit")}
_WRAP = {**_ACTION, "with": "A block with a part `body`, which is the matched module."}
_BRANCH = {
    **_ACTION,
    "block": "The block that stands beside the module.",
    "fuse": "How both come together: add (if not said), concat-conv1x1, gate or select.",
}
_REMOVE = {key: _ACTION[key] for key in ("partial", "strategy")}
_INSERT = {
    **_ACTION,
    "block": "The new block: ECA, LayerScale, AttentionGate2d.",
    "at": "before, after, input or output of a module; branch-end of a residual block; branch or skip of an edge.",
}

_AT_PART = "before, after, input or output of the part; after alone where it reads two tensors."
_FROM = {
    "from": "Somebody else's class: folder/file.py:Name, relative to this file; or package.module:Name.",
    "how": "Whether the class is copied into the project (with the comment at the top of its file), or imported.",
    "channels": "The arguments of its constructor that are the number of channels, where that cannot be told.",
    "args": "Other arguments of its constructor.",
}
_OWN = {
    **_FROM,
    "serial": "Parts one behind the other: blocks, or classes of torch.nn: [ECA, {Conv2d: {kernel_size: 3}}].",
    "parallel": "Parts side by side.",
    "fuse": "How the branches come together.",
    "start": "Whether the block starts as it is published, or as x + gamma * f(x) with gamma 0.",
}

SAID: Mapping[tuple[str, str], str] = {
    (part, key): text
    for part, texts in {
        "FilePart": _FILE,
        "ModelPart": _MODEL,
        "RulePart": _RULE,
        "MatchPart": _MATCH,
        "PatternPart": _PATTERN,
        "ReplaceOfPart": _ONE,
        "InsertOfPart": {key: _INSERT[key] for key in ("block", "args", "start")} | {"at": _AT_PART},
        "WrapOfPart": {key: _WRAP[key] for key in ("with", "args", "start")},
        "BranchOfPart": {key: _BRANCH[key] for key in ("block", "fuse", "args", "start")},
        "ReplaceParts": _PARTS,
        "InsertParts": _PARTS,
        "WrapParts": {key: _ACTION[key] for key in ("style", "partial")},
        "BranchParts": {key: _ACTION[key] for key in ("style", "partial")},
        "SetParts": {"partial": _ACTION["partial"]},
        "RemoveParts": {"partial": _ACTION["partial"]},
        "SourcePart": _SOURCE,
        "ConditionPart": _CONDITION,
        "OnlyPart": _ONLY,
        "ReplacePart": _REPLACE,
        "InsertPart": _INSERT,
        "WrapPart": _WRAP,
        "BranchPart": _BRANCH,
        "RemovePart": _REMOVE,
        "ExpectPart": _EXPECT,
        "TestExpectPart": {**_EXPECT, "refused": "The codes with which targets must be refused: no-edit."},
        "TestPart": _TEST,
        "BudgetPart": _BUDGET,
        "BorrowPart": _FROM,
        "OwnPart": _OWN,
        "SetPart": {"partial": _ACTION["partial"]},
    }.items()
    for key, text in texts.items()
}
"""By the model of ``rules_schema`` and the key in it."""
