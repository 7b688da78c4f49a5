"""Random rule files over the samples: mostly such as people write, now and then such as nobody would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from mutagen.blocks.catalogue import load_blocks
from mutagen.load.rules_words import AROUND, EDGES, FUNCTIONS, MEANINGS, OPERATIONS, POSITIONS, TORCH_BLOCKS

Text = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """A model to change; ``classes`` and ``paths`` are some of those that rules may name, ``has`` edges and blocks."""

    target: str
    model: str
    shape: str
    classes: tuple[str, ...]
    paths: tuple[str, ...]
    has: tuple[str, ...] = ()


RESIDUAL = ("residual", "add", "repeated")
SAMPLES = (
    Sample(
        "resnet_cifar.py",
        "resnet20()",
        "2x3x16x16",
        ("BasicBlock", "ResNet"),
        ("conv1", "layer2.0.*", "layer3.**", "layer{1,2}.[0:2].*"),
        RESIDUAL,
    ),
    Sample(
        "unet/unet_model.py",
        "UNet(3, 2)",
        "1x3x32x32",
        ("DoubleConv", "Up"),
        ("inc.**", "down[1:3].**", "up1.conv.**"),
        ("skip", "concat"),
    ),
    Sample("vgg_plain.py", "PlainNet()", "2x3x32x32", ("PlainNet",), ("features.*", "*.0", "conv1")),
    Sample(
        "senet_like.py",
        "se_resnet()",
        "2x3x32x32",
        ("SELayer", "SEBasicBlock"),
        ("layer1.*.*", "layer2.**", "*"),
        (*RESIDUAL, "squeeze-excite", "mul"),
    ),
    Sample(
        "mobilenet_like.py",
        "mobilenet()",
        "2x3x32x32",
        ("InvertedResidual",),
        ("features.[2:5].**", "**.0", "**"),
        RESIDUAL,
    ),
    Sample("latin1_cookie.py", "Reseau()", "1x3x16x16", ("Bloc", "Reseau"), ("**.conv*", "**", "*"), RESIDUAL),
    Sample("legacy_tabs_crlf.py", "get_model()", "1x3x32x40", ("Block",), ("**", "enc*.**", "re:.*conv.*"), RESIDUAL),
)
TYPES = ("Conv2d", "BatchNorm2d", "ReLU", "Linear", "MaxPool2d", "Sequential", "*Norm*", "Dropout", "nn.Conv2d")
FACTS: dict[str, list[Any]] = {
    "kernel_size": [1, 3, {"gt": 1}, {"in": [1, 3]}, [3, 3]],
    "stride": [1, 2, {"ge": 2}],
    "groups": [1, {"gt": 1}],
    "in_channels": [{"ge": 16}, {"multiple_of": 8}, 3, {"ne": 3}],
    "out_channels": [{"le": 64}, {"gt": 16}],
    "num_features": [{"ge": 32}, 16],
    "bias": [True, False],
    "params": [{"gt": 1000}, {"lt": 5000}],
    "calls": [1, {"gt": 1}],
    "channels": [{"ge": 32}],
    "height": [{"le": 8}],
    "macs_share": [{"ge": 0.05}],
    "inplace": [True],
}
SETTABLE: dict[str, list[Any]] = {
    "dilation": [1, 2],
    "padding": ["auto", 0, 1],
    "padding_mode": ["reflect"],
    "kernel_size": [5],
    "bias": [True],
    "eps": [0.001],
    "momentum": [0.01],
    "inplace": [False, True],
    "groups": [2],
    "stride": [1],
}
ARGUMENTS = {"int": st.sampled_from([1, 3, 4]), "number": st.sampled_from([0.0, 0.5]), "bool": st.booleans()}
CONV, NORM = {"type": "Conv2d"}, {"type": "BatchNorm2d"}
USUAL: tuple[Text, ...] = (
    {"match": CONV, "replace": {"with": "DepthwiseSeparableConv2d"}},
    {"match": {**CONV, "where": {"kernel_size": 3}}, "replace": {"with": "DepthwiseSeparableConv2d"}},
    {"match": CONV, "insert": {"block": "ECA", "at": "after"}},
    {"match": CONV, "insert": {"block": "SqueezeExcite2d", "at": "before"}},
    {"match": {**CONV, "where": {"kernel_size": 3}}, "set": {"dilation": 2, "padding": "auto"}},
    {"match": CONV, "set": {"padding_mode": "reflect"}},
    {"match": NORM, "replace": {"with": "GroupNorm", "args": {"num_groups": "auto"}}},
    {"match": NORM, "set": {"eps": 0.001, "momentum": 0.01}},
    {"match": NORM, "insert": {"block": "LayerScale", "at": "after", "args": {"init": 0.5}}},
    {"match": {"type": "ReLU"}, "replace": {"with": "GELU"}},
    {"match": {"type": "ReLU"}, "set": {"inplace": False}},
    {"match": {"op": "relu"}, "replace": {"with": "gelu"}},
    {"match": {"block": "residual"}, "insert": {"block": "ECA", "at": "branch-end"}},
    {"match": {"block": "residual"}, "insert": {"block": "SqueezeExcite2d", "at": "branch-end"}},
    {"match": {"block": "residual"}, "insert": {"block": "ECA", "at": "after"}},
    {"match": {"block": "squeeze-excite"}, "replace": {"with": "ECA"}},
    {"match": {"edge": "residual"}, "insert": {"block": "LayerScale", "at": "branch", "args": {"init": 0.0}}},
    {"match": {"edge": "skip"}, "insert": {"block": "AttentionGate2d", "at": "skip"}},
    {"match": {"edge": "add"}, "insert": {"block": "LayerScale", "at": "second"}},
    {"match": {"edge": "concat"}, "insert": {"block": "ECA", "at": "first"}},
    {"match": {"edge": "mul"}, "insert": {"block": "ECA", "at": "first"}},
    {"match": {"edge": "residual"}, "insert": {"block": "ECA", "at": "branch", "start": "identity"}},
    {"match": CONV, "insert": {"block": "Mixed", "at": "after"}},
    {"match": {**CONV, "where": {"kernel_size": 3, "stride": 1}}, "branch": {"block": "Mixed", "start": "identity"}},
    {"match": CONV, "wrap": {"with": "Refined"}},
    {"match": {"type": "ReLU"}, "remove": True},
    {"match": {"type": "Dropout"}, "remove": True},
    {"match": NORM, "skip": True},
    {"match": CONV, "skip": True},
)
BLOCKS: Text = {
    "Mixed": {"parallel": [{"Conv2d": {"kernel_size": 1}}, {"Conv2d": {"kernel_size": 3}}], "fuse": "add"},
    "Refined": {"serial": ["body", "ECA"]},
}
FREE = ("set", "skip", "remove")
"""Actions that do not take ``style``, ``partial`` and ``emit``."""
INDEPENDENT: tuple[Text, ...] = (
    {"id": "gelu", "match": {"op": "relu"}, "replace": {"with": "gelu"}},
    {"id": "norm", "match": {"type": "BatchNorm2d"}, "set": {"eps": 0.001}},
    {"id": "eca", "match": {"block": "residual"}, "insert": {"block": "ECA", "at": "branch-end"}},
    {"id": "reflect", "match": {"type": "Conv2d", "where": {"kernel_size": 3}}, "set": {"padding_mode": "reflect"}},
    {"id": "gate", "match": {"edge": "skip"}, "insert": {"block": "AttentionGate2d", "at": "skip"}},
)
"""Rules that speak of different things, so that their order must not matter."""


def _some(strategy: st.SearchStrategy[Any], *, often: int = 2) -> st.SearchStrategy[Any]:
    """Once in ``often`` times something, else nothing."""
    return st.integers(1, often).flatmap(lambda number: strategy if number == 1 else st.none())


def _filled(data: Text) -> Text:
    return {key: value for key, value in data.items() if value is not None}


def _tests() -> st.SearchStrategy[Text]:
    one = st.sampled_from(sorted(FACTS)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(FACTS[name])))
    return st.lists(one, min_size=1, max_size=2).map(dict)


def _modules(sample: Sample) -> st.SearchStrategy[Text]:
    types = st.sampled_from([*TYPES, *sample.classes])
    by_type = st.one_of(types, st.lists(types, min_size=1, max_size=2, unique=True))
    return st.one_of(
        st.fixed_dictionaries({"type": by_type}),
        st.fixed_dictionaries({"type": by_type}),
        st.fixed_dictionaries({"isa": st.sampled_from(["Conv2d", "_ConvNd", "*Block"])}),
        st.fixed_dictionaries({"path": st.sampled_from(sample.paths)}),
        st.fixed_dictionaries({"type": types, "path": st.sampled_from(sample.paths)}),
    )


def _subjects(sample: Sample) -> st.SearchStrategy[tuple[str, Text]]:
    """The kind of a subject, as positions are looked up by, and the keys that give it."""
    edges = st.sampled_from(EDGES).map(lambda edge: (edge, {"edge": edge}))
    blocks = st.sampled_from([*MEANINGS, *sample.classes]).map(lambda block: ("block", {"block": block}))
    calls = st.sampled_from(["relu", "relu", "relu", *OPERATIONS]).map(lambda op: ("op", {"op": op}))
    modules = _modules(sample).map(lambda keys: ("type", keys))
    return st.one_of(modules, modules, blocks, calls, edges)


def _narrowed(sample: Sample, keys: Text, *, often: int) -> st.SearchStrategy[Text]:
    """A subject with further tests, each of them once in ``often`` times or less."""
    near = _subjects(sample).map(lambda it: it[1])
    only = st.sampled_from([{"first": 1}, {"last": 2}, {"every": 2}, {"nth": 2}])
    more = {
        "where": _some(_tests(), often=often),
        "not": _some(st.one_of(_modules(sample), st.fixed_dictionaries({"inside": _modules(sample)})), often=often),
        "inside": _some(_modules(sample), often=2 * often),
        "has": _some(near, often=3 * often),
        "after": _some(near, often=3 * often),
        "before": _some(near, often=3 * often),
        "only": _some(only, often=often),
    }
    return st.fixed_dictionaries(more).map(lambda found: _filled({**keys, **found}))


def _arguments(block: str) -> st.SearchStrategy[Text]:
    options = load_blocks()[block].options if block in load_blocks() else {}
    known = {name: ARGUMENTS[kind] for name, kind in options.items() if kind in ARGUMENTS}
    return st.fixed_dictionaries({}, optional=known)


def _way() -> st.SearchStrategy[Text]:
    return st.fixed_dictionaries(
        {
            "style": _some(st.sampled_from(["inline", "module"]), often=4),
            "partial": _some(st.just("allow"), often=3),
            "emit": _some(st.sampled_from(["in-place", "flag", "subclass"]), often=4),
        }
    ).map(_filled)


def _replaced(subject: str) -> st.SearchStrategy[Text]:
    functions = [*FUNCTIONS] if subject == "op" else [*load_blocks(), *TORCH_BLOCKS, *FUNCTIONS]
    return st.sampled_from(functions).flatmap(
        lambda block: st.tuples(_arguments(block), _way()).map(
            lambda given: {"replace": _filled({"with": block, "args": given[0] or None, **given[1]})}
        )
    )


def _inserted(subject: str) -> st.SearchStrategy[Text]:
    blocks = sorted(name for name, it in load_blocks().items() if it.kind in ("feature", "scale", "combine"))
    positions = POSITIONS.get(subject, AROUND)
    return st.tuples(st.sampled_from(blocks), st.sampled_from(positions)).flatmap(
        lambda what: st.tuples(_arguments(what[0]), _way()).map(
            lambda given: {"insert": _filled({"block": what[0], "at": what[1], "args": given[0] or None, **given[1]})}
        )
    )


def _set() -> st.SearchStrategy[Text]:
    one = st.sampled_from(sorted(SETTABLE)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(SETTABLE[name]))
    )
    return st.lists(one, min_size=1, max_size=2).map(lambda pairs: {"set": dict(pairs)})


def _wild(sample: Sample) -> st.SearchStrategy[Text]:
    """Any subject with any action."""

    def with_action(subject: tuple[str, Text]) -> st.SearchStrategy[Text]:
        kind, keys = subject
        actions = [_inserted(kind), _replaced(kind)] if kind != "type" else [_inserted(kind), _replaced(kind), _set()]
        return st.tuples(_narrowed(sample, keys, often=4), st.one_of(actions)).map(lambda it: {"match": it[0], **it[1]})

    return _subjects(sample).flatmap(with_action)


def _likely(sample: Sample) -> st.SearchStrategy[Text]:
    """What people ask for, where there is something of the kind, narrowed now and then."""

    def narrowed(usual: Text) -> st.SearchStrategy[Text]:
        ((kind, given),) = ((key, value) for key, value in usual.items() if key != "match")
        action = _way().map(lambda way: given if kind in FREE else {**given, **way})
        keys = st.one_of(
            *[st.just(usual["match"])] * 3,
            st.sampled_from(sample.paths).map(lambda path: {**usual["match"], "path": path})
            if "type" in usual["match"]
            else st.just(usual["match"]),
        )
        return keys.flatmap(lambda it: st.tuples(_narrowed(sample, it, often=7), action)).map(
            lambda it: {"match": it[0], kind: it[1]}
        )

    return st.sampled_from([it for it in USUAL if _is_there(it["match"], sample)]).flatmap(narrowed)


def _is_there(match: Text, sample: Sample) -> bool:
    return match.get("edge", "") in ("", *sample.has) and match.get("block", "") in ("", *sample.has)


def _rules(sample: Sample, number: int) -> st.SearchStrategy[Text]:
    body = st.integers(1, 5).flatmap(lambda it: _wild(sample) if it == 5 else _likely(sample))
    optional = st.integers(1, 5).map(lambda it: it < 5 or None)
    return st.tuples(body, optional).map(lambda it: _filled({"id": f"rule-{number}", **it[0], "optional": it[1]}))


def rule_files(sample: Sample) -> st.SearchStrategy[str]:
    """The text of a rule file with one to three rules; JSON is YAML."""
    return st.integers(1, 3).flatmap(
        lambda count: st.tuples(*(_rules(sample, number) for number in range(count))).map(lambda rules: text_of(rules))
    )


def text_of(rules: Any) -> str:
    """A rule file with these rules."""
    named = {name for name in BLOCKS for rule in rules if f'"{name}"' in json.dumps(rule)}
    blocks = {"blocks": {name: BLOCKS[name] for name in sorted(named)}} if named else {}
    return json.dumps({"version": 1, **blocks, "rules": list(rules)}, indent=1) + "\n"
