"""kill -9 in the middle of writing, fifty times at different moments, then recovery."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from pathlib import Path

from mutagen.write.transaction import recover

OLD = {"a.py": b"a = 1\n" * 9000, "b.py": b"b = 1\n" * 9000}
NEW = {"a.py": b"a = 22\n" * 9000, "b.py": b"b = 22\n" * 9000, "c.py": b"c = 3\n" * 9000}

CHILD = """
import sys
from pathlib import Path
from mutagen.records.result import FileChange
from mutagen.write.transaction import commit, recover

root = Path(sys.argv[1])
old = {name: data * 9000 for name, data in {"a.py": b"a = 1\\n", "b.py": b"b = 1\\n"}.items()}
new = {name: data * 9000 for name, data in {"a.py": b"a = 22\\n", "b.py": b"b = 22\\n", "c.py": b"c = 3\\n"}.items()}
there = tuple(FileChange(str(root / name), old.get(name), new[name]) for name in new)
back = tuple(FileChange(str(root / name), new[name], old[name]) for name in old)
print("ready", flush=True)
while True:
    commit(there, root=root, expected={})
    (root / "c.py").unlink()
    commit(back, root=root, expected={})
"""


def test_fifty_kills(tmp_path: Path) -> None:
    random.seed(20)
    outcomes: list[str] = []
    for run in range(50):
        root = tmp_path.resolve() / str(run)
        root.mkdir()
        for name, data in OLD.items():
            (root / name).write_bytes(data)
        kill_while_writing(root, delay=random.uniform(0.0, 0.03))
        for name in NEW:
            data = (root / name).read_bytes() if (root / name).exists() else None
            assert data in (OLD.get(name), NEW[name]), (run, name)
        outcomes.append(recover(root).outcome)
        left = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
        there = {name: data for name, data in left.items() if name != "c.py"}
        assert there in (OLD, {name: NEW[name] for name in OLD}), (run, list(left))
    assert outcomes.count("nothing") < 45, outcomes
    assert {"withdrawn", "replayed"} & set(outcomes)


def kill_while_writing(root: Path, *, delay: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(root)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=delay)
        assert process.poll() is None, "the child must still be writing"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
