from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any


def test_interrupted_run_leaves_nothing_behind(desk: Any, shape: Any) -> None:
    mark = desk.temp.parent / "mark"
    desk.net("waits.py", f"import os, time\nopen({str(mark)!r}, 'a').write(f'{{os.getpid()}}\\n')\ntime.sleep(60)")
    before = desk.files()
    running = desk.start("apply", "relu-to-gelu", "waits.py", *shape)
    while not (mark.exists() and mark.read_text().endswith("\n")):
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    done = desk.finish(running, before)
    assert (done.code, done.out, done.err.strip()) == (130, "", "interrupted")
    assert (done.changed, done.left) == ((), ())
    end = time.monotonic() + 5
    started = [int(pid) for pid in mark.read_text().split()]
    while any(map(_lives, started)) and time.monotonic() < end:
        time.sleep(0.02)
    assert started and not any(map(_lives, started))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def test_reader_that_goes_away_is_no_complaint(desk: Any, shape: Any) -> None:
    before = desk.files()
    reader, writer = os.pipe()
    os.close(reader)
    running = desk.start("apply", "relu-to-gelu", "net.py", *shape, "--diff", stdout=writer)
    os.close(writer)
    _, err = running.communicate(timeout=100)
    assert running.returncode == 1
    assert "Error" not in err and "Traceback" not in err
    assert "1 site in 1 file would change" in err
    assert desk.files() == before


def test_one_bad_target_does_not_hide_the_others(desk: Any, shape: Any) -> None:
    desk.net("bad.py", "import mirage")
    done = desk.apply("net.py", "bad.py", "absent.py", *shape, "--output-format", "json")
    assert done.code == 2
    data = json.loads(done.out)
    assert (data["status"], [part["status"] for part in data["reports"]]) == ("failed", ["applied", "failed", "failed"])
    codes = [part["errors"][0]["code"] for part in data["reports"][1:]]
    assert codes == ["T101", "T010"]
    assert [Path(name).name for name in done.changed] == ["net.py"]
    assert "error[T101]" in done.err and "error[T010]" in done.err
    done.be_calm()


def test_quiet_prints_problems_only(desk: Any, shape: Any) -> None:
    desk.net("bad.py", "import mirage")
    desk.write("other.py", (desk.folder / "net.py").read_text())
    done = desk.apply("other.py", "bad.py", *shape, "-q", "--check")
    done.refuse("T101", "bad.py:1:1", hint="install mirage")
    assert "other.py" not in done.err


def test_wrong_rules_are_told_once_for_all_targets(desk: Any) -> None:
    done = desk.quick("net.py", "net.py", rules="absent.yaml")
    done.refuse("R100")
    assert done.err.count("R100") == 1
