"""The sessions of a run share the cores instead of fighting for them."""

from __future__ import annotations

import os

import pytest

from mutagen.sandbox import threads
from mutagen.sandbox.runner import Host


@pytest.mark.parametrize(("cores", "targets", "share"), [(1, 1, 1), (2, 1, 1), (16, 1, 8), (16, 4, 2), (4, 8, 1)])
def test_two_sessions_of_each_target_share_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, targets: int, share: int
) -> None:
    monkeypatch.setattr(threads, "_cores", lambda: cores)
    monkeypatch.delenv(threads.THREADS, raising=False)
    assert threads.environment(targets)[threads.THREADS] == str(share)


@pytest.mark.parametrize("fork", [True, False])
def test_sessions_use_their_share_and_what_the_user_says_holds(monkeypatch: pytest.MonkeyPatch, fork: bool) -> None:
    monkeypatch.setattr(threads, "_cores", lambda: 2)
    for said, used in ((None, 1), ("2", min(2, os.cpu_count() or 1))):  # torch takes no more than there are
        if said is None:
            monkeypatch.delenv(threads.THREADS, raising=False)
        else:
            monkeypatch.setenv(threads.THREADS, said)
        with Host(preload=("torch",), timeout=60.0, fork=fork) as host:
            assert host.session("it").call("torch:get_num_threads") == used
