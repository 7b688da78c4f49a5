"""The arguments of `mutagen apply` that lead to a run again, for lock files."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import fields

from mutagen.records.options import Options
from mutagen.tracked.content import name_of

FLAGS = {
    "model": "--model",
    "select": "--select",
    "ignore": "--ignore",
    "inputs": "--input",
    "inputs_from": "--inputs-from",
    "scope": "--scope",
    "style": "--style",
    "device": "--device",
    "prove_with": "--prove-with",
    "prove_inputs": "--prove-input",
    "vendor": "--vendor",
    "timeout": "--timeout",
    "memory": "--memory",
    "config_file": "--config",
    "isolated": "--isolated",
}
"""The options that lead to other results, by field, with the flags that give them."""
_DEFAULTS = {field.name: field.default for field in fields(Options)}


def command_of(options: Options, target: str, folder: str) -> str:
    """The arguments as a shell takes them, with paths as seen from ``folder``; flags that say nothing are left out."""
    return shlex.join([_seen(options.rules, folder), name_of(target, folder), *_flags(options, folder)])


def _flags(options: Options, folder: str) -> Iterator[str]:
    for name, flag in FLAGS.items():
        value = getattr(options, name)
        if value == _DEFAULTS[name]:
            continue
        if value is True:
            yield flag
        elif isinstance(value, tuple):
            yield from (part for item in value for part in (flag, item))
        else:
            yield from (
                flag,
                _function(value, folder)
                if name == "inputs_from"
                else _seen(value, folder)
                if name == "config_file"
                else f"{value:g}"
                if name == "timeout"
                else str(value),
            )


def _seen(rules: str, folder: str) -> str:
    """A rule file or folder as seen from there; the name of a shipped set stays."""
    return name_of(os.path.abspath(rules), folder) if os.path.exists(rules) else rules


def _function(given: str, folder: str) -> str:
    """``file.py:function`` with the file as seen from there."""
    file, mark, name = given.rpartition(":")
    return f"{_seen(file, folder)}{mark}{name}" if os.path.exists(file) else given
