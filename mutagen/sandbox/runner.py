"""Runs functions of mutagen that run the user's code, in processes with limits.

with Host() as host:
    session = host.session("the model")
    trace = session.call("mutagen.trace.session:open_model", target, need_calls=True)

The host imports torch in parallel with whatever the parent does. State stays in a session between its calls.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

from mutagen.errors import InternalError, MutagenError
from mutagen.sandbox import processes, wire
from mutagen.sandbox.ending import ended, too_long, too_much, with_output
from mutagen.sandbox.launch import Launcher, Process, launcher
from mutagen.sandbox.output import Output
from mutagen.sandbox.seen import Seen

_TICK = 0.05
_TICKS_PER_SCAN = 8


class Host:
    """Gives out sessions; leaving the context ends all of them and removes their folders.

    ``timeout`` is in seconds and holds for each call. ``memory_bytes`` holds for each session with all its processes,
    by default four fifths of the machine's memory; it is watched on Linux only. ``preload`` are modules that all
    sessions share. ``fork`` tells whether sessions are forked from the host or each is a new interpreter. ``targets``
    are worked on at the same time, and share the cores.
    """

    def __init__(
        self,
        *,
        timeout: float = 120.0,
        memory_bytes: int | None = None,
        preload: tuple[str, ...] = ("torch", "mutagen.verify.session"),
        fork: bool = sys.platform == "linux",
        targets: int = 1,
    ) -> None:
        self._timeout = timeout
        self._memory = processes.most_memory() if memory_bytes is None else memory_bytes
        self._preload = preload
        self._fork = fork
        self._targets = targets
        self._sessions: list[Session] = []
        self._count = itertools.count(1)
        self._retiring: threading.Thread | None = None
        self._stopped = False
        self._launcher: Launcher | None = None

    @property
    def memory(self) -> int:
        """Bytes that each session may hold."""
        return self._memory

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="mutagen-"))
        try:
            self._launcher = launcher(self._folder, self._preload, self._fork, self._targets)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trail: TracebackType | None
    ) -> None:
        if self._retiring is None:
            self._end()
        else:
            self._retiring.join()

    def retire(self) -> None:
        """Begin to end all, beside what the caller still has to do; leaving the context waits for it."""
        self._retiring = threading.Thread(target=self._end)
        self._retiring.start()

    def _end(self) -> None:
        try:
            for session in self._sessions:
                session.kill()
            if self._launcher is not None:
                self._launcher.close()
            for session in self._sessions:
                session.close()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def stop(self) -> None:
        """Let whatever is at work fail at once, in all threads; no new session is given out."""
        self._stopped = True
        for session in tuple(self._sessions):
            session.kill()
        if self._launcher is not None:
            self._launcher.close()

    def part(self, *, watched: bool = False) -> Part:
        """Gives out sessions as the host does, and ends these alone; ``watched`` ones tell what they read."""
        return Part(self, watched=watched)

    def end_sessions(self) -> None:
        """End the sessions so far; the host stays, for others."""
        self.end(tuple(self._sessions))

    def end(self, sessions: Sequence[Session]) -> None:
        """End some sessions; the host stays, for others."""
        for session in sessions:
            session.kill()
            session.close()
            self._sessions.remove(session)

    def session(self, label: str, *, memory: int | None = None, watched: bool = False) -> Session:
        """A new process; ``label`` names in messages what it does ("the original model"). Does not wait for it.

        ``memory`` in bytes is a limit of its own, where that is less than the host's. A ``watched`` one tells what it
        reads.
        """
        if self._launcher is None or self._stopped:
            raise InternalError("E204", "a session was asked of a host that is not running")
        folder = self._folder / str(next(self._count))
        folder.mkdir()
        limit = self._memory if memory is None else min(memory, self._memory)
        session = Session(label, self._launcher, folder=folder, timeout=self._timeout, memory=limit, watched=watched)
        self._sessions.append(session)
        return session


class Part:
    """The sessions of one run among others that share a host; made by ``Host.part``."""

    def __init__(self, host: Host, *, watched: bool) -> None:
        self.watched = watched
        self.sessions: list[Session] = []
        self._host = host

    @property
    def memory(self) -> int:
        """The limit of each session in bytes."""
        return self._host.memory

    def session(self, label: str, *, memory: int | None = None) -> Session:
        """A new process of the host."""
        session = self._host.session(label, memory=memory, watched=self.watched)
        self.sessions.append(session)
        return session

    def end(self) -> None:
        """End the processes so far."""
        own, self.sessions = self.sessions, []
        self._host.end(own)


class Session:
    """One process that runs the user's code; made by ``Host.session``. ``seen`` is what a ``watched`` one has read."""

    def __init__(
        self, label: str, launcher: Launcher, *, folder: Path, timeout: float, memory: int, watched: bool = False
    ) -> None:
        self.label = label
        self.seen = Seen()
        self._watched = watched
        self._launcher = launcher
        self._folder = folder
        self._timeout = timeout
        self._memory = memory
        self._output = Output()
        self._process: Process | None = None
        self._failure: MutagenError | None = None
        self._stopped: MutagenError | None = None
        self._closed = False
        self._pending: Future[object] | None = None
        self._awaited = threading.Event()
        self._opening = threading.Thread(target=self._open, daemon=True)
        self._opening.start()

    def call(self, function: str, /, *args: object, timeout: float | None = None, **kwargs: object) -> object:
        """Run ``package.module:function`` in the process and return its result, both ways by pickle.

        Raises a MutagenError that was raised there as itself, and TargetError for all else that went wrong there.
        """
        self.start(function, *args, timeout=timeout, **kwargs)
        return self.result()

    def start(self, function: str, /, *args: object, timeout: float | None = None, **kwargs: object) -> None:
        """Begin a call; ``result`` gives what comes of it."""
        self.start_all([(function, args, kwargs)], timeout=timeout)

    def start_all(
        self, calls: Sequence[wire.Request], *, spare: Sequence[wire.Request] = (), timeout: float | None = None
    ) -> None:
        """Begin calls that are made one after the other, each within the limit, until one fails.

        ``result`` gives what comes of the last one made. ``spare`` calls fill the time until somebody waits for that:
        what becomes of them is not told.
        """
        if self._pending is not None:
            raise InternalError("E205", f"session {self.label!r} is at work already")
        self._pending = Future()
        self._awaited.clear()
        limit = self._timeout if timeout is None else timeout
        work = (tuple(calls), tuple(spare), limit, self._pending)
        threading.Thread(target=self._run, args=work, daemon=True).start()

    def result(self) -> object:
        """Wait for the call that was started."""
        if self._pending is None:
            raise InternalError("E206", f"session {self.label!r} was not asked for anything")
        self._awaited.set()
        try:
            return self._pending.result()
        finally:
            self._pending = None

    def settle(self) -> None:
        """Wait for a call that was started, if there is one, whatever comes of it."""
        with contextlib.suppress(MutagenError):
            if self._pending is not None:
                self.result()

    @property
    def output(self) -> str:
        """The last 64 KiB of what the process printed so far."""
        return self._output.text()

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        self._closed = True
        if self._process is not None:
            self._launcher.kill(self._process)

    def close(self) -> None:
        """End the process and remove its folder."""
        self._closed = True
        self._opening.join()
        process, self._process = self._process, None
        if process is not None:
            self._launcher.end(process)
            self._output.finish()
            if self._pending is None:
                for stream in (process.requests, process.responses):
                    with contextlib.suppress(BrokenPipeError):  # half a request for a process that is gone
                        stream.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self) -> None:
        try:
            process = self._launcher.start(self._folder)
            self._output.drain(process.output)
            self._process = process
            wire.receive_answer(process.responses)
            if self._watched:
                # Folders of sessions, of their host and of the proof stand beside each other.
                begin: wire.Request = ("mutagen.sandbox.memory:begin", (str(self._folder.parents[1] / "mutagen-"),), {})
                wire.send_request(process.requests, begin)
                wire.receive_answer(process.responses)
        except EOFError:
            self._failure = self._why_ended()
        except MutagenError as error:
            self._failure = error
        except OSError as error:
            self._failure = InternalError("E208", f"session {self.label!r} cannot be started: {error}")

    def _run(
        self,
        calls: Sequence[wire.Request],
        spare: Sequence[wire.Request],
        limit: float,
        outcome: Future[object],
    ) -> None:
        self._opening.join()
        value: object = None
        for request in calls:
            kind, value = self._made(request, limit)
            if isinstance(value, MutagenError) and kind == "error":
                outcome.set_exception(with_output(value, self._output))
                return
        for request in spare:
            if self._awaited.is_set() or self._made(request, limit)[0] == "error":
                break
        outcome.set_result(value)

    def _made(self, request: wire.Request, limit: float) -> wire.Answer:
        answer = self._asked(request, limit)
        if self._watched:
            self._look(limit)
        return answer

    def _look(self, limit: float) -> None:
        """Take over what the process has read."""
        _, news = self._asked(("mutagen.sandbox.memory:tell", (self.seen.size,), {}), limit)
        if isinstance(news, Seen):
            self.seen = news
        elif news is not None:
            self.seen.doubts.add(f"{self.label} ended")

    def _asked(self, request: wire.Request, limit: float) -> wire.Answer:
        process = self._process
        if self._failure is not None or process is None:
            return "error", self._failure or InternalError("E207", f"session {self.label!r} is closed")
        over = threading.Event()
        threading.Thread(target=self._watch, args=(process, limit, over), daemon=True).start()
        try:
            wire.send_request(process.requests, request)
            kind, value = wire.receive_answer(process.responses)
        except (EOFError, OSError, ValueError):
            over.set()
            self._failure = self._stopped or self._why_ended()
            kind, value = "error", self._failure
        except MutagenError as error:
            kind, value = "error", error
        over.set()
        return kind, value

    def _watch(self, process: Process, limit: float, over: threading.Event) -> None:
        """Stop a call that takes too long or too much memory, or whose process has ended and left others behind."""
        pid, ticks, others = process.pid, 0, set[int]()
        end = time.monotonic() + limit
        while not over.wait(min(_TICK, max(end - time.monotonic(), 0.0))):
            ticks += 1
            if ticks % _TICKS_PER_SCAN == 0:
                others = processes.members(pid)
            held = processes.memory(pid, others) if sys.platform == "linux" else 1
            if time.monotonic() >= end:
                self._stopped = too_long(self.label, limit, pid=pid, folder=self._folder)
            elif held > self._memory:
                self._stopped = too_much(self.label, self._memory, pid=pid, folder=self._folder)
            elif held:
                continue
            self._launcher.kill(process)
            return

    def _why_ended(self) -> MutagenError:
        process = self._process
        if process is None or self._closed:
            return InternalError("E207", f"session {self.label!r} was closed while it was at work")
        status = self._launcher.end(process)
        self._output.finish()
        return ended(self.label, status, folder=self._folder)
