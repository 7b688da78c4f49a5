from __future__ import annotations

import io
import logging
import re
import sys
import time

import pytest

from mutagen.cli.progress import STAGES, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, lasts: float, after: float = 0.05) -> str:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    with progress("net.py", after=after):
        logging.getLogger(STAGES).debug("verify")
        time.sleep(lasts)
    return stream.getvalue()


def test_a_terminal_sees_the_stage_and_the_line_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown(Terminal(), monkeypatch, lasts=0.3)
    assert re.match(r"\r\x1b\[2K⠋ net\.py: proving, \d+ s\r", out)
    assert out.endswith("s\r\x1b[2K") and "\n" not in out


def test_what_is_quick_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(Terminal(), monkeypatch, lasts=0.1, after=30.0) == ""


def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(io.StringIO(), monkeypatch, lasts=0.2) == ""
    monkeypatch.setattr("mutagen.cli.progress._is_welcome", lambda stream: False)
    assert shown(Terminal(), monkeypatch, lasts=0.2) == ""


def test_it_ends_with_an_error_and_leaves_logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    logger = logging.getLogger(STAGES)
    before = (logger.level, list(logger.handlers))
    with pytest.raises(KeyboardInterrupt), progress("net.py", after=0.0):
        time.sleep(0.15)
        raise KeyboardInterrupt
    assert stream.getvalue().endswith("\r\x1b[2K")
    assert (logger.level, list(logger.handlers)) == before


def test_runs_tell_their_stages(caplog: pytest.LogCaptureFixture) -> None:
    from mutagen.stages.records import Clock

    with caplog.at_level(logging.DEBUG, logger=STAGES), Clock().stage("trace"):
        pass
    assert caplog.messages == ["trace"]
