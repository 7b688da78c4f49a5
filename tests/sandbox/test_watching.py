"""What a process reads is noted, with what it found; what cannot be told apart later is a doubt."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mutagen.sandbox.runner import Host
from mutagen.sandbox.seen import MOST, Seen, digest_of, listing
from mutagen.sandbox.watching import watching


@pytest.fixture
def told():
    """Runs code in a session and tells what it saw."""
    with Host(preload=(), timeout=20.0) as host:

        def told(code: str) -> Seen:
            session = host.session("the model")
            session.call("builtins:exec", code, {})
            return session.call("mutagen.sandbox.memory:tell")

        yield told


def test_files_folders_questions_and_variables(told, tmp_path, monkeypatch):
    monkeypatch.setenv("SEEN_ONE", "1")
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "mod_a.py").write_text("x = 1")
    with Host(preload=(), timeout=20.0) as host:
        session = host.session("the model")
        code = f"""
import os, sys, pathlib
open({str(tmp_path / "a.txt")!r}).read()
os.path.exists({str(tmp_path / "b.txt")!r}), pathlib.Path({str(tmp_path)!r}).is_dir()
os.environ.get("SEEN_ONE"), os.getenv("SEEN_TWO"), os.environ["HOME"]
os.listdir({str(tmp_path)!r})
sys.path.insert(0, {str(tmp_path)!r})
import mod_a
open(os.path.join(os.environ["HOME"], "own"), "w").write("in the folder of the session")
"""
        session.call("builtins:exec", code, {})
        seen = session.call("mutagen.sandbox.memory:tell")
    assert seen.doubts == set()
    assert seen.files[str(tmp_path / "a.txt")] == digest_of(str(tmp_path / "a.txt"))
    assert str(tmp_path / "mod_a.py") in seen.files
    assert seen.there[str(tmp_path / "b.txt")] is False and seen.there[str(tmp_path)] is True
    assert seen.variables.keys() == {"SEEN_ONE", "SEEN_TWO"} and seen.variables["SEEN_TWO"] == ""
    assert seen.folders[str(tmp_path), False] == listing(str(tmp_path), False)
    assert (str(tmp_path), True) in seen.folders


def test_the_whole_environment(told):
    assert "*" in told("import os; dict(os.environ)").variables


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork() or os._exit(0)",
        "open('{here}/new', 'w').close()",
        "import os; os.mkdir('{here}/new')",
        "import os; os.open('{here}/new', os.O_CREAT | os.O_WRONLY)",
        "open('{here}/large', 'rb').close()",
    ],
)
def test_doubts(told, tmp_path, code):
    with open(tmp_path / "large", "wb") as stream:
        stream.truncate(MOST + 1)
    assert told(code.format(here=tmp_path)).doubts


def test_two_contents_of_one_file_are_a_doubt():
    seen = Seen(files={"a": "1"})
    seen.merge(Seen(files={"a": "1", "b": "2"}, variables={"V": ""}))
    assert (seen.files, seen.variables, seen.doubts) == ({"a": "1", "b": "2"}, {"V": ""}, set())
    seen.merge(Seen(files={"b": "3"}))
    assert seen.doubts


def test_what_mutagen_reads_itself(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with watching() as seen:
        (tmp_path / "a.txt").read_bytes()
        (tmp_path / "b.txt").write_text("b")
        (tmp_path / "c.txt").exists()
        list(tmp_path.iterdir())
    (tmp_path / "d.txt").write_text("d")
    (tmp_path / "d.txt").read_text()
    assert set(seen.files) == {str(tmp_path / "a.txt")}
    assert seen.there == {str(tmp_path / "c.txt"): False}
    assert (str(tmp_path), True) in seen.folders and not seen.doubts


def test_importing_it_watches_nothing():
    code = "import os; ask = os.stat; import mutagen.sandbox.memory; assert os.stat is ask"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})
