"""Where a model is built: on the CPU if its weights find room there, or on meta, where tensors are only sizes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from mutagen.errors import TargetError
from mutagen.records.target import Device, Target
from mutagen.trace.build import build_model
from mutagen.trace.inputs import Example, Inputs

_ASKED_AT = 4
"""The share of the limit that is filled before it is asked how much there is to fill: a fourth."""
_NO_ROOM = ("can't allocate memory", "not enough memory", "out of memory")


_SMALLER = "trace it with --device meta, or allow it more with --memory"
_VALUES = "take the values out of that code, or trace it with --device cpu and --memory enough for it"


class TooLarge(BaseException):
    """The weights take more room than they may, ``needed`` bytes at least; no code of the user's is to catch it."""

    def __init__(self, needed: int = 0) -> None:
        super().__init__(needed)
        self.needed = needed


@contextmanager
def at_most(limit: int | None) -> Iterator[None]:
    """Raise TooLarge in the block as soon as the weights that are alive take more than ``limit`` bytes.

    A layer registers its weights before it fills them, so that what does not fit is never filled.
    """
    if limit is None:
        yield
        return
    known: dict[int, weakref.ref[Tensor]] = {}
    total = 0

    def count(_: nn.Module, __: str, parameter: nn.Parameter) -> None:
        nonlocal total
        held = known.get(id(parameter))
        if parameter is None or parameter.is_meta or held is not None and held() is parameter:
            return
        known[id(parameter)] = weakref.ref(parameter)
        total += _bytes(parameter)
        if total > limit:
            total = sum(_bytes(tensor) for ref in known.values() if (tensor := ref()) is not None)
        if total > limit:
            raise TooLarge(total)

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    except Exception as error:
        if lacks_room(error):
            raise TooLarge from error
        raise
    finally:
        hook.remove()


def lacks_room(error: BaseException | None) -> bool:
    """Whether an exception, or what caused it, says that there is no memory left."""
    while error is not None:
        if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_ROOM):
            return True
        error = error.__cause__
    return False


def size(count: int) -> str:
    """A number of bytes in words: 27.1 GB."""
    for unit, most in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= most:
            return f"{count / most:.1f} {unit}"
    return f"{count} bytes"


def _bytes(tensor: Tensor) -> int:
    try:
        return tensor.numel() * tensor.element_size()
    except (RuntimeError, ValueError):  # a lazy one has no size yet
        return 0


def build_on(device: Device, target: Target, module: ModuleType) -> nn.Module:
    """The model of a target on a device, where tensors are made from now on in this process.

    Raises TargetError T209 where its weights take more than ``target.memory`` on the CPU.
    """
    if device == "meta":
        return _on_meta(target, module)
    stand_on("cpu")
    limit = target.memory
    try:
        if limit is not None:
            with suppress(TooLarge), at_most(limit // _ASKED_AT):
                return build_model(target, module)
            # To fill what will not fit takes long: first ask how much it is. Meta imports 800 modules to tell.
            with suppress(TargetError):
                needed = sum(_bytes(parameter) for parameter in _on_meta(target, module).parameters())
                if needed > limit:
                    raise TooLarge(needed)
            stand_on("cpu")
        with at_most(limit):
            return build_model(target, module)
    except TooLarge as error:
        raise TargetError("T209", _too_large(error, limit), hint=_SMALLER) from None


def _on_meta(target: Target, module: ModuleType) -> nn.Module:
    stand_on("meta")
    try:
        return build_model(target, module)
    except TargetError:
        stand_on("cpu")
        model = _with_empty_weights(lambda: build_model(target, module))
        stand_on("meta")
        return model


def stand_on(device: Device) -> None:
    """Let tensors be made on a device from now on, in this process."""
    torch.set_default_device(None if device == "cpu" else device)


@contextmanager
def without_values(device: Device) -> Iterator[None]:
    """Say of what fails in the block on the meta device that this may be because there are no values."""
    try:
        yield
    except TargetError as error:
        if device == "cpu":
            raise
        message = f"on the meta device, where tensors have no values, {error.message}"
        raise TargetError("T210", message, place=error.place, hint=_VALUES, detail=error.detail) from error


def neither(failures: list[TargetError]) -> TargetError:
    """The error for a model that can be opened on no device: that of the CPU tells what is to be done."""
    last = next(it for it in failures if it.code != "T210")
    if last.code != "T209":
        return last
    other = next(it for it in failures if it is not last)
    message = f"{last.message}; {other.message}"
    return TargetError("T209", message, place=other.place, hint=_VALUES, detail=other.detail)


def _too_large(error: TooLarge, limit: int | None) -> str:
    needed = f"take {size(error.needed)}, " if error.needed and limit else "take "
    allowed = f"more than the {size(limit)} that they may, which leaves room for a copy" if limit else "all memory"
    return f"the model's weights {needed}{allowed}"


def _with_empty_weights(make: Callable[[], nn.Module]) -> nn.Module:
    """A model on meta that is built with values, but for its weights: for code that computes from other tensors."""
    moved: dict[int, tuple[weakref.ref[Tensor], nn.Parameter]] = {}

    def move(_: nn.Module, __: str, parameter: nn.Parameter) -> nn.Parameter | None:
        if parameter is None or parameter.is_meta:
            return None
        held = moved.get(id(parameter))
        if held is None or held[0]() is not parameter:
            empty = nn.Parameter(parameter.detach().to("meta"), requires_grad=parameter.requires_grad)
            held = moved[id(parameter)] = weakref.ref(parameter), empty
        return held[1]

    hook = register_module_parameter_registration_hook(move)  # type: ignore[arg-type]  # what it returns is registered
    try:
        return make().to("meta")
    finally:
        hook.remove()


def drawn(example: Callable[[], Example], device: Device) -> Example:
    """Example inputs that are made with values on the CPU and then moved to the device."""
    if device == "cpu":
        return example()
    with torch.device("cpu"):
        given = example()

    def make(batch: int | None, scale: float, seed: int) -> Inputs:
        with torch.device("cpu"):
            leaves = given.make(batch, scale, seed)
        return tuple(leaf.to(device) if isinstance(leaf, Tensor) else leaf for leaf in leaves)

    return replace(given, make=make)
