"""Starts session processes: forked from the host process on Linux, else each as a new interpreter."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from mutagen.errors import TargetError
from mutagen.sandbox import processes, threads

_ROOT = str(Path(__file__).parents[2])
_LONGEST_START = 600.0
_PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Process:
    """A session process: its number, the pipes to and from it, and the pipe of what it prints."""

    pid: int
    requests: IO[bytes]
    responses: IO[bytes]
    output: IO[bytes]


class Launcher(Protocol):
    """Starts and ends session processes."""

    def start(self, folder: Path) -> Process:
        """A new session process that lives in ``folder``."""

    def end(self, process: Process) -> int:
        """Kill a session process and all that it started; its exit status, negative for a signal."""

    def kill(self, process: Process) -> None:
        """Kill a session process and all that it started, without waiting for it."""

    def close(self) -> None:
        """End all that is left."""


class ForkLauncher:
    """Forks sessions from one host process, which starts importing at once."""

    def __init__(self, folder: Path, preload: tuple[str, ...], targets: int) -> None:
        self._lock = threading.Lock()
        self._answered = False
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_LONGEST_START)
        with theirs:
            call = f"fork_sessions({theirs.fileno()}, {preload!r}, {str(folder)!r})"
            self._host = subprocess.Popen(
                _interpreter(call),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=threads.environment(targets),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(self, folder: Path) -> Process:
        """A session forked from the host, once the host has imported what it should."""
        ours: list[int] = []
        theirs: list[int] = []
        try:
            for reads in (False, True, True):
                read, write = os.pipe()
                ours.append(read if reads else write)
                theirs.append(write if reads else read)
            pid = self._order({"fork": str(folder)}, theirs)
        except BaseException:
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return Process(pid, os.fdopen(ours[0], "wb"), os.fdopen(ours[1], "rb"), os.fdopen(ours[2], "rb", 0))

    def end(self, process: Process) -> int:
        """Have the host kill a session and wait for it."""
        with contextlib.suppress(TargetError):
            return self._order({"end": process.pid}, [])
        return -signal.SIGKILL

    def kill(self, process: Process) -> None:
        """Kill a session that the host will wait for."""
        processes.kill(process.pid)

    def close(self) -> None:
        """Hang up, so that the host ends the sessions and itself; a host that only imports is killed at once."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        if not self._answered:
            self._host.kill()
        try:
            self._host.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._host.kill()
            self._host.wait()
        self._control.close()

    def _order(self, order: dict[str, object], descriptors: list[int]) -> int:
        with self._lock:
            try:
                socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
                answer = self._control.recv(64)
            except OSError as error:
                raise _no_host(str(error)) from error
        if not answer:
            raise _no_host("it ended")
        self._answered = True
        return int(answer)


class SpawnLauncher:
    """Starts a new interpreter for every session."""

    def __init__(self, preload: tuple[str, ...], targets: int) -> None:
        self._preload = preload
        self._environment = threads.environment(targets)
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, folder: Path) -> Process:
        """A session in a new interpreter; its pipes are its standard streams."""
        pipe = subprocess.PIPE
        call = f"serve_alone({str(folder)!r}, {self._preload!r})"
        started = subprocess.Popen(
            _interpreter(call),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=self._environment,
            start_new_session=sys.platform != "win32",
        )
        self._running[started.pid] = started
        assert started.stdin and started.stdout and started.stderr
        return Process(started.pid, started.stdin, started.stdout, started.stderr)

    def end(self, process: Process) -> int:
        """Kill the interpreter and wait for it."""
        started = self._running.pop(process.pid, None)
        if started is None:
            return 0
        self._kill(started)
        return started.wait()

    def kill(self, process: Process) -> None:
        """Kill the interpreter."""
        if process.pid in self._running:
            self._kill(self._running[process.pid])

    def close(self) -> None:
        """Nothing is left once every session was ended."""

    def _kill(self, started: subprocess.Popen[bytes]) -> None:
        if sys.platform == "win32":
            started.kill()
        else:
            processes.kill(started.pid)


def launcher(folder: Path, preload: tuple[str, ...], fork: bool, targets: int) -> Launcher:
    """The way to start sessions on this machine, for ``targets`` runs at the same time."""
    return ForkLauncher(folder, preload, targets) if fork else SpawnLauncher(preload, targets)


def _interpreter(call: str) -> list[str]:
    """A command line that runs a function of the host module and leaves the user's ``sys.path`` as it finds it."""
    function = call.partition("(")[0]
    code = (
        f"import sys; added = [{_ROOT!r}] * ({_ROOT!r} not in sys.path); sys.path[:0] = added; "
        f"from mutagen.sandbox.host import {function}; del sys.path[:len(added)], added; {call}"
    )
    return [sys.executable, "-P", "-c", code]


def _no_host(reason: str) -> TargetError:
    hint = f"try: {sys.executable} -c 'import torch'"
    return TargetError("T202", f"the process that imports torch is gone: {reason}", hint=hint)
