"""What an answer depends on beside what was read: the question, mutagen itself, Python, what is installed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from mutagen import __version__
from mutagen.resources import rules_dir, templates_dir

if TYPE_CHECKING:
    from mutagen.records.options import Options

_NO_MATTER = {"write", "cache", "lock"}
_SETTINGS = (
    *("PYTHON", "LC_", "LANG", "TZ", "LD_", "DYLD_", "MALLOC_", "GLIBC_"),
    *("TORCH", "PYTORCH", "ATEN", "C10", "CUDA", "NVIDIA", "HIP", "ROCM", "TRITON", "NUMPY", "NPY", "SYMPY"),
    *("OMP", "GOMP", "KMP", "MKL", "BLIS", "DNNL", "ONEDNN", "OPENBLAS", "VECLIB"),
)
"""Beginnings of the names of variables that Python, torch and what they load read before anybody watches."""
_EARLY = ("sitecustomize.py", "usercustomize.py", "torch/version.py", "numpy/version.py")
"""Files that stand for what is imported before anybody watches, where no package manager has installed it."""


def key_of(options: Options) -> str:
    """A name for the answer to a question, here and now."""
    found = hashlib.blake2b(digest_size=20)
    for part in (*_question(options), *_python(), *_variables(), *_installed(), *_early()):
        found.update(part.encode("utf-8", "surrogateescape") + b"\0")
    for name, data in _own_files():
        found.update(f"{name} {len(data)}\0".encode() + data)
    return found.hexdigest()


def _question(options: Options) -> Iterator[str]:
    yield os.getcwd()
    for item in fields(options):
        if item.name not in _NO_MATTER:
            yield f"{item.name}={getattr(options, item.name)!r}"


def _python() -> Iterator[str]:
    yield __version__
    yield sys.version
    yield sys.prefix
    yield from sys.path


def _variables() -> Iterator[str]:
    for name in sorted(os.environ):
        if name.startswith(_SETTINGS):
            yield f"{name}={os.environ[name]}"


def _installed() -> Iterator[str]:
    """Names, with their versions, and times of what is installed."""
    for folder in sys.path:
        if not folder.endswith(("site-packages", "dist-packages")):
            continue
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth")):
                yield f"{folder} {entry.name} {entry.stat().st_mtime_ns}"


def _early() -> Iterator[str]:
    """Sizes and times of what Python and torch have loaded when a session begins to tell what it reads."""
    for folder in sys.path:
        for name in _EARLY:
            with contextlib.suppress(OSError):
                found = os.stat(os.path.join(folder, name))
                yield f"{folder} {name} {found.st_size} {found.st_mtime_ns}"


def _own_files() -> Iterator[tuple[str, bytes]]:
    """Mutagen's own code, rules and templates: while it is being worked on, its version says little."""
    package = Path(__file__).parents[1]
    for top in (package, rules_dir(), templates_dir()):
        for folder, folders, names in os.walk(top):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(names):
                path = os.path.join(folder, name)
                with open(path, "rb") as stream:
                    yield path, stream.read()
