"""What parent and session process send each other: pickles, one after the other, over a pair of pipes.

The parent is handed nothing but plain values and mutagen's own records: unpickling an object of another class would
import the user's code (or torch) into the parent.
"""

from __future__ import annotations

import pickle
from typing import IO, Literal

from mutagen.errors import InternalError, MutagenError

Answer = tuple[Literal["ready", "value", "error"], object]

_PLAIN = {"builtins": {"set", "frozenset", "slice", "complex", "bytearray", "range"}, "collections": {"OrderedDict"}}


class _RecordUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if module == "mutagen.errors" or module.startswith("mutagen.records") or name in _PLAIN.get(module, ()):
            return super().find_class(module, name)
        raise InternalError("E202", f"a session process may not answer with a {module}.{name}")


def send(stream: IO[bytes], message: object) -> None:
    """Write one message and flush it."""
    stream.write(pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL))
    stream.flush()


def send_answer(stream: IO[bytes], answer: Answer) -> None:
    """Write one answer; a value that cannot be pickled is answered with an ``InternalError``."""
    try:
        data = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as problem:  # pickle lets anything out of a __reduce__
        error = InternalError("E203", f"the answer of a session process cannot be pickled: {problem}")
        data = pickle.dumps(("error", error), protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(data)
    stream.flush()


def receive_answer(stream: IO[bytes]) -> Answer:
    """The next answer.

    Raises EOFError where the process ended, InternalError where the answer is not made of plain values and records.
    """
    try:
        kind, value = _RecordUnpickler(stream).load()
    except (EOFError, MutagenError):
        raise
    except Exception as problem:  # the user's code may have written into the pipe
        raise EOFError(str(problem)) from problem
    return kind, value
