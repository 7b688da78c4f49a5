"""A short record of a large tensor that is nearly as strict as the tensor.

Gradients are as large as the model, and they travel through files. A tensor above ``LIMIT`` elements is recorded by
sums over a stride that no layer size divides, of its values and of its bits: a difference anywhere shows up in its sum.
"""

from __future__ import annotations

import torch

LIMIT = 1 << 16
_STRIDE = 16381  # a prime
_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}

Sketch = dict[str, torch.Tensor]


def sketch(tensor: torch.Tensor) -> Sketch:
    """Record a tensor: small ones as they are, large ones by sums of values and (wrapping) sums of bits."""
    values = tensor.detach()
    if values.numel() <= LIMIT:
        return {"values": values.clone()}
    flat = values.contiguous().flatten()
    real = torch.view_as_real(flat).flatten() if flat.is_complex() else flat
    bits = real.view(_BITS[real.element_size()])
    if not real.is_floating_point():
        real = real.to(torch.int64)
    return {"values": _sums(real), "bits": _sums(bits), "shape": torch.tensor(tensor.shape)}


def _sums(flat: torch.Tensor) -> torch.Tensor:
    whole = flat.numel() // _STRIDE * _STRIDE
    sums = flat[:whole].view(-1, _STRIDE).sum(0, dtype=flat.dtype)
    sums[: flat.numel() - whole] += flat[whole:]
    return sums
