"""The host process: imports torch once, then forks one process per session whenever the parent asks.

Nothing else may happen in it: a process that is forked from one whose torch has started threads can hang.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from mutagen.errors import TargetError
from mutagen.sandbox import processes
from mutagen.sandbox.session import seal, serve

_SET_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_COLLECTED = 10_000
_ALLOCATION = {-1: 256 << 20, -2: 32 << 20, -3: 32 << 20}
"""Options of glibc: what may stay free at the end of the heap, its growth, and what is too large for it."""


def fork_sessions(control: int, preload: Iterable[str], folder: str) -> NoReturn:
    """Carry out the parent's orders until it hangs up, then end every session and remove ``folder``."""
    _prctl(_SET_CHILD_SUBREAPER, 1)
    orders = socket.socket(fileno=control)
    _keep_memory()
    failure = import_all(preload)
    sessions: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, 65536, 3)
        if not message:
            break
        order = json.loads(message)
        if "fork" in order:
            pid = _fork(orders, Path(order["fork"]), descriptors, failure)
            sessions.add(pid)
            answer = pid
        else:
            answer = _end(order["end"], sessions)
        orders.send(str(answer).encode())
    for pid in tuple(sessions):
        _end(pid, sessions)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # taking torch down in order costs a tenth of a second


def serve_alone(folder: str, preload: Iterable[str]) -> None:
    """Be the one session of a process that was started for it, where processes cannot be forked."""
    requests, responses = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    seal(Path(folder), os.dup(2))
    serve(requests, responses, import_all(preload))


def import_all(names: Iterable[str]) -> TargetError | None:
    """Import the modules; the error to answer with where that fails."""
    gc.disable()  # a third of the time of importing torch goes into collections that find nothing
    try:
        for name in names:
            importlib.import_module(name)
    except ModuleNotFoundError as error:
        hint = "pip install 'torch-mutagen[torch]', in the environment of the project"
        return TargetError("T201", f"{error.name} is not installed", hint=hint)
    except Exception as error:  # a broken installation fails in any way
        hint = f"try: {sys.executable} -c 'import {name}'"
        return TargetError("T202", f"importing {name} failed: {type(error).__name__}: {error}", hint=hint)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(_COLLECTED)  # graphs of large models are many objects that stay
    return None


def _fork(orders: socket.socket, folder: Path, descriptors: list[int], failure: TargetError | None) -> int:
    host = os.getpid()
    pid = os.fork()
    if pid:
        for descriptor in descriptors:
            os.close(descriptor)
        return pid
    status, leave = 1, os._exit
    try:
        os.setsid()
        _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
        orders.close()
        if os.getppid() == host:
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
            request, response, output = descriptors
            seal(folder, output)
            serve(os.fdopen(request, "rb"), os.fdopen(response, "wb"), failure)
            status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        leave(status)


def _end(pid: int, sessions: set[int]) -> int:
    """Kill a session with all its processes; its exit status, negative for a signal."""
    if pid not in sessions:
        return 0
    processes.kill(pid)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sessions.discard(pid)
    if not sessions:
        _end_orphans()
    return status


def _end_orphans() -> None:
    """Kill what sessions left behind as daemons: it was handed to this process when its own parent ended."""
    while orphans := processes.children(os.getpid()):
        for pid in orphans:
            processes.kill(pid)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _keep_memory() -> None:
    """Let sessions use freed memory again instead of handing it back: new pages cost more than what fills them."""
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        for option, size in _ALLOCATION.items():
            change(option, size)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
