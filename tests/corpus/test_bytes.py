"""What an edit may change in a file, and what it may not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus.bytes_check import check_bytes, check_file

OLD = b"import torch\n\n\nclass A:\n    def f(self):\n        x = 1\n        y = 2\n        return x, y\n"
EDIT = [{"start_line": 6, "end_line": 6}]

GOOD = {
    "in-place": OLD.replace(b"x = 1", b"x = 3"),
    "longer": OLD.replace(b"x = 1", b"x = (\n            3\n        )"),
    "import": OLD.replace(b"import torch\n", b"import math\nimport torch\n").replace(b"x = 1", b"x = 3"),
    "class": OLD.replace(b"class A:", b"class B:\n    pass\n\n\nclass A:"),
    "beside": OLD.replace(b"x = 1\n", b"x = 1\n        z = x\n"),
}
BAD = {
    "other line": (OLD.replace(b"y = 2", b"y = 3"), "changed without an edit"),
    "line removed": (OLD.replace(b"        y = 2\n", b""), "changed without an edit"),
    "line added": (OLD.replace(b"y = 2\n", b"y = 2\n        print(y)\n"), "added without an edit"),
    "space": (OLD.replace(b"return x, y", b"return x,  y"), "changed without an edit"),
    "line ends": (OLD.replace(b"\n", b"\r\n"), "other line ends"),
    "mixed line ends": (OLD.replace(b"x = 1\n", b"x = 3\r\n"), "other line ends"),
    "last newline": (OLD.rstrip(b"\n"), "the end of the last line"),
    "mark": (b"\xef\xbb\xbf" + OLD, "byte order mark"),
    "syntax": (OLD.replace(b"x = 1", b"x = ("), "no Python"),
}


@pytest.mark.parametrize("name", GOOD)
def test_accepted(name: str) -> None:
    assert check_file(OLD, GOOD[name], EDIT) == []


@pytest.mark.parametrize("name", BAD)
def test_rejected(name: str) -> None:
    new, problem = BAD[name]
    assert any(problem in found for found in check_file(OLD, new, EDIT)), check_file(OLD, new, EDIT)


def test_only_listed_files_may_change() -> None:
    report = {"files": [{"path": "pkg/a.py", "edits": EDIT}]}
    good = GOOD["in-place"]
    assert check_bytes({"pkg/a.py": OLD}, {"pkg/a.py": good}, report) == []
    assert check_bytes({"pkg/b.py": OLD}, {"pkg/b.py": good}, report) == ["pkg/b.py: changed, but not in the report"]
    assert check_bytes({"pkg/a.py": OLD}, {}, report) == ["pkg/a.py: removed"]
