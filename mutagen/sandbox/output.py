"""Keeps the end of what a process prints."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import IO

_KEPT = 64 * 1024
_CHUNK = 64 * 1024
_PATIENCE = 1.0


class Output:
    """Drains a pipe in a thread of its own, so that its writer never waits, and holds on to the last 64 KiB."""

    def __init__(self) -> None:
        self._kept = b""
        self._thread: threading.Thread | None = None

    def drain(self, stream: IO[bytes]) -> None:
        """Read ``stream`` until its end, then close it."""
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait a moment for what is still in the pipe, once its writers are gone."""
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def text(self) -> str:
        """What is kept; a character cut at its beginning shows as a replacement."""
        return self._kept.decode("utf-8", "replace")

    def _read(self, stream: IO[bytes]) -> None:
        with stream, contextlib.suppress(OSError):
            while chunk := os.read(stream.fileno(), _CHUNK):
                self._kept = (self._kept + chunk)[-_KEPT:]
