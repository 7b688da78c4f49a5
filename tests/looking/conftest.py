"""Each model is traced once for all commands that look at it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import main
from mutagen.looking.open import Opened, open_trace
from mutagen.records.options import Options
from mutagen.sandbox.runner import Host

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with Host(timeout=60.0) as host:
        yield host


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the samples, which no command may change."""
    folder = tmp_path_factory.mktemp("looking") / "samples"
    shutil.copytree(ROOT / "samples", folder, ignore=shutil.ignore_patterns("__pycache__", ".mutagen_*"))
    return folder


@pytest.fixture(scope="session")
def traces(host: Host) -> Callable[..., Opened]:
    """Opens each model once, with costs, whatever the rules are."""
    known: dict[object, Opened] = {}

    def opened(options: Options, _: Host, rules: object = None, *, costs: bool = False) -> Opened:
        key = (options.target, options.model, options.inputs, options.per_file_ignores)
        if key not in known:
            known[key] = open_trace(options, host, costs=True)
            host.end_sessions()
        return known[key]

    return opened


@pytest.fixture
def ask(
    samples: Path,
    host: Host,
    traces: Callable[..., Opened],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """Run a command beside the samples; its output. Nothing is written, nothing said beside it unless it fails."""
    monkeypatch.chdir(samples)
    for name in ("model", "rules", "place"):
        monkeypatch.setattr(f"mutagen.looking.{name}.open_trace", traces)
    for name in ("inspect", "match", "explain"):
        monkeypatch.setattr(f"mutagen.cli.{name}.host_for", lambda flags: nullcontext(host))

    def ask(*arguments: str, code: int = 0) -> str:
        before = contents(samples)
        ended = main(list(arguments))
        out, err = capsys.readouterr()
        assert ended == code, err
        assert bool(err) == bool(code)
        assert contents(samples) == before
        return out if not code else err

    return ask


@pytest.fixture
def data(ask: Callable[..., str]) -> Callable[..., Any]:
    """Run a command and read its JSON."""
    return lambda *arguments: json.loads(ask(*arguments, "--json"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(it): it.read_bytes() for it in folder.rglob("*") if it.is_file() and it.suffix != ".pyc"}
