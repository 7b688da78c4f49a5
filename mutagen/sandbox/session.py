"""The inside of a session process: seals it off, then answers the calls of the parent."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import IO, NoReturn, TextIO

from mutagen.errors import TargetError
from mutagen.sandbox import frames, network
from mutagen.sandbox.failure import describe, left
from mutagen.sandbox.variables import FOLDERS, SETTINGS
from mutagen.sandbox.wire import Answer, receive_request, send_answer

STACK_FILE = "stack.txt"


def seal(folder: Path, output: int) -> None:
    """Give this process a folder, streams and an environment of its own, and take the network from it."""
    _redirect(output)
    _settle(folder)
    _forbid_core_dumps()
    stack = open(folder / STACK_FILE, "w")  # noqa: SIM115  faulthandler writes to it until the end
    faulthandler.enable(file=stack, all_threads=False)
    if hasattr(signal, "SIGUSR2"):
        faulthandler.register(signal.SIGUSR2, file=stack, all_threads=False)
    sys.dont_write_bytecode = True
    sys.argv = ["model"]
    network.refuse()


def serve(requests: IO[bytes], responses: IO[bytes], failure: TargetError | None) -> None:
    """Answer calls until the parent hangs up; with a ``failure`` of the start each call is answered with it."""
    process = os.getpid()
    _report_exit(responses)
    send_answer(responses, ("ready", process))
    while True:
        try:
            function, args, kwargs = receive_request(requests)
        except EOFError:
            return
        answer: Answer = ("error", failure) if failure else _answer(function, args, kwargs)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # the user's code may have closed or replaced it
                stream.flush()
        if os.getpid() != process:  # a fork of the user's code came back through its caller
            os._exit(0)
        send_answer(responses, answer)


def _answer(function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> Answer:
    module, _, name = function.partition(":")
    try:
        return "value", getattr(importlib.import_module(module), name)(*args, **kwargs)
    except BaseException as error:  # sys.exit and ^C of the user's code as well
        return "error", describe(error)


def _report_exit(responses: IO[bytes]) -> None:
    """Let ``os._exit`` say where it was called; nothing else is told before the process is gone."""
    process, leave = os.getpid(), os._exit

    def report(status: int) -> NoReturn:
        if os.getpid() == process:
            own = frames.own_frames(traceback.extract_stack(sys._getframe(1)))
            send_answer(responses, ("error", left(f"os._exit({status})", own)))
        leave(status)

    os._exit = report


def _redirect(output: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = _text(descriptor)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _text(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _settle(folder: Path) -> None:
    for name in {"work", *FOLDERS.values()}:
        (folder / name).mkdir()
    os.environ.update({variable: str(folder / name) for variable, name in FOLDERS.items()})
    os.environ.update(SETTINGS)
    os.environ["PWD"] = str(folder / "work")
    os.chdir(folder / "work")
    tempfile.tempdir = None


def _forbid_core_dumps() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
