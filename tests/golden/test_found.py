"""Rule files that broke something once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.golden.conftest import Bench
from tests.golden.drawn.checking import Folder, check
from tests.golden.drawn.files import FIRST
from tests.golden.drawn.models import MODELS

CASES = tomllib.loads((Path(__file__).parent / "found.toml").read_text())["case"]
BY_TARGET = {it.target: it for it in reversed(MODELS)}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_found(bench: Bench, case: dict[str, Any]) -> None:
    folder = Folder(bench, BY_TARGET[case["model"]])
    files = {FIRST: f"version: 1\nrules:\n{case['rules']}{case.get('more', '')}"}
    assert check(folder, files) == case["ends"]
