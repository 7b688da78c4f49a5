"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mutagen.records.config import Entry
    from mutagen.records.rules import Style
    from mutagen.records.target import Device

Scope = Literal["file", "package"]


@dataclass(frozen=True)
class Options:
    """What a run is asked for; texts are as on the command line. ``write`` false looks only.

    ``cache`` says that an answer that was given before will do, and that this one may be kept;
    ``vendor``, that library modules which the rules change are copied into the project, and changed there;
    ``lock``, that a lock file is made where there is none; ``select`` and ``ignore`` name some of the rules.

    ``entry`` is what the configuration says of the target, where flags and rules say nothing. ``exclude`` are patterns,
    with full paths, of files that are never edited; ``per_file_ignores`` such patterns with rules that spare the files.
    ``settings`` is the digest of all that the configuration says, which is that of ``config_file`` where one is given,
    and none where ``isolated``.
    """

    rules: str
    target: str
    model: str | None = None
    inputs: tuple[str, ...] = ()
    inputs_from: str | None = None
    scope: Scope = "file"
    style: Style | None = None
    write: bool = True
    timeout: float = 120.0
    memory: int | None = None
    plan_file: str | None = None
    device: Device | None = None
    prove_with: str | None = None
    prove_inputs: tuple[str, ...] = ()
    cache: bool = False
    vendor: bool = False
    lock: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    entry: Entry | None = None
    exclude: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    settings: str = ""
    config_file: str | None = None
    isolated: bool = False
