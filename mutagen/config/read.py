"""The table of one pyproject.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from mutagen.config.places import Loc, place_of
from mutagen.errors import ErrorGroup, MutagenError, Place, UserError
from mutagen.load.rules_words import hint_for
from mutagen.records.config import Config, Entry

TABLE = ("tool", "mutagen")
Kind = Literal["text", "texts", "scope", "style", "tables", "ignores"]

_TOP: Mapping[str, Kind] = {
    "rules": "texts",
    "targets": "tables",
    "exclude": "texts",
    "per-file-ignores": "ignores",
    "scope": "scope",
    "style": "style",
}
_TARGET: Mapping[str, Kind] = {
    "target": "text",
    "model": "text",
    "inputs": "texts",
    "inputs-from": "text",
    "prove-with": "text",
    "prove-inputs": "texts",
    "rules": "texts",
}
_CHOICES: Mapping[str, tuple[str, ...]] = {"scope": ("file", "package"), "style": ("inline", "module")}
_WANTED: Mapping[Kind, str] = {
    "text": "a text",
    "texts": "a list of texts",
    "tables": "tables: [[tool.mutagen.targets]]",
    "ignores": "a table of patterns, each with a list of rule ids",
}


def read_config(file: Path) -> Config | None:
    """What the table of a file says; None where it has no such table.

    Raises UserError C201 for a file that cannot be read, or an ErrorGroup with all that is wrong in the table.
    """
    text, data = _parsed(file)
    tool = data.get("tool")
    table = tool.get("mutagen") if isinstance(tool, dict) else None
    if table is None:
        return None
    reader = _Reader(str(file), text)
    config = reader.config(table)
    if reader.errors:
        found = sorted(reader.errors, key=lambda it: (it.place.line, it.place.column) if it.place else (0, 0))
        raise found[0] if len(found) == 1 else ErrorGroup(tuple(found))
    return config


def _parsed(file: Path) -> tuple[str, Mapping[str, Any]]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        hint = "correct the file, or run with --isolated"
        raise UserError(
            "C201", f"the configuration cannot be read: {reason}", place=Place(str(file)), hint=hint
        ) from error


@dataclass
class _Reader:
    """Reads the values of one file; what is wrong is kept, with its place, and left out."""

    file: str
    text: str
    errors: list[MutagenError] = field(default_factory=list)

    def config(self, table: object) -> Config:
        """The whole table."""
        found = self._values(table, TABLE, _TOP)
        targets = tuple(self._entry(it, (*TABLE, "targets", n)) for n, it in enumerate(found.get("targets", ())))
        return Config(
            self.file,
            rules=self._rules(found.get("rules", ())),
            targets=tuple(it for it in targets if it is not None),
            exclude=tuple(found.get("exclude", ())),
            per_file_ignores=tuple((glob, tuple(ids)) for glob, ids in found.get("per-file-ignores", {}).items()),
            scope=found.get("scope"),
            style=found.get("style"),
        )

    def _entry(self, table: object, loc: Loc) -> Entry | None:
        found = self._values(table, loc, _TARGET)
        if isinstance(table, dict) and "target" not in table:
            self._wrong("C204", loc, "a target needs the key `target`", 'write target = "model.py"')
        if "target" not in found:
            return None
        return Entry(
            target=self._path(found["target"]),
            model=found.get("model"),
            inputs=tuple(found.get("inputs", ())),
            inputs_from=self._function(found.get("inputs-from")),
            prove_with=found.get("prove-with"),
            prove_inputs=tuple(found.get("prove-inputs", ())),
            rules=self._rules(found.get("rules", ())),
        )

    def _values(self, table: object, loc: Loc, known: Mapping[str, Kind]) -> dict[str, Any]:
        """The values of a table that are of the right kind."""
        if not isinstance(table, dict):
            self._wrong("C203", loc, f"`{_shown(loc)}` must be a table", f"write [{_shown(TABLE)}]")
            return {}
        found = {}
        for key, value in table.items():
            if key not in known:
                hint = hint_for(key, known, what="keys")
                self._wrong("C202", (*loc, key), f"unknown key {key!r} in [{_shown(loc)}]", hint)
            elif not _is(value, known[key]):
                choices = _CHOICES.get(known[key])
                wanted = " or ".join(map(repr, choices)) if choices else _WANTED[known[key]]
                self._wrong("C203", (*loc, key), f"`{key}` must be {wanted}", f"write {wanted} behind the key")
            else:
                found[key] = value
        return found

    def _wrong(self, code: str, loc: Loc, message: str, hint: str) -> None:
        self.errors.append(UserError(code, message, place=place_of(loc, self.file, self.text), hint=hint))

    def _rules(self, names: list[str]) -> tuple[str, ...]:
        """Rule files and folders as seen from the configuration; the names of shipped sets stay."""
        return tuple(self._path(name) for name in names)

    def _path(self, name: str) -> str:
        """A file or folder in full where there is one, or where the name can be nothing else."""
        path = os.path.normpath(Path(self.file).parent / name)
        is_file = os.path.exists(path) or "/" in name or name.endswith((".py", ".yaml", ".yml"))  # noqa: PTH110
        return path if is_file else name

    def _function(self, given: str | None) -> str | None:
        """``file.py:function`` with the file in full."""
        file, mark, name = (given or "").rpartition(":")
        return f"{self._path(file)}{mark}{name}" if file else given


def _is(value: object, kind: Kind) -> bool:
    if kind == "text":
        return isinstance(value, str) and bool(value)
    if kind in _CHOICES:
        return value in _CHOICES[kind]
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(it, str) and it for it in value)
    if kind == "tables":
        return isinstance(value, list) and all(isinstance(it, dict) for it in value)
    return isinstance(value, dict) and all(_is(it, "texts") for it in cast("dict[str, object]", value).values())


def _shown(loc: Loc) -> str:
    return ".".join(str(part) for part in loc if isinstance(part, str))
