"""Commands that look only at rules or at the installation import neither torch nor LibCST."""

from __future__ import annotations

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def modules(stderr: str) -> set[str]:
    """Top-level names out of the output of ``-X importtime``."""
    lines = [line for line in stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


LIGHT = (
    "--help",
    "--version",
    "rules list",
    f"rules check {CHECKOUT}/rules",
    "rules schema",
    "doctor",
    "explain R112",
    "config show",
    "completion bash",
    "explain bn-to-gn",
)


@pytest.mark.parametrize("command", LIGHT)
def test_light_commands(python, command: str) -> None:
    run = python("-X", "importtime", "-m", "mutagen", *command.split(), path=(CHECKOUT,))
    assert run.returncode == 0, run.stderr[-500:]
    loaded = modules(run.stderr)
    assert "click" in loaded
    assert not loaded & {"torch", "libcst", "numpy"}


def test_check_is_light(python, tmp_path: Path) -> None:
    (tmp_path / "mutagen.lock").write_text("# mutagen.lock 1\n")
    run = python("-X", "importtime", "-m", "mutagen", "check", path=(CHECKOUT,))
    assert run.returncode == 0, run.stderr[-500:]
    assert "click" in modules(run.stderr)
    assert not modules(run.stderr) & {"torch", "libcst", "numpy", "pydantic", "ruamel", "jinja2", "rich", "filelock"}


def test_the_measure_sees_a_heavy_import(python) -> None:
    run = python("-X", "importtime", "-c", "import libcst")
    assert "libcst" in modules(run.stderr)


def test_importing_the_package_loads_nothing_else(python) -> None:
    run = python("-X", "importtime", "-c", "import mutagen; mutagen.UserError", path=(CHECKOUT,))
    assert run.returncode == 0
    assert not modules(run.stderr) & {"torch", "libcst", "click", "rich", "jinja2", "pydantic"}
