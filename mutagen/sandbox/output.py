"""Keeps the end of what a process prints."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from typing import IO

_KEPT = 64 * 1024
_CHUNK = 64 * 1024
_PATIENCE = 1.0
_PAUSE = 0.002


class Output:
    """Drains a pipe in a thread of its own, so that its writer never waits, and holds on to the last 64 KiB."""

    def __init__(self) -> None:
        self._kept = b""
        self._lock = threading.Lock()
        self._stream: IO[bytes] | None = None
        self._thread: threading.Thread | None = None

    def drain(self, stream: IO[bytes]) -> None:
        """Read ``stream`` until its end, then close it."""
        self._stream = stream
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait a moment for what is still in the pipe, once its writers are gone."""
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def settle(self) -> None:
        """Wait a moment until the pipe is empty, while its writers may live on."""
        end = time.monotonic() + _PATIENCE
        while self._thread is not None and self._thread.is_alive() and time.monotonic() < end:
            if self._lock.acquire(timeout=_PAUSE):
                empty = self._stream is None or not _is_readable(self._stream, 0.0)
                self._lock.release()
                if empty:
                    return
            time.sleep(_PAUSE)

    def text(self) -> str:
        """What is kept; a character cut at its beginning shows as a replacement."""
        return self._kept.decode("utf-8", "replace")

    def _read(self, stream: IO[bytes]) -> None:
        with stream, contextlib.suppress(OSError):
            while True:
                _is_readable(stream, None)
                with self._lock:  # so that whoever holds it and finds the pipe empty knows that all is kept
                    chunk = os.read(stream.fileno(), _CHUNK)
                    self._kept = (self._kept + chunk)[-_KEPT:]
                if not chunk:
                    return


def _is_readable(stream: IO[bytes], timeout: float | None) -> bool:
    if sys.platform == "win32":  # pipes cannot be waited for there
        return False
    try:
        return bool(select.select([stream], [], [], timeout)[0])
    except (OSError, ValueError):  # closed meanwhile
        return False
