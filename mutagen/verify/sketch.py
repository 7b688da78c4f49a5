"""A short record of a large tensor that is as strict for equality and nearly so for closeness.

Gradients are as large as the model, and they travel through files. A tensor above ``LIMIT`` elements is recorded by its
hash and by sums over a stride that no layer size divides; a difference anywhere shows up in its sum.
"""

from __future__ import annotations

import ctypes
import hashlib

import torch

LIMIT = 1 << 16
_STRIDE = 16381  # a prime

Sketch = dict[str, torch.Tensor | str]


def sketch(tensor: torch.Tensor) -> Sketch:
    """Record a tensor: small ones as they are, large ones by hash and sums."""
    values = tensor.detach()
    if values.numel() <= LIMIT:
        return {"values": values.clone()}
    flat = values.contiguous().flatten()
    whole = flat.numel() // _STRIDE * _STRIDE
    wide = torch.complex128 if flat.is_complex() else torch.float64 if flat.is_floating_point() else torch.int64
    sums = flat[:whole].view(-1, _STRIDE).sum(0, dtype=wide)
    sums[: flat.numel() - whole] += flat[whole:]
    digest = hashlib.blake2b(_memory(flat), digest_size=16).hexdigest()
    return {"values": sums, "digest": f"{digest} {tuple(tensor.shape)} {tensor.dtype}"}


def _memory(flat: torch.Tensor) -> memoryview:
    """The bytes of a contiguous tensor where they lie; numpy may not be there."""
    size = flat.numel() * flat.element_size()
    return memoryview((ctypes.c_char * size).from_address(flat.data_ptr()))
