"""Change PyTorch models in their own source, by rules about the running model."""

from __future__ import annotations

__distribution__ = "torch-mutagen"
__version__ = "0.1.0"
