"""The parent may end in any way: no process and no folder stays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])

PROGRAM = """
import sys
from mutagen.sandbox.runner import Host
with Host(preload=(), timeout=60.0) as host:
    session = host.session("the model")
    pid = session.call("os:getpid")
    print(pid, session.call("os:getcwd"), flush=True)
    session.call("time:sleep", 600)
"""


def gone(pid, patience=5.0):
    end = time.monotonic() + patience
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
        time.sleep(0.02)
    return not os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_and_no_folder_stays(number, tmp_path):
    environment = {**os.environ, "PYTHONPATH": ROOT, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, env=environment)
    pid, folder = parent.stdout.readline().split()
    assert os.path.isdir(folder)
    time.sleep(0.1)
    parent.send_signal(number)
    parent.communicate(timeout=10)
    assert gone(int(pid))
    end = time.monotonic() + 5.0
    while os.listdir(tmp_path) and time.monotonic() < end:
        time.sleep(0.02)
    assert os.listdir(tmp_path) == []


def test_leaving_while_the_host_still_imports_is_quick(tmp_path, monkeypatch):
    (tmp_path / "slow_module.py").write_text("import time\ntime.sleep(30)\n")
    program = (
        "import time; from mutagen.sandbox.runner import Host\n"
        "begun = time.monotonic()\n"
        "with Host(preload=('slow_module',)) as host:\n"
        "    host.session('the model')\n"
        "print(time.monotonic() - begun)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, str(tmp_path)])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=20, check=True
    )
    assert float(done.stdout) < 3.0
    assert done.stderr == ""


def test_session_closed_while_at_work(tmp_path):
    from mutagen.errors import InternalError
    from mutagen.sandbox.runner import Host

    with Host(preload=(), timeout=20.0) as host:
        session = host.session("the model")
        session.start("time:sleep", 600)
        time.sleep(0.2)
        session.close()
        with pytest.raises(InternalError, match="was closed"):
            session.result()
