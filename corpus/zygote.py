"""A process that imports torch once and forks for each job, so that a job costs no import of torch.

Parent side: ``Zygote``. Jobs are functions of corpus.jobs; arguments and result travel as pickle files.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]


class JobFailed(Exception):
    """A job raised, died or took too long; the message says which."""


class Zygote:
    """Runs jobs, each in a fresh fork of one process that has imported torch, and ``preload`` as far as that goes."""

    def __init__(self, preload: tuple[str, ...] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="corpus-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "corpus.zygote", *preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def run(self, job: str, *args: Any, timeout: float = 300.0) -> Any:
        """Returns the result of ``corpus.jobs.<job>(*args)``."""
        given, result = (Path(self._folder.name) / name for name in ("arguments", "result"))
        given.write_bytes(pickle.dumps(args))
        result.unlink(missing_ok=True)
        line = json.dumps({"job": job, "given": str(given), "result": str(result), "timeout": timeout})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        if answer != "done":
            raise JobFailed(answer or "the zygote died")
        failed, value = pickle.loads(result.read_bytes())
        if failed:
            raise JobFailed(value)
        return value

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._folder.cleanup()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()


def serve(preload: list[str]) -> None:
    """Answers one line on standard output for each job on standard input."""
    # The answers go to the real standard output; what models print goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import torch

    from corpus import jobs, judge  # noqa: F401

    torch.set_num_threads(1)
    import_all(preload)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _work(order)
        answers.write(_wait(child, order["timeout"]) + "\n")
        answers.flush()


def import_all(names: list[str]) -> None:
    """Imports modules, those that can be."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _work(order: dict[str, Any]) -> None:
    """Runs one job and ends the forked process."""
    from corpus import jobs

    os.setpgid(0, 0)
    silent = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silent, descriptor)
    try:
        args = pickle.loads(Path(order["given"]).read_bytes())
        answer: tuple[bool, Any] = (False, getattr(jobs, order["job"])(*args))
    except BaseException as error:  # whatever a model raises is an answer, SystemExit included
        last = traceback.extract_tb(error.__traceback__)[-1]
        answer = (True, f"{type(error).__name__}: {str(error)[:300]} ({last.filename}:{last.lineno})")
    Path(order["result"]).write_bytes(pickle.dumps(answer))
    os._exit(0)


def _wait(child: int, timeout: float) -> str:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return "done" if status == 0 else f"the job died with status {status}"
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return f"the job took longer than {timeout:.0f} s"


if __name__ == "__main__":
    serve(sys.argv[1:])
