"""Random numbers that depend on a seed and a name alone."""

from __future__ import annotations

import hashlib

import torch

_SEED_BYTES = 7


def seed_of(seed: int, name: str) -> int:
    """Hash seed and name to a non-negative number of 56 bits."""
    digest = hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=_SEED_BYTES).digest()
    return int.from_bytes(digest, "big")


def generator(seed: int, name: str) -> torch.Generator:
    """Make a CPU generator of its own for ``name``."""
    return torch.Generator().manual_seed(seed_of(seed, name))


def normal(shape: torch.Size, source: torch.Generator, *, dtype: torch.dtype) -> torch.Tensor:
    """Draw N(0, 1); in float32 first for types that the generator does not draw."""
    if dtype.is_complex:
        return torch.randn(shape, generator=source, dtype=dtype)
    return torch.randn(shape, generator=source, dtype=torch.float32).to(dtype)


def uniform(shape: torch.Size, source: torch.Generator, *, low: float, high: float) -> torch.Tensor:
    """Draw float32 values in [low, high)."""
    return torch.rand(shape, generator=source, dtype=torch.float32) * (high - low) + low
