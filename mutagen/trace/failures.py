"""Turns an exception of the user's code into an error that shows the user's own line."""

from __future__ import annotations

from types import TracebackType

from mutagen.errors import Place, TargetError
from mutagen.sandbox import frames
from mutagen.trace.places import file_kind, is_installed

_LONGEST = 200


def user_error(code: str, what: str, error: BaseException, *, hint: str = "") -> TargetError:
    """A ``TargetError`` for an exception raised while doing ``what``, placed at the innermost line of the user."""
    return TargetError(code, f"{what}: {reason(error)}", place=place_of(error), hint=hint, detail=trail(error))


def trail(error: BaseException) -> str:
    """The user's own frames and all that the exception says; empty where its place and first sentence say as much."""
    own = frames.exception_frames(error)
    text = f"{type(error).__name__}: {error}".rstrip(": \n")
    if len(own) <= 1 and text == reason(error):
        return ""
    return f"{frames.listing(own)}{text}"


def reason(error: BaseException) -> str:
    """The type of an exception and the first sentence of what it says."""
    lines = str(error).strip().splitlines()
    text = lines[0].split(". ")[0][:_LONGEST] if lines else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def place_of(error: BaseException) -> Place | None:
    """The innermost line of the user's own files in a traceback, else of an installed package."""
    if isinstance(error, SyntaxError) and error.filename:
        return Place(error.filename, error.lineno or 0, error.offset or 0)
    places = _places(error.__traceback__)
    own = [place for place in places if not is_installed(place.file)]
    return (own or places)[-1] if places else None


def _places(trace: TracebackType | None) -> list[Place]:
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if file_kind(code.co_filename) == "user":
            position = list(code.co_positions())[trace.tb_lasti // 2]
            found.append(Place(code.co_filename, position[0] or trace.tb_lineno, (position[2] or 0) + 1))
        trace = trace.tb_next
    return found
