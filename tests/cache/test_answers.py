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

from mutagen.cache import answers, key
from mutagen.cache.answers import keep_answer
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


@pytest.mark.parametrize("name", ["net.py", "helper.py", "data/widths.txt", "rule.yaml"])
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


@pytest.mark.parametrize(("name", "stands"), [("NET_KIND", False), ("NET_OTHER", True), ("OMP_DYNAMIC", False)])
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
        {"memory": 2**33},  # decides where a model is traced
        {"prove_with": "Net()"},
        {"write": True},  # what would change is proved again before it is written
    ],
)
def test_another_question(desk, more):
    assert desk.answer(**more) is None


def test_the_limit_of_time_does_not_matter(desk):
    assert desk.answer(timeout=1.0) is not None


def test_another_folder_to_work_in(desk, monkeypatch):
    monkeypatch.chdir(desk.folder)
    assert desk.answer() is None


@pytest.mark.parametrize("what", ["__version__", "_installed", "_own_files"])
def test_other_versions(desk, monkeypatch, what):
    others = {"__version__": "9.9", "_installed": lambda: ["torch-9.9.dist-info"], "_own_files": list}
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
    journal = desk.folder / ".mutagen_cache" / "journal.json"
    journal.write_text("{}")
    assert desk.answer() is None
    journal.unlink()


def test_folder_is_marked(desk):
    folder = desk.folder / ".mutagen_cache"
    assert (folder / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
    assert (folder / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("status", "kept"), [("unchanged", True), ("refused", True), ("failed", False), ("applied", False)]
)
def test_what_is_kept(ran, tmp_path, status, kept):
    desk, report = ran
    keep_answer(desk.options, replace(report, status=status), Seen(), root=tmp_path)
    assert (tmp_path / ".mutagen_cache").exists() is kept


def test_what_was_done_cannot_be_told_apart_later(ran, tmp_path):
    desk, report = ran
    keep_answer(desk.options, report, Seen(doubts={"subprocess.Popen"}), root=tmp_path)
    keep_answer(desk.options, report, Seen(files={str(desk.folder / "net.py"): "other"}), root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_place_to_keep_it(ran, tmp_path):
    desk, report = ran
    (tmp_path / ".mutagen_cache").write_text("in the way")
    keep_answer(desk.options, report, Seen(), root=tmp_path)
    assert (tmp_path / ".mutagen_cache").read_text() == "in the way"


def test_disk_that_takes_nothing(ran, tmp_path, monkeypatch):
    desk, report = ran

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    keep_answer(desk.options, report, Seen(), root=tmp_path)
    assert list((tmp_path / ".mutagen_cache" / "answers").iterdir()) == []


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
        threading.Thread(target=lambda: [keep_answer(desk.options, report, seen, root=desk.folder) for _ in range(5)])
        for _ in range(3)
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
    keep_answer(desk.options, report, seen, root=desk.folder)
    assert len(desk.kept) == 1
    for number in range(answers._MOST + 20):
        (folder / f"young{number}").write_bytes(b"")
    keep_answer(desk.options, report, seen, root=desk.folder)
    assert len(desk.kept) == answers._MOST and desk.answer() is not None


def test_the_command_answers_without_torch(desk):
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
    _, modules = ask("--no-cache")
    assert "mutagen.api" in modules
