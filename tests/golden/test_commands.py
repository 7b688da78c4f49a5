"""The whole way, from the command line, in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IDIOMS = Path(__file__).parent / "idioms"


def mutagen(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "mutagen", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


def test_looking_applying_and_applying_again(bench: Any) -> None:
    path = bench.copy(ROOT / "samples/latin1_cookie.py")
    call = ("apply", "eca-after-blocks", path.name, "--model", "Reseau", "--input", "1x3x32x32")
    looked = mutagen(bench.folder, *call, "--diff")
    golden = Path(__file__).parent / "patches/latin1_cookie-Reseau--eca-after-blocks.patch"
    assert golden.read_bytes() in looked.stdout
    bench.check_untouched()
    assert mutagen(bench.folder, *call).returncode == 0
    written = bench.bytes()
    assert written != bench.original
    assert mutagen(bench.folder, *call).returncode == 0
    assert bench.bytes() == written


def test_refused(bench: Any) -> None:
    path = bench.copy(IDIOMS / "called_twice.py")
    refused = mutagen(bench.folder, "apply", "gated-residuals", path.name, "--model", "Net", "--input", "1x3x16x16")
    assert refused.returncode == 1
    assert b"refused[loop]" in refused.stdout + refused.stderr
    bench.check_untouched()


def test_no_match(bench: Any) -> None:
    path = bench.copy(IDIOMS / "class_by_getattr.py")
    wrong = mutagen(bench.folder, "apply", "se-to-eca", path.name, "--model", "Net", "--input", "1x3x16x16")
    assert wrong.returncode == 2
    assert b"M001" in wrong.stdout + wrong.stderr
    bench.check_untouched()
