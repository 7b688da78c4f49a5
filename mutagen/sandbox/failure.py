"""Turns whatever the user's code raised into an error of mutagen that shows the user's own line."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from mutagen.errors import InternalError, MutagenError, Place, TargetError
from mutagen.sandbox import frames

_LONGEST = 300
_BUGS = (LookupError, AttributeError, AssertionError, NameError, NotImplementedError)
_GUARD = 'keep such calls under `if __name__ == "__main__":`'


class NetworkRefused(ConnectionError):
    """Raised where the user's code reaches for the network."""


def describe(error: BaseException) -> MutagenError:
    """What to tell the user about an exception of a session process.

    An error of mutagen stays as it is, unless the network that the process lacks is behind it.
    """
    refused = next((link for link in _linked(error) if isinstance(link, NetworkRefused)), None)
    if isinstance(error, MutagenError):
        known = refused is None or not isinstance(error, TargetError)
        return error if known else _offline(refused, error.place, error.detail)
    own = frames.exception_frames(error)
    if not own and isinstance(error, _BUGS) and frames.origin(frames.innermost(error.__traceback__)) == "tool":
        detail = "".join(traceback.format_exception(error))
        return InternalError("E201", f"{_title(error)}", detail=detail)
    detail = f"{frames.listing(own)}{type(error).__name__}: {_text(error)}"
    if isinstance(error, SystemExit):
        return left(f"sys.exit({error.code!r})", own)
    place = _syntax_place(error) or frames.blamed(own)
    if refused is not None:
        return _offline(refused, place, detail)
    return TargetError("T203", _title(error), place=place, hint=_hint(error), detail=detail)


def left(call: str, own: list[traceback.FrameSummary]) -> TargetError:
    """The error for code that ends the process: ``call`` is ``sys.exit(1)`` or the like."""
    message = f"the code of the model ended the process: {call}"
    return TargetError("T206", message, place=frames.blamed(own), hint=_GUARD, detail=frames.listing(own))


def _offline(refused: BaseException | None, place: Place | None, detail: str) -> TargetError:
    hint = "models are run without network: build it without a download (`pretrained=False`)"
    return TargetError("T208", f"the model needs the network: {refused}", place=place, hint=hint, detail=detail)


def _title(error: BaseException) -> str:
    first = next((line.strip() for line in _text(error).splitlines() if line.strip()), "")
    name = type(error).__name__
    if not first:
        return name
    return f"{name}: {first if len(first) <= _LONGEST else first[:_LONGEST] + ' ...'}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of the user may fail to print itself
        return ""


def _syntax_place(error: BaseException) -> Place | None:
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Place(error.filename, error.lineno, error.offset or 1)
    return None


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install `{error.name.partition('.')[0]}` in this environment, or run mutagen in the project's own"
    if isinstance(error, FileNotFoundError):
        return "models are built in an empty temporary folder: name files by their place beside `__file__`"
    return ""


def _linked(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it came from; libraries for HTTP hide the first one in ``reason`` or ``args``."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        link = todo.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        todo += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
