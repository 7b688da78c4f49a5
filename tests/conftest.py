from __future__ import annotations

import os
import shutil
import signal
import tempfile

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the patches in tests/golden anew")
    parser.addoption(
        "--random-rules", type=int, default=0, help="so many rule files are drawn at random in tests/golden"
    )
    parser.addoption("--every-pair", action="store_true", help="every two rules of tests/golden/test_pairs.py together")
    parser.addoption("--random-rules-seed", type=int, default=0, help="the number of the first that is drawn")
    parser.addoption("--random-rules-into", help="a folder for the log, and what random rule files have broken")


def pytest_configure() -> None:
    """Commands that tests interrupt must hear it, also where whatever started the tests ignores interrupts.

    Answers are kept in a folder of the tests' own.
    """
    os.environ["MUTAGEN_CACHE_DIR"] = tempfile.mkdtemp(prefix="mutagen-answers-")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Remove the answers."""
    shutil.rmtree(os.environ.pop("MUTAGEN_CACHE_DIR"), ignore_errors=True)
