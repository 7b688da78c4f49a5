"""What parent and session process send each other: pickles, each behind its length, over a pair of pipes.

The parent is handed nothing but plain values and mutagen's own records: unpickling an object of another class would
import the user's code (or torch) into the parent.
"""

from __future__ import annotations

import io
import pickle
import struct
from typing import IO, Any, Literal

from mutagen.errors import InternalError, MutagenError

Request = tuple[str, tuple[object, ...], dict[str, object]]
Answer = tuple[Literal["ready", "value", "error"], object]

_LENGTH = struct.Struct("<Q")
_LONGEST = 1 << 34
_RECORDS = ("mutagen.errors", "mutagen.sandbox.seen")
_PLAIN = {"builtins": {"set", "frozenset", "slice", "complex", "bytearray", "range"}, "collections": {"OrderedDict"}}


class _RecordUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if name in _PLAIN.get(module, ()):
            return super().find_class(module, name)
        if (module in _RECORDS or module.startswith("mutagen.records.")) and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:  # not what the module itself imports
                return found
        raise InternalError("E202", f"a session process may not answer with a {module}.{name}")


def loads_records(data: bytes) -> Any:
    """Unpickle plain values and records; raises InternalError for others, ValueError for what is no pickle."""
    try:
        return _RecordUnpickler(io.BytesIO(data)).load()
    except MutagenError:
        raise
    except Exception as problem:  # pickle lets anything out
        raise ValueError(str(problem)) from problem


def send_request(stream: IO[bytes], request: Request) -> None:
    """Write one call to make and flush it."""
    _write(stream, pickle.dumps(request, protocol=pickle.HIGHEST_PROTOCOL))


def receive_request(stream: IO[bytes]) -> Request:
    """The next call to make; EOFError once the parent hung up."""
    function, args, kwargs = pickle.loads(_read(stream))
    return function, args, kwargs


def send_answer(stream: IO[bytes], answer: Answer) -> None:
    """Write one answer; a value that cannot be pickled is answered with an ``InternalError``."""
    try:
        data = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as problem:  # pickle lets anything out of a __reduce__
        error = InternalError("E203", f"the answer of a session process cannot be pickled: {problem}")
        data = pickle.dumps(("error", error), protocol=pickle.HIGHEST_PROTOCOL)
    _write(stream, data)


def receive_answer(stream: IO[bytes]) -> Answer:
    """The next answer.

    Raises EOFError where the process ended, InternalError where the answer is not made of plain values and records.
    """
    data = _read(stream)
    try:
        kind, value = loads_records(data)
    except ValueError as problem:  # the user's code may have written into the pipe
        raise EOFError(str(problem)) from problem
    return kind, value


def _write(stream: IO[bytes], data: bytes) -> None:
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    if length > _LONGEST:
        raise EOFError("not a message")
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data
