"""One process that imported torch serves all cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mutagen.sandbox.runner import Host


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with Host() as running:
        yield running
