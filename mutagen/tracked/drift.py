"""Compares what a lock file says with the disk.

Codes: L101 a file changed, L102 a rule or template changed, L103 a file is gone, L104 a rule is gone, L105 a tracked
file cannot be read, L106 the configuration changed.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from mutagen import __version__
from mutagen.errors import DriftError, Place
from mutagen.tracked.content import digest_of, is_shipped, path_of
from mutagen.tracked.lockfile import Line

_MOST_RUNS = 4

Settings = Callable[[str, Sequence[str]], tuple[str, str | None]]
"""Of the folder of a lock file and the words of a run: what the configuration says, as a digest, and its file."""


def no_settings(folder: str, run: Sequence[str]) -> tuple[str, str | None]:
    """For whoever knows of no configuration."""
    return "", None


@dataclass(frozen=True, slots=True)
class Found:
    """How many files were compared, what is not as it was, and the runs that put it right, each with its folder."""

    files: int
    errors: tuple[DriftError, ...]
    runs: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Disk:
    """Digests by the names that a lock file gives; None for what is not there. ``errors`` are of what was not read."""

    lock: str
    settings: Settings = no_settings
    digests: dict[str, str | None] = field(default_factory=dict)
    errors: list[DriftError] = field(default_factory=list)
    _configs: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def path(self, name: str) -> str:
        return path_of(name, os.path.dirname(self.lock))

    def config(self, line: Line) -> tuple[str, str | None]:
        """What the configuration says of a line's run now, and where."""
        if line.run not in self._configs:
            self._configs[line.run] = self.settings(os.path.dirname(self.lock), shlex.split(line.run))
        return self._configs[line.run]

    def get(self, name: str) -> str | None:
        if name not in self.digests:
            try:
                self.digests[name] = digest_of(self.path(name))
            except OSError as error:
                message = f"a tracked file cannot be read: {error.strerror}"
                place, hint = Place(self.path(name)), "make it readable for you"
                self.errors.append(DriftError("L105", message, place=place, hint=hint))
                self.digests[name] = ""
        return self.digests[name]


def compare(
    lines: Iterable[Line], lock: str, only: AbstractSet[str] | None = None, *, settings: Settings = no_settings
) -> Found:
    """What has drifted among the lines of a lock file.

    With ``only``, files of these names and those whose rules or configuration have these names are compared. A file
    that is gone is told in any case: whoever lists what there is cannot name it.
    """
    disk = _Disk(lock, settings)
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.file, line.run), []).append(line)
    judged = [_nearest(it, disk) for it in groups.values() if _is_asked(it, only, disk)]
    judged += [
        it[0] for it in groups.values() if not _is_asked(it, only, disk) and not os.path.exists(disk.path(it[0].file))
    ]
    errors = [*_about_files(judged, disk), *_about_rules(judged, disk), *_about_config(judged, disk)]
    runs = {(os.path.dirname(lock), line.run): None for line in judged if _can_run_again(line, disk)}
    return Found(len({line.file for line in judged}), (*errors, *disk.errors), tuple(runs))


def _is_asked(group: Sequence[Line], only: AbstractSet[str] | None, disk: _Disk) -> bool:
    if only is None or any(line.file in only or not only.isdisjoint(line.rules) for line in group):
        return True
    tables = [disk.path(it) for it in only if it.endswith(".toml")]
    return bool(tables) and disk.config(group[0])[1] in tables


def _nearest(group: Sequence[Line], disk: _Disk) -> Line:
    """The line of a file and a run that agrees best with the disk; a merge may have left several."""
    return max(group, key=lambda line: (line.sha256 == disk.get(line.file), not any(_changed(line, disk))))


def _changed(line: Line, disk: _Disk) -> Iterator[str]:
    """What the rules were read from and is no longer as it was."""
    return (name for name, sha256 in line.rules.items() if disk.get(name) not in (sha256, ""))


def _can_run_again(line: Line, disk: _Disk) -> bool:
    """Whether a line has drifted, and all that its run needs is there."""
    drifted = disk.get(line.file) != line.sha256 or any(_changed(line, disk)) or disk.config(line)[0] != line.config
    return drifted and all(disk.get(name) for name in (line.file, *line.rules))


def _about_files(lines: Sequence[Line], disk: _Disk) -> Iterator[DriftError]:
    drifted: dict[str, list[Line]] = {}
    for line in lines:
        if disk.get(line.file) not in (line.sha256, ""):
            drifted.setdefault(line.file, []).append(line)
    for name, about in drifted.items():
        place = Place(disk.path(name))
        if disk.get(name) is None:
            hint = f"put it back, or take its lines out of {os.path.basename(disk.lock)} and commit that too"
            yield DriftError("L103", f"the file is gone; {_rules(about)} left it here", place=place, hint=hint)
        else:
            hint = f"take the change back, or let the rules run again:\n{_commands(about, disk)}"
            yield DriftError("L101", f"the file is not as {_rules(about)} left it", place=place, hint=hint)


def _about_rules(lines: Sequence[Line], disk: _Disk) -> Iterator[DriftError]:
    drifted: dict[str, list[Line]] = {}
    for line in lines:
        for name in _changed(line, disk):
            drifted.setdefault(name, []).append(line)
    for name, about in drifted.items():
        place = Place(disk.lock if is_shipped(name) else disk.path(name))
        applied = f"since it was applied to {_files(about)}"
        again = f"let it run again:\n{_commands(about, disk)}"
        if is_shipped(name):
            message = f"{name} is another one in torch-mutagen {__version__} than was applied to {_files(about)}"
            hint = f"install the torch-mutagen that wrote the lock file (for pre-commit: its `rev`), or {again}"
            yield DriftError("L102", message, place=place, hint=hint)
        elif disk.get(name) is None:
            hint = f"put it back; if it is to hold no more, take the lines that name it out of {disk.lock}"
            yield DriftError("L104", f"the rule file has gone {applied}", place=place, hint=hint)
        else:
            hint = f"take the change back, or {again}"
            yield DriftError("L102", f"the rule file has changed {applied}", place=place, hint=hint)


def _about_config(lines: Sequence[Line], disk: _Disk) -> Iterator[DriftError]:
    drifted: dict[str | None, list[Line]] = {}
    for line in lines:
        said, file = disk.config(line)
        if said != line.config:
            drifted.setdefault(file, []).append(line)
    for file, about in drifted.items():
        message = f"the configuration has changed since {_rules(about)} was applied to {_files(about)}"
        hint = f"take the change back, or let it run again:\n{_commands(about, disk)}"
        yield DriftError("L106", message, place=Place(file or disk.lock), hint=hint)


def _rules(lines: Sequence[Line]) -> str:
    """The rules of some lines, as their runs call them."""
    return ", ".join(dict.fromkeys(line.identity[0] for line in lines))


def _files(lines: Sequence[Line]) -> str:
    names = list(dict.fromkeys(line.file for line in lines))
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _commands(lines: Sequence[Line], disk: _Disk) -> str:
    """The commands that lead to some lines again, from the current folder."""
    folder = os.path.relpath(os.path.dirname(disk.lock))
    before = "" if folder == os.curdir else f"cd {shlex.quote(folder)} && "
    runs = list(dict.fromkeys(line.run for line in lines))
    more = [f"... and {len(runs) - _MOST_RUNS} more"] if len(runs) > _MOST_RUNS else []
    return "\n".join([*(f"{before}mutagen apply {run}" for run in runs[:_MOST_RUNS]), *more])
