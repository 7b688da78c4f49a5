"""What a run without values computes, told by how it came about: two equal marks, the same operations on the same.

Every storage carries a mark: of the operation that filled it and the marks of what went in, or of the name of a
parameter. Writing in place gives it a new one that holds the old. So order does not matter, only what depends on what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mutagen.records.proof import Operations
from mutagen.verify.flatten import flatten
from mutagen.verify.observe import Leaves, Tensors

_SMALL = 4096


class Marks(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While active, marks what every operation of torch gives or changes."""

    def __init__(self, named: Mapping[str, Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._marks: dict[int, str] = {}
        self._held: list[torch.UntypedStorage] = []  # lest an address be used again
        for name, tensor in named.items():
            self._put(tensor, _hash("named", name, _form(tensor)))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else the first operation imports torch._dynamo, which takes seconds

    def mark(self, tensor: Tensor) -> str:
        """The mark of a tensor: that of its storage and the part of it that it is."""
        key = tensor.untyped_storage()._cdata
        if key not in self._marks:
            self._put(tensor, _hash("constant", _form(tensor), _known(tensor)))
        return _hash(self._marks[key], _form(tensor), tensor.stride(), tensor.storage_offset())

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        told = _hash(str(func), self._told(args), self._told(given))
        result = func(*args, **given)
        written = [it.name for it in func._schema.arguments if it.alias_info is not None and it.alias_info.is_write]
        names = [it.name for it in func._schema.arguments]
        for index, tensor in enumerate(_tensors([*zip(names, args, strict=False), *given.items()], set(written))):
            self._put(tensor, _hash(told, "written", index))
        for index, tensor in enumerate(_flat(result)):
            if tensor.untyped_storage()._cdata not in self._marks:
                self._put(tensor, _hash(told, index))
        return result

    def _put(self, tensor: Tensor, mark: str) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._marks:
            self._held.append(storage)
        self._marks[storage._cdata] = mark

    def _told(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.mark(value)
        if isinstance(value, (list, tuple)):
            return [self._told(item) for item in value]
        if isinstance(value, dict):
            return [(key, self._told(value[key])) for key in sorted(value)]
        return repr(value) if not isinstance(value, torch.Generator) else "generator"


def marked(run: Callable[..., Any], leaves: Leaves, own: Tensors) -> Operations:
    """How what a run returns came about, and what is in the inputs and buffers after it."""
    inputs = {f"input {i}": leaf.clone() for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)}
    given = [inputs.get(f"input {i}", leaf) for i, leaf in enumerate(leaves)]
    with Marks({**own.parameters, **own.buffers, **inputs}) as marks, torch.no_grad():
        result = run(*given)
    after = {name: marks.mark(tensor) for name, tensor in {**inputs, **own.buffers}.items()}
    outputs = flatten(result)
    return Operations(outputs.structure, tuple(marks.mark(tensor) for tensor in outputs.tensors.values()), after)


def _hash(*parts: Any) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _form(tensor: Tensor) -> tuple[Any, ...]:
    return tuple(tensor.shape), str(tensor.dtype)


def _known(tensor: Tensor) -> str:
    """The values of a small tensor that has some."""
    return "" if tensor.is_meta or tensor.numel() > _SMALL else str(tensor.detach().tolist())


def _flat(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [tensor for item in value for tensor in _flat(item)] if isinstance(value, (list, tuple)) else []


def _tensors(arguments: Sequence[tuple[str, Any]], names: set[str]) -> list[Tensor]:
    return [tensor for name, value in arguments if name in names for tensor in _flat(value)]
