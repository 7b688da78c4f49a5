"""What a borrowed class wants and does: told by its signature and a trial run, in a child process."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import nn

from mutagen.blocks.carried import SIGNATURES, carried
from mutagen.blocks.lender import lent_class
from mutagen.errors import RuleError
from mutagen.records.blocks import Borrowed, Contract
from mutagen.records.rules import Value
from mutagen.trace.constructor import signature_of

_CHANNELS: Final = frozenset(
    (
        *("channels", "channel", "num_channels", "n_channels", "nc", "c", "ch", "c1", "chs", "dim", "dims", "in_dim"),
        *("in_channels", "in_channel", "in_chs", "in_ch", "in_planes", "inplanes", "planes", "inp", "gate_channels"),
        *("gate_channel", "num_features", "features", "in_features", "d_model", "embed_dim", "embed_dims"),
    )
)
_SAME_OUT: Final = frozenset(
    (
        *("out_channels", "out_channel", "out_chs", "out_ch", "out_planes", "outplanes", "oup", "out_dim", "c2"),
        *("out_features",),
    )
)
_COUNTS: Final = (64, 96)
_SIZES: Final[Mapping[int, Sequence[tuple[int, ...]]]] = {
    4: ((12, 10), (16, 16), (14, 14), (7, 7), (56, 56)),
    3: ((20,), (16,), (49,)),
    5: ((6, 5, 4), (8, 8, 8)),
}
_GIVE: Final = "give them beside `from`: args: {%s}"


def contract_of(borrowed: Borrowed, given: Mapping[str, Value]) -> Contract:
    """The contract of a class for which the rule file gives these arguments.

    Raises RuleError R141 where the class is none of torch's modules; R143 for arguments that it needs, and R144 where
    it keeps the shape of no feature map, if it does not take what a convolution, a norm or the like is given either.
    """
    kind = lent_class(borrowed)
    parameters = _parameters(kind, borrowed)
    _check_known(borrowed, [*given, *borrowed.channels], parameters)
    names = tuple(it.name for it in parameters)
    known = Contract(
        names,
        (),
        by_name=False,
        ranks=(),
        file=inspect.getsourcefile(kind) or borrowed.file,
        required=tuple(it.name for it in parameters if it.default is it.empty),
        defaults={it.name: it.default for it in parameters if _is_simple(it.default)},
    )
    try:
        return _handing_on(known, kind, parameters, borrowed, given)
    except RuleError as error:
        if error.code == "R128" or not _takes_a_place(known, given):
            raise
        return replace(known, unfit=(error.code, error.message, error.hint or ""))


def _takes_a_place(known: Contract, given: Mapping[str, Value]) -> bool:
    """Whether the arguments of some class of torch are all that it needs."""
    ways = (carried(signature, known.parameters, given) for signature in SIGNATURES.values())
    return any(way and set(known.required) <= {*way.values(), *given} for way in ways)


def _is_simple(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_simple, value))
    return value is None or isinstance(value, bool | int | float | str)


def _handing_on(
    known: Contract,
    kind: type[nn.Module],
    parameters: Sequence[inspect.Parameter],
    borrowed: Borrowed,
    given: Mapping[str, Value],
) -> Contract:
    """The contract of a class that hands feature maps on; raises RuleError R143 or R144."""
    said = tuple(it.name for it in parameters if it.name in borrowed.channels)
    channels = said or _channels(parameters, given)
    missing = [it for it in known.required if it not in (*channels, *given)]
    if missing:
        message = f"the constructor of {borrowed.name} needs {', '.join(missing)} too"
        raise RuleError("R143", message, hint=_GIVE % ", ".join(f"{it}: ..." for it in missing))
    ranks, why = _ranks(kind, channels, given)
    if not ranks:
        message = f"{borrowed.name} hands on no feature map as it came: {why}"
        raise RuleError("R144", message, hint=_cure(parameters, channels, given))
    guessed = [it for it in channels if it not in (*borrowed.channels, *_CHANNELS, *_SAME_OUT)]
    if guessed and not _matters(kind, channels, given, ranks[0]):
        message = f"{borrowed.name} needs {guessed[0]}, which does not seem to be the number of channels"
        hint = f"write args: {{{guessed[0]}: ...}}, or channels: {guessed[0]} where it is"
        raise RuleError("R143", message, hint=hint)
    first = parameters[: len(channels)]
    by_name = known.parameters[: len(channels)] != channels or any(it.kind is it.KEYWORD_ONLY for it in first)
    return replace(known, channels=channels, by_name=by_name, ranks=ranks)


def _parameters(kind: type[nn.Module], borrowed: Borrowed) -> list[inspect.Parameter]:
    signature = signature_of(kind)
    if signature is None:
        raise RuleError("R143", f"the constructor of {borrowed.name} has no signature that can be read")
    stars = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [it for it in signature.parameters.values() if it.kind not in stars]


def _check_known(borrowed: Borrowed, given: Sequence[str], parameters: Sequence[inspect.Parameter]) -> None:
    known = [it.name for it in parameters]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(known) or 'none'}"
            raise RuleError("R128", f"unknown argument {name!r} for {borrowed.name}", hint=hint)


def _channels(parameters: Sequence[inspect.Parameter], given: Mapping[str, Value]) -> tuple[str, ...]:
    """The arguments that are the number of channels: by their names, else the first one that must be given."""
    free = [it for it in parameters if it.name not in given]
    wanted = [it for it in free if it.default is it.empty or isinstance(it.default, int)]
    named = [it.name for it in wanted if it.name.lower() in _CHANNELS and not isinstance(it.default, bool)]
    if not named:
        required = [it.name for it in free if it.default is it.empty]
        named = required[:1]
    out = [it.name for it in wanted if it.name.lower() in _SAME_OUT and named]
    return tuple(it.name for it in parameters if it.name in (*named, *out))


def _ranks(kind: type[nn.Module], channels: Sequence[str], given: Mapping[str, Value]) -> tuple[tuple[int, ...], str]:
    """The ranks of feature maps whose shape it keeps, and what spoke against the first one."""
    found: list[int] = []
    why = ""
    for rank, sizes in _SIZES.items():
        for size in sizes:
            problems = [_problem(kind, channels, given, count, size) for count in _COUNTS]
            if not any(problems):
                found.append(rank)
                break
            why = why or next(it for it in problems if it)
    return tuple(sorted(found)), why


def _problem(
    kind: type[nn.Module], channels: Sequence[str], given: Mapping[str, Value], count: int, size: tuple[int, ...]
) -> str:
    """What happens to a tensor of that size; empty where it comes out with its shape."""
    shape = (2, count, *size)
    try:
        with torch.random.fork_rng(devices=()), torch.no_grad():
            result = kind(**dict.fromkeys(channels, count), **given)(torch.randn(shape))
    except Exception as error:  # whatever somebody else's class raises is what there is to say
        return f"with {shape} it raises {type(error).__name__}: {str(error).strip().partition(chr(10))[0][:160]}"
    if not isinstance(result, torch.Tensor):
        return f"with {shape} it returns a {type(result).__name__}, not one tensor"
    return "" if tuple(result.shape) == shape else f"of {shape} it makes {tuple(result.shape)}"


def _matters(kind: type[nn.Module], channels: Sequence[str], given: Mapping[str, Value], rank: int) -> bool:
    """Whether a tensor with other channels than it was told does not pass."""
    few, many = _COUNTS
    try:
        with torch.random.fork_rng(devices=()), torch.no_grad():
            kind(**dict.fromkeys(channels, few), **given)(torch.randn((2, many, *_SIZES[rank][0])))
    except Exception:
        return True
    return False


def _cure(parameters: Sequence[inspect.Parameter], channels: Sequence[str], given: Mapping[str, Value]) -> str:
    told = f"taken for the channels: {', '.join(channels)}" if channels else "no argument was taken for the channels"
    rest = [it.name for it in parameters if it.name not in (*channels, *given)]
    return f"{told}; say otherwise with `channels: NAME`" + (f", or give args: {', '.join(rest)}" if rest else "")
