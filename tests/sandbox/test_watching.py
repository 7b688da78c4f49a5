"""What a process reads is noted, with what it found; what cannot be told apart later is a doubt."""

from __future__ import annotations

import os
import stat
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
            session = host.session("the model", watched=True)
            session.call("builtins:exec", code, {})
            return session.call("mutagen.sandbox.memory:tell")

        yield told


def test_files_folders_questions_and_variables(told, tmp_path, monkeypatch):
    monkeypatch.setenv("SEEN_ONE", "1")
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "mod_a.py").write_text("x = 1")
    with Host(preload=(), timeout=20.0) as host:
        session = host.session("the model", watched=True)
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
    assert seen.there[str(tmp_path / "b.txt")] == 0 and stat.S_ISDIR(seen.there[str(tmp_path)])
    assert session.seen.size <= seen.size and session.seen.files.items() <= seen.files.items()
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


def test_compiled_code_is_read_though_python_opens_it_not(told, tmp_path):
    for name in ("fake.so", "lib.so"):
        (tmp_path / name).write_bytes(b"nothing that could be loaded")
    code = f"""
import contextlib, ctypes, sys
sys.path.insert(0, {str(tmp_path)!r})
with contextlib.suppress(ImportError):
    import fake
with contextlib.suppress(OSError):
    ctypes.CDLL({str(tmp_path / "lib.so")!r})
"""
    seen = told(code)
    assert {str(tmp_path / "fake.so"), str(tmp_path / "lib.so")} <= seen.files.keys()


def test_a_folder_that_python_had_listed_before(told, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    (tmp_path / "beside.py").write_text("")
    with Host(preload=("beside",), timeout=20.0) as host:
        session = host.session("the model", watched=True)
        session.call("builtins:exec", "import beside\ntry:\n    import there_is_none\nexcept ImportError: pass", {})
        assert (str(tmp_path), True) in session.seen.folders


def test_what_goes_wrong_while_looking_is_a_doubt_and_no_trouble(told, tmp_path):
    code = f"""
import os, shutil
os.mkdir("gone"); os.chdir("gone"); os.rmdir(os.getcwd())
os.path.exists("x")
try:
    open("y")
except FileNotFoundError as error:
    assert error.filename == "y"
os.chdir({str(tmp_path)!r})
os.symlink("nowhere", "link")
shutil.copystat("link", "link", follow_symlinks=False)
"""
    assert any("FileNotFoundError" in doubt for doubt in told(code).doubts)


def test_a_session_that_is_not_watched_is_as_python_made_it():
    with Host(preload=(), timeout=20.0) as host:
        session = host.session("the model")
        code = "import os, sys; assert type(os.environ._data) is dict and 'mutagen.sandbox.watching' not in sys.modules"
        session.call("builtins:exec", code, {})
        assert session.seen == Seen()


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
    assert seen.there == {str(tmp_path / "c.txt"): 0}
    assert (str(tmp_path), True) in seen.folders and not seen.doubts


def test_importing_it_watches_nothing():
    code = "import os; ask = os.stat; import mutagen.sandbox.memory; assert os.stat is ask"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})
