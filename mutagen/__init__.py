"""Change PyTorch models in their own source, by rules about the running model."""

from __future__ import annotations

from importlib import import_module

__all__ = [
    "ClashError",
    "DriftError",
    "ErrorGroup",
    "Host",
    "InternalError",
    "MutagenError",
    "Planned",
    "ProofError",
    "Result",
    "RuleError",
    "TargetError",
    "UserError",
    "__distribution__",
    "__version__",
    "apply",
    "plan",
]

__distribution__ = "torch-mutagen"
__version__ = "0.1.0"

_ERRORS = "ClashError DriftError ErrorGroup InternalError MutagenError ProofError RuleError TargetError UserError"
_HOMES = {
    **dict.fromkeys(_ERRORS.split(), "mutagen.errors"),
    **dict.fromkeys(("apply", "plan"), "mutagen.library.calls"),
    **dict.fromkeys(("Planned", "Result"), "mutagen.library.result"),
    "Host": "mutagen.sandbox.runner",
}
"""Public name -> module that defines it; resolved on first use so that ``import mutagen`` stays quick.

``__init__.pyi`` says the same to type checkers.
"""

_AUDIO = ("File", "FileType", "Metadata", "PaddingInfo", "StreamInfo", "Tags", "version", "version_string")


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


def __dir__() -> list[str]:
    """Return the public names, for completion."""
    return list(__all__)
