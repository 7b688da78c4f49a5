"""What is known of library modules that are to be copied into the user's project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mutagen.records.plan import RulePlan
from mutagen.records.span import Span


@dataclass(frozen=True, slots=True)
class Reference:
    """One place of a source that reaches into a library module by way of an import.

    ``at`` is a name within an import statement, or an expression such as ``models.resnet18``. It stands for ``name`` of
    the module in the file ``home``; without ``name`` for the module itself.
    """

    at: Span
    home: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Copied:
    """A library module that is copied: its file and name, the file of the copy and by what name that is imported.

    ``standing`` says that the copy is there already, from an earlier run.
    """

    file: str
    module: str
    is_package: bool
    path: str
    imported_as: str
    standing: bool = False


@dataclass(frozen=True, slots=True)
class Vendored:
    """Sources with copies of library modules in them: bytes by absolute path, and notes for the report.

    ``hashes`` are the SHA-256 of those that are on disk, as they are there. Where nothing is copied ``rules`` tell what
    would come of the rules if all of the library might be.
    """

    overlay: Mapping[str, bytes] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rules: tuple[RulePlan, ...] = ()

    def read(self, path: str) -> bytes:
        """A source, as it is with the copies."""
        known = self.overlay.get(path)
        return known if known is not None else Path(path).read_bytes()
