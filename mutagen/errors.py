"""Every error that mutagen raises on purpose.

    MutagenError
    ├── UserError        the user can act: rule file, configuration, target, flags   (exit 2)
    │   ├── RuleError        a rule file is wrong
    │   ├── TargetError      the model cannot be found, imported, built or run
    │   └── ClashError       another package or process is in the way
    ├── ProofError       source and reference disagree; nothing was written          (exit 1)
    ├── DriftError       a file is not what its rules last proved                    (exit 1)
    └── InternalError    a bug of mutagen                                            (exit 3)

An error carries a stable code, a place, one sentence of cause and one of cure. Several errors that are found
together travel in one ``ErrorGroup`` so that the user sees all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a text file; line and column start at 1, both 0 where only the file is known."""

    file: str
    line: int = 0
    column: int = 0
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class MutagenError(Exception):
    """Base of all errors; ``code`` is stable, ``hint`` says what to do, ``detail`` holds captured output."""

    exit_code = 3

    def __init__(
        self, code: str, message: str, *, place: Place | None = None, hint: str = "", detail: str = ""
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        state = {"place": self.place, "hint": self.hint, "detail": self.detail}
        return (type(self), (self.code, self.message), state)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message} [{self.code}]"


class UserError(MutagenError):
    """Something that the user can put right."""

    exit_code = 2


class RuleError(UserError):
    """A rule file says something that cannot be done or understood."""


class TargetError(UserError):
    """The model cannot be found, imported, built, run or traced."""


class ClashError(UserError):
    """Another package, process or edit is in the way."""


class ProofError(MutagenError):
    """The edited source does not compute what the rules mean; nothing was written."""

    exit_code = 1


class DriftError(MutagenError):
    """A file, or a rule, is not what it was when the rule was last proved on the file."""

    exit_code = 1


class InternalError(MutagenError):
    """A bug of mutagen."""


class ErrorGroup(MutagenError):
    """Several errors that were found together."""

    def __init__(self, errors: tuple[MutagenError, ...]) -> None:
        super().__init__("E000", f"{len(errors)} errors")
        self.errors = errors
        self.exit_code = max(error.exit_code for error in errors)

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.errors,))

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)
