"""The life of a project with the hooks, by the real pre-commit: drifted, would change, clean, wrong rules, no torch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mutagen.tracked.content import digest
from mutagen.tracked.lockfile import Line, parse, render
from tests.precommit.conftest import CHECKOUT, Project

NET = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.conv(x))
"""
GELU = NET.replace("nn.ReLU()", "nn.GELU()")
RULES = "version: 1\nrules:\n  - id: gelu\n    match: {op: relu}\n    replace: {with: gelu}\n"
RUN = "gelu.mutagen.yaml net.py --model 'Net()' --input 2x3x8x8"


@pytest.fixture
def drifted(project: Project) -> Project:
    """The rules were applied, and the file is as it was before."""
    (project.folder / "net.py").write_text(NET)
    (project.folder / "gelu.mutagen.yaml").write_text(RULES)
    (project.folder / "other.py").write_text("x = 1\n")
    rules = {"gelu.mutagen.yaml": digest(RULES.encode())}
    (project.folder / "mutagen.lock").write_bytes(render([Line("net.py", digest(GELU.encode()), RUN, rules)]))
    project.git("add", "-A")
    return project


@pytest.fixture
def clean(drifted: Project) -> Project:
    """The file is what its rules made of it."""
    (drifted.folder / "net.py").write_text(GELU)
    drifted.git("add", "-A")
    return drifted


def isolated(project: Project) -> Path:
    """The environment that pre-commit has made for the hooks that need no torch."""
    (python,) = Path(project.environment["PRE_COMMIT_HOME"]).glob("repo*/py_env*/bin/python")
    return python


def test_a_file_that_has_drifted_is_not_committed(drifted: Project) -> None:
    done = drifted.git("commit", "-qm", "drifted")
    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    assert "mutagen check.." in told and "- hook id: mutagen-check\n- exit code: 1\n" in told
    assert "error[L101]: the file is not as gelu.mutagen.yaml left it\n  --> net.py\n" in told
    assert f"mutagen apply {RUN}\n" in told
    assert (drifted.folder / "net.py").read_text() == NET


def test_what_is_clean_is_committed(clean: Project) -> None:
    done = clean.git("commit", "-qm", "clean")
    assert done.returncode == 0, done.stdout + done.stderr
    (clean.folder / "other.py").write_text("x = 2\n")
    clean.git("add", "-A")
    done = clean.git("commit", "-qm", "another file")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_run_again_in_the_environment_of_the_project(drifted: Project) -> None:
    done = drifted.hook("mutagen-apply", "--hook-stage", "manual")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "- files were modified by this hook" in done.stdout
    assert (drifted.folder / "net.py").read_text() == GELU
    (line,) = parse((drifted.folder / "mutagen.lock").read_bytes(), "")
    assert (line.file, line.sha256, line.run) == ("net.py", digest(GELU.encode()), RUN)

    drifted.git("add", "-A")
    again = drifted.hook("mutagen-apply", "--hook-stage", "manual")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Passed" in again.stdout


def test_a_wrong_rule_file_is_not_committed(clean: Project) -> None:
    (clean.folder / "wrong.mutagen.yaml").write_text(RULES.replace("match:", "mtach:"))
    clean.git("add", "-A")
    try:
        done = clean.git("commit", "-qm", "wrong")
        told = done.stdout + done.stderr
        assert done.returncode == 1
        assert "- hook id: mutagen-rules\n- exit code: 2\n" in told
        assert "wrong.mutagen.yaml:4:5" in told
        assert "error[R112]" in told
    finally:
        clean.git("rm", "-qf", "wrong.mutagen.yaml")


def test_where_torch_is_missing_the_hook_that_needs_it_says_so(drifted: Project) -> None:
    drifted.hook("mutagen-check")
    python = isolated(drifted)
    told = subprocess.run([python, "-c", "import torch"], env=drifted.environment, capture_output=True, text=True)
    assert "No module named 'torch'" in told.stderr
    command = [python, "-m", "mutagen", "check", "--fix"]
    done = subprocess.run(command, cwd=drifted.folder, env=drifted.environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "error[T201]: torch is not installed" in done.stderr
    assert "error[L101]" in done.stderr
    assert "Traceback" not in done.stderr
    assert (drifted.folder / "net.py").read_text() == NET


def test_the_manifest_is_one_for_pre_commit(project: Project) -> None:
    done = project.pre_commit("validate-manifest", str(CHECKOUT / ".pre-commit-hooks.yaml"))
    assert (done.returncode, done.stdout) == (0, "")
