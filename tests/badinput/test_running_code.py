from __future__ import annotations

from typing import Any

import pytest

IMPORTS = [
    ("import mirage.sub", "T101", "1:1", "install mirage in this environment"),
    ("import sys; sys.exit(3)", "T101", "1:13", "`if __name__ == '__main__':`"),
    ("import os; os._exit(4)", "T206", "1:1", '`if __name__ == "__main__":`'),
    ("raise RuntimeError('on purpose')", "T101", "1:1", "the file must import without an error"),
    ("open('weights.txt')", "T101", "1:1", "name files by their place beside `__file__`"),
    ("import time; time.sleep(60)", "T204", "1:1", "--timeout SECONDS"),
]


@pytest.mark.parametrize(("first", "code", "place", "hint"), IMPORTS, ids=[first[:16] for first, *_ in IMPORTS])
def test_import_that_fails_is_shown_at_its_line(
    first: str, code: str, place: str, hint: str, desk: Any, shape: Any
) -> None:
    desk.net("bad.py", first)
    done = desk.apply("bad.py", *shape, "--timeout", "3" if code == "T204" else "60")
    done.refuse(code, f"bad.py:{place}", hint=hint)
    assert f"1 | {first}\n" in done.err


def test_what_a_program_says_before_it_ends_is_shown(desk: Any, shape: Any) -> None:
    desk.net("program.py", "import sys\nprint('noise ' * 200000)\nprint('--data is required')\nsys.exit(2)")
    done = desk.apply("program.py", *shape)
    done.refuse("T101", "program.py:4:1", hint="| --data is required")
    assert "sys.exit(2)" in done.err
    assert len(done.err) < 6000


def test_deep_failure_shows_the_users_own_frames_only(desk: Any, shape: Any) -> None:
    desk.net("deep.py", "def fail():\n    raise ValueError('first line\\nsecond line')\n\n\nfail()")
    done = desk.apply("deep.py", *shape)
    done.refuse("T101", "deep.py:2:5", hint="| second line")
    assert done.err.count("| " + '  File "') == 2


def test_megabytes_and_another_folder_are_no_obstacle(desk: Any, shape: Any) -> None:
    desk.net("loud.py", "import os\nos.chdir('/')\nfor _ in range(50000):\n    print('x' * 100)")
    done = desk.apply("loud.py", *shape, "--check")
    assert (done.code, done.err, done.changed, done.left) == (1, "", (), ())
    assert "loud.py:13:20: relu-to-gelu nn.ReLU() → nn.GELU()" in done.out
    assert len(done.out) < 1000


CALLS = [
    ("Nett()", "T103", "net.py", "did you mean Net?"),
    ("Net(width=3, dept=4)", "T107", "net.py:5:1", "its signature is Net(width=4)"),
    ("Net(-3)", "T105", "net.py:8:21", "its signature is Net(width=4)"),
    ("torch", "T104", "net.py", "it offers Net"),
]


@pytest.mark.parametrize(("call", "code", "place", "hint"), CALLS, ids=[call for call, *_ in CALLS])
def test_model_that_cannot_be_built(call: str, code: str, place: str, hint: str, desk: Any, shape: Any) -> None:
    desk.apply("net.py", *shape, "--model", call).refuse(code, place, hint=hint)


@pytest.mark.parametrize(("text", "words"), [("1x4x8x8", "got 4 channels"), ("1x3x8x8:int64", "1x3x8x8 int64")])
def test_wrong_input_is_shown_at_the_users_line(text: str, words: str, desk: Any) -> None:
    done = desk.apply("net.py", "--input", text)
    done.refuse("T120", "net.py:12:25", hint="give inputs that the model takes")
    assert words in done.err


def test_function_of_inputs_that_fails(desk: Any) -> None:
    desk.write("mk.py", "def make():\n    return 3 / 0\n")
    desk.apply("net.py", "--inputs-from", "mk.py:make").refuse("T112", "mk.py:2:12", hint="called without arguments")
    desk.apply("net.py", "--inputs-from", "mk.py:mak").refuse("T113", "mk.py", hint="did you mean make?")
