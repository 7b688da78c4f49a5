"""The hooks of this checkout as a repository, installed by pre-commit, and a project that uses them.

Nothing is fetched: pip takes what the hooks need from a folder with links to what is installed here, all but torch.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = ("mutagen", "rules", "templates", "pyproject.toml", "README.md", "LICENSE", "torch_mutagen_boot.py")
BUILDING = ("hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers")
NEEDED = (
    *("click", "filelock", "jinja2", "MarkupSafe", "pydantic", "pydantic_core", "annotated-types", "typing_extensions"),
    *("typing-inspection", "rich", "Pygments", "markdown-it-py", "mdurl", "ruamel.yaml"),
)
CONFIG = """\
repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - id: mutagen-rules
      - id: mutagen-check
      - id: mutagen-apply
        stages: [manual]
"""
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Project:
    """A git repository, and pre-commit as its owner would run it."""

    folder: Path
    environment: dict[str, str]

    def git(self, *arguments: str) -> Done:
        who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
        return self._run(["git", *who, *arguments])

    def pre_commit(self, *arguments: str) -> Done:
        return self._run([sys.executable, "-m", "pre_commit", *arguments])

    def hook(self, name: str, *arguments: str) -> Done:
        """One hook on all files."""
        return self.pre_commit("run", name, "--all-files", "--verbose", *arguments)

    def commit_all(self) -> str:
        """Commit without hooks; the name of the commit."""
        self.git("add", "-A")
        assert self.git("commit", "-qm", "all", "--no-verify").returncode == 0
        return self.git("rev-parse", "HEAD").stdout.strip()

    def _run(self, command: list[str]) -> Done:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="session")
def without_torch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links to all that mutagen is built with and needs."""
    folder = tmp_path_factory.mktemp("without-torch")
    for name in (*BUILDING, *NEEDED):
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (folder / top).symlink_to(Path(str(found.locate_file(top))))
    return folder


@pytest.fixture(scope="session")
def environment(without_torch: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pre-commit and pip see; the ``mutagen`` on PATH is that of the project's own environment, with torch."""
    folder = tmp_path_factory.mktemp("pre-commit")
    (folder / "bin").mkdir()
    script = folder / "bin/mutagen"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{CHECKOUT}" exec "{sys.executable}" -m torch_mutagen_boot "$@"\n')
    script.chmod(0o755)
    rest = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT", "PIP_"))}
    paths = [str(without_torch), *filter(None, [os.environ.get("PYTHONPATH")])]
    return rest | {
        "PATH": os.pathsep.join([str(folder / "bin"), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join(paths),
        "PRE_COMMIT_HOME": str(folder / "home"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as: no isolation
        "NO_COLOR": "1",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture(scope="session")
def hooks(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The repository that a configuration names, and its revision."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in (*SHIPPED, ".pre-commit-hooks.yaml"):
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(CHECKOUT / name, folder / name)
    project = Project(folder, environment)
    project.git("init", "-q")
    return folder, project.commit_all()


@pytest.fixture(scope="module")
def project(
    hooks: tuple[Path, str], environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """An empty project that is configured for the hooks; git calls them at each commit."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".pre-commit-config.yaml").write_text(CONFIG.format(repo=hooks[0], rev=hooks[1]))
    made = Project(folder, environment)
    made.git("init", "-q")
    assert made.pre_commit("install").returncode == 0
    yield made
