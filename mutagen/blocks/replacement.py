"""What ``replace`` may put in the place of what, and how the constructor's arguments travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mutagen.blocks.carried import LOST, carried, plain
from mutagen.blocks.catalogue import load_blocks
from mutagen.blocks.groups import num_groups
from mutagen.records.blocks import Block
from mutagen.records.rules import Value
from mutagen.records.trace import Instance

NO_BLOCKS: Mapping[str, Block] = MappingProxyType({})
IDENTITY = "Identity"
"""What takes the place of a module that is removed."""

Facts = Mapping[str, Value]
Problem = tuple[str, str, str]
"""Code, message, advice."""

Check = Callable[[Facts, Mapping[str, Value]], Problem | None]


def _always(facts: Facts, args: Mapping[str, Value]) -> Problem | None:
    return None


@dataclass(frozen=True, slots=True)
class Replacement:
    """One pair of source and product.

    ``source`` is the bare torch class, or the name of a structural block ("squeeze-excite"). ``target`` is the name
    that a rule writes. Exactly one of ``block`` (catalogue) and ``torch_name`` ("nn.GroupNorm") says what is
    constructed. ``signature`` and ``product`` are the parameters of both constructors in positional order. Parameters
    in ``keep`` are carried over by name, those in ``rename`` under the new name, those in ``drop`` disappear;
    ``computed`` are new ones that follow from the channels. ``factory`` is the catalogue function that does so where
    the channels are not a literal, ``function`` the stateless form ("F.gelu"). ``carries``, for a block of the rule
    file, are its parameters by those of the source.
    """

    source: str
    target: str
    signature: tuple[str, ...]
    product: tuple[str, ...]
    keep: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    block: str | None = None
    torch_name: str | None = None
    factory: str | None = None
    function: str | None = None
    options: tuple[str, ...] = ()
    check: Check = _always
    carries: Mapping[str, str] | None = None


def find_replacement(instance: Instance, target: str, blocks: Mapping[str, Block] = NO_BLOCKS) -> Replacement | None:
    """The way from the instance's class to ``target``; only classes of torch itself, not what inherits from them.

    ``blocks`` are those that rules may name, among which are somebody else's classes.
    """
    if target == IDENTITY:
        return _identity(instance)
    if not instance.library:
        return None
    known = replacement(instance.name, target)
    block = blocks.get(target)
    if known is not None or block is None or load_blocks().get(target) is block:
        return known
    return _to_own(instance, block)


def _to_own(instance: Instance, block: Block) -> Replacement | None:
    """The way from a module to a block of the rule file: arguments go by name, or it is made for as many channels."""
    if block.kind not in ("feature", "scale"):
        return None
    if block.borrowed is not None:
        names = carried(instance.parameters, tuple(block.arguments), block.given)
    else:
        channels = [name for name, origin in block.arguments.items() if origin == "channels"]
        counts = [it for it in ("in_channels", "num_features", "num_channels") if it in instance.parameters]
        names = dict(zip(counts[:1], channels, strict=False))
    return Replacement(
        source=instance.name,
        target=block.name,
        signature=instance.parameters,
        product=tuple(block.arguments),
        keep=tuple(name for name, to in names.items() if name == to),
        block=block.name,
        options=tuple(block.options),
        check=lambda facts, args: _fits(instance, block, names, args),
        carries=names,
    )


def _fits(instance: Instance, block: Block, names: Mapping[str, str], args: Mapping[str, Value]) -> Problem | None:
    """Why a block of the rule file cannot be in the place of a module."""
    what = f"{instance.name} cannot become {block.name}"
    if block.borrowed is not None:
        needed = [it for it in block.required if it not in (*names.values(), *block.given, *args)]
    else:
        needed = [it for it, origin in block.arguments.items() if origin == "channels" and it not in names.values()]
    if needed:
        cure = f"give them: args: {{{needed[0]}: ...}}" if block.borrowed else "insert it behind the module instead"
        return "no-argument", f"{what}: its constructor needs {', '.join(needed)}, which no argument tells", cure
    for name, usual in LOST.items() if block.borrowed or names else ():
        value = plain(instance.facts.get(name, usual))
        if name in instance.parameters and name not in names and value != usual:
            message = f"{what}: its constructor takes no {name}, and the module has {value}"
            return "lost-argument", message, f"leave such modules out: where: {{{name}: {usual}}}"
    tried = block.tried.get(instance.path)
    if tried:
        return "shape", f"{what}: {tried}", "leave it out, for instance by where: {...}, or give other arguments: args"
    return None


def _identity(instance: Instance) -> Replacement:
    """Whatever it was: an identity takes any arguments and passes them over."""
    names = instance.parameters
    return Replacement(instance.name, IDENTITY, names, (), keep=names, torch_name=f"nn.{IDENTITY}")


def replacement(source: str, target: str) -> Replacement | None:
    """The way from a bare class or structural block to ``target``, or None where there is none."""
    return _TABLE.get((source, _SPELLINGS.get(target, target)))


def by_channels(block: Block) -> Replacement | None:
    """The way from squeeze-and-excitation to a block that is made for a number of channels and nothing else."""
    origins = list(block.arguments.values())
    if block.kind != "feature" or block.by_name or origins[:1] != ["channels"] or origins.count("channels") > 1:
        return None
    names = tuple(block.arguments)
    return Replacement("squeeze-excite", block.name, (), names, computed=names[:1], block=block.name, options=names[1:])


def targets(source: str) -> tuple[str, ...]:
    """What may stand in the place of ``source``, for messages."""
    return tuple(target for known, target in _TABLE if known == source)


def refusal(way: Replacement, instance: Instance, args: Mapping[str, Value]) -> Problem | None:
    """Why this instance cannot be replaced: code, message, advice; None where it can."""
    return way.check(instance.facts, args)


def _conv_to_separable(facts: Facts, args: Mapping[str, Value]) -> Problem | None:
    kernel, groups, channels = facts.get("kernel_size"), facts.get("groups"), facts.get("in_channels")
    sizes = kernel if isinstance(kernel, tuple) else (kernel,)
    if all(size == 1 for size in sizes):
        advice = "leave 1x1 convolutions out: where: {kernel_size: {gt: 1}}"
        return ("k1", "a 1x1 convolution mixes channels only; a depthwise one in front of it would do nothing", advice)
    if groups == channels and groups != 1:
        return ("depthwise", "the convolution is depthwise already", "leave grouped ones out: where: {groups: 1}")
    return None


def _batch_to_group_norm(facts: Facts, args: Mapping[str, Value]) -> Problem | None:
    channels, count = facts.get("num_features"), args.get("num_groups", "auto")
    if not isinstance(channels, int):
        return ("channels", "the number of channels is not known", "leave lazy modules out")
    if type(count) is not int and count != "auto":
        return ("groups", f"{count!r} is no number of groups", "write num_groups: auto, or a number")
    groups = count if isinstance(count, int) else num_groups(channels)
    if groups < 1 or channels % groups:
        advice = "write num_groups: auto, or a divisor of every number of channels that is matched"
        return ("groups", f"{channels} channels cannot be split into {groups} groups", advice)
    if groups == channels and facts.get("height") == 1 and facts.get("width") == 1:
        message = "with one channel a group on a 1x1 map GroupNorm returns its bias whatever comes in"
        return ("constant", message, "leave it out by its path, or give fewer groups")
    return None


DEFAULTS: Mapping[str, Value] = {
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": 1,
    "bias": True,
    "padding_mode": "zeros",
    "eps": 1e-5,
    "affine": True,
}
"""What the constructors of convolutions and norms take where nothing is given."""

_CONV2D = (
    *("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias", "padding_mode"),
    *("device", "dtype"),
)
_BATCH_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats", "device", "dtype", "bias")
_GROUP_NORM = ("num_groups", "num_channels", "eps", "affine", "device", "dtype", "bias")
_ECA = ("channels", "kernel_size", "gamma", "beta", "identity")

_REPLACEMENTS = (
    Replacement(
        source="Conv2d",
        target="DepthwiseSeparableConv2d",
        block="DepthwiseSeparableConv2d",
        signature=_CONV2D,
        product=_CONV2D,
        keep=_CONV2D,
        check=_conv_to_separable,
    ),
    *(
        Replacement(
            source=source,
            target="GroupNorm",
            torch_name="nn.GroupNorm",
            signature=_BATCH_NORM,
            product=_GROUP_NORM,
            keep=("eps", "affine", "device", "dtype", "bias"),
            rename={"num_features": "num_channels"},
            drop=("momentum", "track_running_stats"),
            computed=("num_groups",),
            factory="group_norm",
            options=("num_groups",),
            check=_batch_to_group_norm,
        )
        for source in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
    ),
    Replacement(
        source="ReLU",
        target="gelu",
        torch_name="nn.GELU",
        function="F.gelu",
        signature=("inplace",),
        product=("approximate",),
        drop=("inplace",),
    ),
    Replacement(
        source="squeeze-excite",
        target="ECA",
        block="ECA",
        signature=(),
        product=_ECA,
        computed=("channels",),
        options=_ECA[1:],
    ),
)

_SPELLINGS: Mapping[str, str] = {"GELU": "gelu"}
_TABLE: Mapping[tuple[str, str], Replacement] = {(way.source, way.target): way for way in _REPLACEMENTS}


def sources(target: str) -> tuple[str, ...]:
    """The bare classes and structural blocks that ``target`` may stand in the place of."""
    return tuple(source for source, known in _TABLE if known == _SPELLINGS.get(target, target))
