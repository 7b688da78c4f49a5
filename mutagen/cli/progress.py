"""What is being done, on standard error, where that is a terminal and it takes more than a second; gone at the end."""

from __future__ import annotations

import itertools
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

STAGES = "mutagen.stages"
"""The logger that is told of each stage of a run, on level DEBUG, with the name of the stage alone."""

_WORDS = {
    "vendor": "copying library modules",
    "load": "reading",
    "match": "matching",
    "trace": "building and tracing",
    "plan": "planning",
    "rewrite": "rewriting",
    "verify": "proving",
    "write": "writing",
}
_SIGNS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_STEP = 0.1


@contextmanager
def progress(what: str, *, after: float = 1.0) -> Iterator[None]:
    """Show what is being done in the block, and for how long, once that is more than ``after`` seconds."""
    if not _is_welcome(sys.stderr):
        yield
        return
    line = _Line(what, sys.stderr, after)
    logger, level = logging.getLogger(STAGES), logging.getLogger(STAGES).level
    logger.addHandler(line)
    logger.setLevel(logging.DEBUG)
    line.start()
    try:
        yield
    finally:
        line.stop()
        logger.removeHandler(line)
        logger.setLevel(level)


def _is_welcome(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


class _Line(logging.Handler):
    """One line of a terminal that is written over and over by a thread of its own."""

    def __init__(self, what: str, stream: TextIO, after: float) -> None:
        super().__init__(logging.DEBUG)
        self._what, self._stream, self._after = what, stream, after
        self._stage = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._began = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a stage."""
        self._stage = _WORDS.get(record.getMessage(), record.getMessage())

    def start(self) -> None:
        """Begin to count."""
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Take the line away; nothing is written afterwards."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        if self._ended.wait(self._after):
            return
        for sign in itertools.cycle(_SIGNS):
            seconds = time.monotonic() - self._began
            stage = f" {self._stage}," if self._stage else ""
            self._write(f"\r\x1b[2K{sign} {self._what}:{stage} {seconds:.0f} s")
            if self._ended.wait(_STEP):
                break
        self._write("\r\x1b[2K")

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        try:
            self._stream.write(text.encode(encoding, errors="replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):  # the terminal is gone: whatever else is written will say so
            self._ended.set()
