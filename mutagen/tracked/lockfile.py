"""The text of ``mutagen.lock``: a line of JSON for each file and run, sorted, so that git merges what it can.

Codes: L001 unreadable, L002 none there, L003 a line is not one of ours, L004 merge conflict, L005 version.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mutagen.errors import ErrorGroup, Place, UserError

VERSION = 1

_HEAD = f"""\
# mutagen.lock {VERSION}: files as their rules last left them; `mutagen apply` writes it, `mutagen check` compares. Commit it.
# After a merge conflict keep the lines of both sides, in any order.
"""  # noqa: E501
_VERSION = re.compile(r"# mutagen\.lock (\d+)\b")
_TELLING = ("--model", "--select", "--ignore")
_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


@dataclass(frozen=True, slots=True)
class Line:
    """One file as one run left it: digests of the file and of what the rules were read from, by name.

    ``run`` are the arguments of `mutagen apply` as a shell takes them, with paths as seen from the lock file.
    ``config`` is the digest of what the configuration said of it, "" where it said nothing.
    """

    file: str
    sha256: str
    run: str
    rules: Mapping[str, str]
    config: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What a later run of the same rules on the same model has in common with this one."""
        words = shlex.split(self.run)
        kept = (index for index, word in enumerate(words) if word in _TELLING)
        return (*words[:2], *(part for index in kept for part in words[index : index + 2]))


def parse(data: bytes, path: str) -> tuple[Line, ...]:
    """The lines of a lock file; raises UserError, or ErrorGroup with everything that is wrong."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError("L003", "the lock file is not UTF-8", place=Place(path), hint=_RESTORE) from error
    found: list[Line] = []
    errors: list[UserError] = []
    for number, row in enumerate(text.splitlines(), 1):
        try:
            if row.startswith("{"):
                found.append(_line(json.loads(row)))
            else:
                _check(row)
        except (ValueError, KeyError, TypeError, RecursionError):
            errors.append(UserError("L003", "not a line of a lock file", place=Place(path, number, 1), hint=_RESTORE))
        except UserError as error:
            error.place = Place(path, number, 1)
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ErrorGroup(tuple(errors))
    return tuple(found)


def render(lines: Iterable[Line]) -> bytes:
    """The text of a lock file with these lines."""
    ordered = sorted(lines, key=lambda line: (line.file, line.run, line.sha256))
    return (_HEAD + "".join(f"{_text(line)}\n" for line in ordered)).encode()


def _text(line: Line) -> str:
    rules = dict(sorted(line.rules.items()))
    data = {"file": line.file, "sha256": line.sha256, "run": line.run, "rules": rules}
    return json.dumps(data | ({"config": line.config} if line.config else {}), ensure_ascii=False)


def _line(data: dict[str, object]) -> Line:
    file, sha256, run, rules = data["file"], data["sha256"], data["run"], data["rules"]
    if not (isinstance(file, str) and isinstance(sha256, str) and isinstance(run, str) and isinstance(rules, dict)):
        raise TypeError
    if not all(isinstance(value, str) for value in rules.values()) or len(shlex.split(run)) < 2:
        raise TypeError
    config = data.get("config", "")
    if not isinstance(config, str):
        raise TypeError
    return Line(file, sha256, run, rules, config)


def _check(row: str) -> None:
    """Raise for a row that holds no line of JSON and is neither a comment nor empty."""
    if row.startswith(_MARKS):
        hint = "keep the lines of both sides, take the marks out, then run `mutagen check`"
        raise UserError("L004", "the lock file has a merge conflict", hint=hint)
    version = _VERSION.match(row)
    if version and int(version[1]) > VERSION:
        message = f"the lock file has version {version[1]}; this mutagen reads up to {VERSION}"
        raise UserError("L005", message, hint="update torch-mutagen (in .pre-commit-config.yaml: its `rev`)")
    if row.strip() and not row.startswith("#"):
        raise ValueError(row)


_RESTORE = "take the line out, or restore the file: git checkout mutagen.lock"
