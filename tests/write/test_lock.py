"""One mutagen at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mutagen.errors import ClashError, UserError
from mutagen.records.result import FileChange
from mutagen.write.lock import cache_folder, lock, tidy_folder
from mutagen.write.transaction import commit

HOLD = """
import sys
from pathlib import Path
from mutagen.write.lock import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_at_once_who_is_at_work(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"1")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    start = time.monotonic()
    with pytest.raises(ClashError, match=f"process {holder.pid}") as caught:
        commit((FileChange(str(tmp_path / "a.py"), b"1", b"2"),), root=tmp_path, expected={})
    assert time.monotonic() - start < 1
    assert (caught.value.code, caught.value.exit_code) == ("W001", 2)
    assert (tmp_path / "a.py").read_bytes() == b"1"
    holder.communicate()
    commit((FileChange(str(tmp_path / "a.py"), b"1", b"2"),), root=tmp_path, expected={})
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_it_may_be_nested_and_leaves_nothing(tmp_path: Path) -> None:
    with lock(tmp_path), lock(tmp_path):
        names = {path.name for path in cache_folder(tmp_path).iterdir()}
        assert names == {"CACHEDIR.TAG", ".gitignore", "lock", "lock.pid"}
        assert (cache_folder(tmp_path) / "lock.pid").read_text() == str(os.getpid())
        assert (cache_folder(tmp_path) / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172")
        assert (cache_folder(tmp_path) / ".gitignore").read_text() == "*\n"
    assert not cache_folder(tmp_path).exists()


def test_it_is_released_when_the_body_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock(tmp_path):
        raise ZeroDivisionError
    with lock(tmp_path):
        pass
    assert not cache_folder(tmp_path).exists()


def test_a_lock_file_that_a_killed_process_left_does_not_block(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    holder.kill()
    holder.communicate()
    assert (cache_folder(tmp_path) / "lock").exists()
    with lock(tmp_path):
        pass
    assert not cache_folder(tmp_path).exists()


def test_what_others_keep_in_the_folder_stays(tmp_path: Path) -> None:
    with lock(tmp_path):
        (cache_folder(tmp_path) / "results").write_text("x")
    tidy_folder(tmp_path)
    assert (cache_folder(tmp_path) / "results").read_text() == "x"
    assert not (cache_folder(tmp_path) / "lock").exists()


def test_a_project_that_cannot_be_locked_is_the_users_error(tmp_path: Path) -> None:
    cache_folder(tmp_path).write_text("a file, not a folder")
    with pytest.raises(UserError, match="cannot lock") as caught, lock(tmp_path):
        pass
    assert caught.value.code == "W002"


def test_many_processes_never_write_at_once(tmp_path: Path) -> None:
    script = """
import sys, time
from pathlib import Path
from mutagen.errors import ClashError
from mutagen.write.lock import lock
root = Path(sys.argv[1])
done = 0
for _ in range(400):
    try:
        with lock(root):
            flag = root / "flag"
            flag.touch(exist_ok=False)
            time.sleep(0.0005)
            flag.unlink()
            done += 1
    except ClashError:
        time.sleep(0.0005)
print(done)
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(3)
    ]
    counts = [int(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert all(counts)
    assert not cache_folder(tmp_path).exists()
