"""An answer is given again only while nothing that it depends on has changed; whatever is wrong with it costs a run."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mutagen.api import run
from mutagen.cache import answers, key
from mutagen.cache.answers import keep_answer, known_answer
from mutagen.cache.folder import cache_folder
from mutagen.records.collateral import Collateral
from mutagen.records.options import Options
from mutagen.sandbox.seen import Seen, digest

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def changed(path: Path, text: str):
    """A file with another content, of the same time; afterwards as before."""
    before = path.read_bytes() if path.exists() else None
    times = path.stat() if before is not None else None
    path.write_text(text)
    if times:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


def test_the_same_question_has_the_same_answer(ran):
    desk, report = ran
    found = desk.answer()
    assert list(found.timing) == ["cache"]
    assert replace(found, timing=report.timing) == report


@pytest.mark.parametrize(
    "name",
    [
        "net.py",
        "rule.yaml",
        "helper.py",  # imported
        "data/widths.txt",  # read while importing
        "data/scale.txt",  # read in forward, in training alone: by the proof
        "data/wide.txt",  # read by another factory alone
    ],
)
def test_another_content_of_the_same_size_and_time(desk, name):
    text = (desk.folder / name).read_text()
    with changed(desk.folder / name, text[:-2] + ("5\n" if text[-2] == "4" else " \n")):
        assert desk.answer() is None


@pytest.mark.parametrize("name", ["optional.py", "data/extra.txt", "data/other.txt", "helper/__init__.py", "torch.py"])
def test_a_file_that_was_looked_for_in_vain_or_would_be_listed(desk, name):
    path = desk.folder / name
    path.parent.mkdir(exist_ok=True)
    with changed(path, ""):
        assert desk.answer() is None
    if not list(path.parent.iterdir()):
        path.parent.rmdir()


def test_a_file_that_has_gone(desk):
    path = desk.folder / "data" / "widths.txt"
    path.rename(desk.folder / "elsewhere.txt")
    try:
        assert desk.answer() is None
    finally:
        (desk.folder / "elsewhere.txt").rename(path)


def test_files_that_nobody_read_do_not_matter(desk):
    with changed(desk.folder / "notes.txt", "new"), changed(desk.folder / "pyproject.toml", "[project]\n"):
        assert desk.answer() is not None


@pytest.mark.parametrize(
    ("name", "stands"), [("NET_KIND", False), ("NET_OTHER", True), ("OMP_DYNAMIC", False), ("NUMPY_X", False)]
)
def test_variables_that_were_read(desk, monkeypatch, name, stands):
    monkeypatch.setenv(name, "x")
    assert (desk.answer() is not None) is stands


@pytest.mark.parametrize(
    "more",
    [
        {"model": "Net( )"},
        {"inputs": ("2x3x8x8",)},
        {"scope": "package"},
        {"style": "module"},
        {"rules": "relu-to-gelu"},
        {"plan_file": "plan.json"},
        {"cache": False},
        {"timeout": 1.0},
        {"memory": 2**33},  # decides where a model is traced
        {"prove_with": "Net()"},
        {"write": True},  # what would change is proved again before it is written
    ],
)
def test_another_question(desk, more):
    assert desk.answer(**more) is None


def test_another_folder_to_work_in(desk, monkeypatch):
    monkeypatch.chdir(desk.folder)
    assert desk.answer() is None


@pytest.mark.parametrize("what", ["__version__", "_installed", "_early", "_own_files"])
def test_other_versions(desk, monkeypatch, what):
    others = {"__version__": "9.9", "_installed": lambda: ["torch-9.9.dist-info"], "_early": list, "_own_files": list}
    monkeypatch.setattr(key, what, others[what])
    assert desk.answer() is None


def test_installed_packages_are_told_by_name_version_and_time(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    (folder / "torch-2.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(folder)])
    (one,) = key._installed()
    os.utime(folder / "torch-2.0.dist-info", (1, 1))
    (other,) = key._installed()
    assert one != other and "torch-2.0" in other


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: b"", lambda data: data[:-9] + b"\0" + data[-8:]]
)
def test_a_damaged_answer_is_none(desk, damage):
    (path,) = desk.kept
    path.write_bytes(damage(path.read_bytes()))
    assert desk.answer() is None


class Bomb:
    def __reduce__(self):
        return os.system, ("touch exploded",)


def _planted(body: bytes) -> bytes:
    return b"mutagen answer 1 " + digest(body).encode() + b"\n" + body


@pytest.mark.parametrize(
    "body",
    [
        pickle.dumps(Bomb()),
        b"\x80\x04\x8c\x15mutagen.records.rules\x8c\x10Mapping.register\x93.",
        b"\x80\x04\x8c\x15mutagen.records.rules\x8c\tdataclass\x93.",
        pickle.dumps(({}, "a text")),
        pickle.dumps(1),
    ],
    ids=["call", "dotted", "imported", "no report", "no pair"],
)
def test_an_answer_that_somebody_else_made_runs_nothing(desk, body, monkeypatch, tmp_path):
    (path,) = desk.kept
    path.write_bytes(_planted(body))
    assert desk.answer() is None
    assert not Path("exploded").exists()


def test_nothing_is_answered_while_a_run_is_interrupted(desk):
    folder = desk.folder / ".mutagen_cache"
    folder.mkdir()
    assert desk.answer() is not None
    (folder / "journal.json").write_text("{}")
    assert desk.answer() is None
    (folder / "journal.json").unlink()
    folder.rmdir()


def test_the_project_is_left_alone_and_the_folder_is_marked_and_private(desk):
    assert not (desk.folder / ".mutagen_cache").exists()
    folder = cache_folder()
    assert (folder / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
    assert [(path.stat().st_mode & 0o777) for path in (folder, folder / "answers")] == [0o700, 0o700]


@pytest.mark.parametrize(
    ("platform", "variables", "place"),
    [
        ("linux", {}, "/home/me/.cache/mutagen"),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, "/home/me/.cache/mutagen"),
        ("linux", {"XDG_CACHE_HOME": "/shared"}, "/shared/mutagen"),
        ("linux", {"XDG_CACHE_HOME": "/shared", "MUTAGEN_CACHE_DIR": "/mine"}, "/mine"),
        ("darwin", {}, "/home/me/Library/Caches/mutagen"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/mutagen/Cache"),
    ],
)
def test_where_answers_are_kept(monkeypatch, platform, variables, place):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", "/home/me")
    for name in ("MUTAGEN_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(cache_folder()) == place


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty place for answers."""
    monkeypatch.setenv("MUTAGEN_CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept" / "answers"


@pytest.mark.parametrize(
    ("status", "kept"), [("unchanged", True), ("refused", True), ("failed", False), ("applied", False)]
)
def test_what_is_kept(ran, elsewhere, status, kept):
    desk, report = ran
    keep_answer(desk.options, replace(report, status=status), Seen())
    assert elsewhere.exists() is kept


def test_what_was_done_cannot_be_told_apart_later(ran, elsewhere):
    desk, report = ran
    keep_answer(desk.options, report, Seen(doubts={"subprocess.Popen"}))
    keep_answer(desk.options, report, Seen(files={str(desk.folder / "net.py"): "other"}))
    late = (Collateral("other", "net.py", None, None, note="not tried, there are too many"),)
    keep_answer(desk.options, replace(report, collateral=late), Seen())
    assert not elsewhere.exists()


def test_no_place_to_keep_it(ran, elsewhere):
    desk, report = ran
    elsewhere.parent.write_text("in the way")
    keep_answer(desk.options, report, Seen())
    assert elsewhere.parent.read_text() == "in the way"


def test_disk_that_takes_nothing(ran, elsewhere, monkeypatch):
    desk, report = ran
    keep_answer(desk.options, report, Seen())
    (kept,) = elsewhere.iterdir()
    kept.unlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    keep_answer(desk.options, report, Seen())
    assert list(elsewhere.iterdir()) == []


def test_many_at_once_are_whole(ran, desk):
    _, report = ran
    (path,) = desk.kept
    seen, _ = answers._read(path.read_bytes())
    stop, found = threading.Event(), []

    def ask():
        while not stop.is_set():
            found.append(desk.answer())

    asking = [threading.Thread(target=ask) for _ in range(2)]
    keeping = [
        threading.Thread(target=lambda: [keep_answer(desk.options, report, seen) for _ in range(5)]) for _ in range(3)
    ]
    for thread in asking + keeping:
        thread.start()
    for thread in keeping:
        thread.join()
    stop.set()
    for thread in asking:
        thread.join()
    assert found and all(it is not None and it.plan == report.plan for it in found)
    assert desk.kept == [path]


def test_old_answers_go(ran, desk):
    _, report = ran
    folder = desk.kept[0].parent
    for number in range(answers._MOST + 20):
        (folder / f"old{number}").write_bytes(b"")
        os.utime(folder / f"old{number}", (number + 1e9, number + 1e9))
    seen, _ = answers._read(desk.kept[0].read_bytes())
    keep_answer(desk.options, report, seen)
    assert len(desk.kept) == 1
    for number in range(answers._MOST + 20):
        (folder / f"young{number}").write_bytes(b"")
    keep_answer(desk.options, report, seen)
    assert len(desk.kept) == answers._MOST and desk.answer() is not None


def test_the_command_answers_with_little(desk):
    flags = ["--model", "Net()", "--input", "1x3x8x8", "--check"]
    command = [sys.executable, "-X", "importtime", "-m", "mutagen", "apply", "rule.yaml", "net.py", *flags]

    def ask(*more):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([*command, *more], cwd=desk.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 1, done.stderr[-800:]
        modules = {
            line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")
        }
        return done.stdout, modules

    first, modules = ask()
    assert "mutagen.api" in modules
    second, modules = ask()
    assert second == first
    assert not modules & {"mutagen.api", "torch", "libcst", "pydantic", "ruamel.yaml", "numpy"}
    assert not modules & {"rich", "filelock", "tomllib", "logging", "tempfile", "mutagen.records.rules"}
    _, modules = ask("--no-cache")
    assert "mutagen.api" in modules


def test_code_that_reads_the_whole_environment_sees_no_other_one_the_second_time(elsewhere, tmp_path, monkeypatch):
    """A session has variables of its own, the number of its threads among them, unless the user has set that."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "net.py").write_text(
        "import os\nfrom torch import nn\n\nALL = dict(os.environ)\nTHREADS = int(os.environ['OMP_NUM_THREADS'])\n\n\n"
        "class Net(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU())\n"
    )
    options = Options(
        "relu-to-gelu", str(tmp_path / "project" / "net.py"), model="Net()", inputs=("1x3x8x8",), write=False
    )
    options = replace(options, cache=True)
    assert run(options).status == "would_change"
    assert known_answer(options) is not None
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert known_answer(options) is None
