"""A process that has imported torch and mutagen, and forks for each command line that is run.

Each command runs as ``python -m mutagen`` would, in a process of its own with its own folder, environment and streams;
the interpreter that mutagen starts beside it to run the user's code is forked here too. What is saved is importing.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.zygote import import_all

REPOSITORY = Path(__file__).parents[1]
LONGEST = 65536


class Warm:
    """Runs command lines in forks of one process, which imports ``preload`` as well, as far as that goes."""

    def __init__(self, preload: tuple[str, ...] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="corpus-")
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "corpus.warm", str(theirs.fileno()), *preload],
                cwd=REPOSITORY,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )

    def run(
        self, arguments: Sequence[str], *, cwd: str, env: Mapping[str, str], timeout: float
    ) -> tuple[int | None, bytes, bytes]:
        """Returns exit code (None: it took too long), output and errors of ``mutagen`` with these arguments."""
        out, err = (Path(self._folder.name) / name for name in ("out", "err"))
        order = {"arguments": list(arguments), "cwd": cwd, "env": dict(env), "out": str(out), "err": str(err)}
        self._orders.settimeout(None)
        self._orders.send(json.dumps(order).encode())
        pid = int(self._received())
        self._orders.settimeout(timeout)
        try:
            code: int | None = int(self._received())
        except TimeoutError:
            os.killpg(pid, signal.SIGKILL)
            self._orders.settimeout(None)
            self._received()
            code = None
        return code, out.read_bytes(), err.read_bytes()

    def _received(self) -> bytes:
        answer = self._orders.recv(64)
        if not answer:
            raise RuntimeError("the process that runs the command lines ended")
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._orders.close()
        self._process.wait(timeout=10)
        self._folder.cleanup()

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()


class _ForkedInterpreter:
    """Stands for a ``subprocess.Popen`` of an interpreter with code, which is forked instead."""

    def __init__(self, hosts: socket.socket, code: str, descriptor: int) -> None:
        order = json.dumps({"code": code, "descriptor": descriptor, "cwd": os.getcwd(), "env": dict(os.environ)})
        socket.send_fds(hosts, [order.encode()], [descriptor])
        self.pid = int(hosts.recv(64))

    def kill(self) -> None:
        if self._alive():
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float = 600.0) -> int:
        end = time.monotonic() + timeout
        while self._alive():
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("interpreter", timeout)
            time.sleep(0.005)
        return 0

    def _alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def serve(descriptor: int, preload: list[str]) -> None:
    """Forks for each order until the other side hangs up."""
    import torch  # noqa: F401

    import mutagen

    for module in pkgutil.walk_packages(mutagen.__path__, "mutagen."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    import_all(preload)
    orders = socket.socket(fileno=descriptor)
    hosts, ask = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = 0
    while True:
        ready, _, _ = select.select([orders, hosts], [], [], 0.01)
        if orders in ready:
            message = orders.recv(LONGEST)
            if not message:
                os._exit(0)
            if not (command := os.fork()):
                orders.close()
                hosts.close()
                _command(json.loads(message), ask)
            orders.send(str(command).encode())
        if hosts in ready:
            message, (given,), _, _ = socket.recv_fds(hosts, LONGEST, 1)
            if not (pid := os.fork()):
                orders.close()
                hosts.close()
                _interpreter(json.loads(message), given)
            os.close(given)
            hosts.send(str(pid).encode())
        command = _reap(orders, command)


def _reap(orders: socket.socket, command: int) -> int:
    """Waits for what has ended, and tells how the command did; returns the command that still runs."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if not pid:
            return command
        if pid == command:
            orders.send(str(os.waitstatus_to_exitcode(status)).encode())
            command = 0


def _command(order: Mapping[str, Any], ask: socket.socket) -> None:
    """Is ``python -m mutagen``."""
    code = 1
    try:
        os.setsid()
        _settle(order, os.open(order["out"], os.O_CREAT | os.O_TRUNC | os.O_WRONLY), order["err"])
        sys.path[:0] = [order["cwd"], *order["env"]["PYTHONPATH"].split(os.pathsep)]
        sys.argv = ["mutagen", *order["arguments"]]
        start = subprocess.Popen

        def popen(arguments: Any, *rest: Any, **options: Any) -> Any:
            if list(arguments[:3]) == [sys.executable, "-P", "-c"] and options.get("pass_fds"):
                return _ForkedInterpreter(ask, arguments[3], options["pass_fds"][0])
            return start(arguments, *rest, **options)

        setattr(subprocess, "Popen", popen)  # noqa: B010
        from torch_mutagen_boot import main

        code = main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _interpreter(order: Mapping[str, Any], descriptor: int) -> None:
    """Is ``python -P -c CODE`` with one descriptor open."""
    try:
        os.setsid()
        _settle(order, os.open(os.devnull, os.O_WRONLY), os.devnull)
        if descriptor != order["descriptor"]:
            os.dup2(descriptor, order["descriptor"])
            os.close(descriptor)
        sys.path[:0] = order["env"]["PYTHONPATH"].split(os.pathsep)
        exec(order["code"], {"__name__": "__main__"})
    finally:
        os._exit(1)


def _settle(order: Mapping[str, Any], out: int, errors: str) -> None:
    err = os.open(errors, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(source, target)
        if source > 2:
            os.close(source)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2:])
