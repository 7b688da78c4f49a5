"""The values that ``set`` asks for on one instance, and whether it has them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from mutagen.match.facts import equal
from mutagen.records.rules import Value
from mutagen.records.trace import Instance

Problem = tuple[str, str, str]
"""Code, message, advice."""

_MISSING = object()


def wanted_values(instance: Instance, args: Mapping[str, Value]) -> Mapping[str, Value] | Problem:
    """The arguments of a rule with ``auto`` computed, or why the instance's class cannot take them."""
    for name in args:
        if name not in instance.parameters:
            return _unknown(instance, name)
    values = dict(args)
    if values.get("padding") == "auto":
        padding = _same(instance, values)
        if isinstance(padding, str):
            return "auto", padding, "write the padding as a number, or leave such modules out"
        values["padding"] = padding
    return values


def has_values(instance: Instance, args: Mapping[str, Value]) -> bool:
    """Whether an instance has every value that is asked for."""
    wanted = wanted_values(instance, args)
    return not isinstance(wanted, tuple) and all(_equals(instance, name, value) for name, value in wanted.items())


def value_of(instance: Instance, name: str) -> Value:
    """What an instance has for an argument of its constructor, as it stands now or as it was given; else None."""
    return instance.facts.get(name, instance.arguments.get(name))


def _equals(instance: Instance, name: str, value: Value) -> bool:
    if instance.facts.get(name, instance.arguments.get(name, _MISSING)) is _MISSING:
        return False
    return equal(value_of(instance, name), value)


def _same(instance: Instance, values: Mapping[str, Value]) -> Value:
    """dilation * (kernel_size - 1) // 2 on each axis, one number where all are equal; a text says why there is none."""
    kernel = values.get("kernel_size", value_of(instance, "kernel_size"))
    dilation = values.get("dilation", value_of(instance, "dilation"))
    axes = max(len(it) if isinstance(it, tuple) else 1 for it in (kernel, dilation))
    sizes = kernel if isinstance(kernel, tuple) else (kernel,) * axes
    steps = dilation if isinstance(dilation, tuple) else (1 if dilation is None else dilation,) * axes
    if "Transpose" in instance.name:
        return f"{instance.name} enlarges its input; there is no padding that keeps the shape"
    if not all(type(it) is int for it in (*sizes, *steps)) or len(sizes) != len(steps):
        return f"{instance.name} has no kernel_size that is known, from which a padding could be computed"
    if any(int(str(by)) * (int(str(size)) - 1) % 2 for size, by in zip(sizes, steps, strict=True)):
        return f"a kernel of {kernel} with dilation {dilation} has no padding that keeps the shape"
    paddings = tuple(int(str(by)) * (int(str(size)) - 1) // 2 for size, by in zip(sizes, steps, strict=True))
    return paddings[0] if len(set(paddings)) == 1 else paddings


def _unknown(instance: Instance, name: str) -> Problem:
    known = [it for it in instance.parameters if it not in ("device", "dtype")]
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    message = f"the constructor of {instance.name} takes no argument {name}"
    return "unknown-argument", message, f"{meant}it takes {', '.join(known) or 'none'}"
