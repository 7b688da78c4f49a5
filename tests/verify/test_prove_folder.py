"""The folder that the two processes of a proof share ends with the proof, however it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.errors import ProofError
from mutagen.verify.prove import _folder


class Busy:
    """A session that is still at a case when the other one fails."""

    def __init__(self) -> None:
        self.folder = ""
        self.settled = False

    def settle(self) -> None:
        Path(self.folder, "case1.pt").write_bytes(b"late")
        self.settled = True


def test_numbers_that_come_late_are_waited_for_and_removed() -> None:
    session = Busy()
    with pytest.raises(ProofError, match="breaks"), _folder(session) as session.folder:  # type: ignore[arg-type]
        raise ProofError("breaks-code", "it breaks")
    assert session.settled
    assert not Path(session.folder).exists()


def test_nobody_waits_after_an_interrupt() -> None:
    session = Busy()
    with pytest.raises(KeyboardInterrupt), _folder(session) as folder:  # type: ignore[arg-type]
        raise KeyboardInterrupt
    assert not session.settled
    assert not Path(folder).exists()
