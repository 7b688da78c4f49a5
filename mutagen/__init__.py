"""Change PyTorch models in their own source, by rules about the running model."""

from __future__ import annotations

from importlib import import_module

__all__ = ["ProofError", "UserError", "__distribution__", "__version__"]

__distribution__ = "torch-mutagen"
__version__ = "0.1.0"

_HOMES = {"ProofError": "mutagen.errors", "UserError": "mutagen.errors"}
"""Public name -> module that defines it; resolved on first use so that ``import mutagen`` stays quick."""

_AUDIO = (
    "File",
    "FileType",
    "Metadata",
    "MutagenError",
    "PaddingInfo",
    "StreamInfo",
    "Tags",
    "version",
    "version_string",
)


def __getattr__(name: str) -> object:
    """Return a public name from its module; names of the audio tag library raise an ImportError that explains."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _AUDIO:
        raise ImportError(
            f"'mutagen' here is {__distribution__}, which changes PyTorch models; {name!r} belongs to the audio tag "
            "library of the same import name. The two cannot share an environment: use two virtual environments, or "
            f"remove this one (pip uninstall {__distribution__}) and reinstall the other "
            "(pip install --force-reinstall mutagen). Details: mutagen doctor"
        )
    raise AttributeError(f"module 'mutagen' has no attribute {name!r}")
