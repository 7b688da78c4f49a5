"""Code that misbehaves in every way we could think of: each ends as one clear error at the user's own line."""

import os
import time

import pytest

from mutagen.errors import TargetError
from mutagen.sandbox.runner import Host


def fails(session, function="user_module:build", **limits):
    with pytest.raises(TargetError) as caught:
        session.call(function, **limits)
    return caught.value


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid, patience=2.0):
    end = time.monotonic() + patience
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def test_exception_shows_the_users_line_and_output(user):
    session, file = user("""
        import json

        def build():
            print("before the fault")
            return json.loads("{")
    """)
    error = fails(session)
    assert error.code == "T203"
    assert error.message.startswith("JSONDecodeError: Expecting property name")
    assert (error.place.file, error.place.line, error.place.column, error.place.length) == (file, 6, 12, 15)
    assert "before the fault" in error.detail
    assert 'return json.loads("{")' in error.detail
    assert "decoder.py" not in error.detail
    assert session.call("os:getpid"), "an exception does not end the session"


def test_column_counts_characters(user):
    session, _ = user('def build():\n    return "é€", int("x")\n')
    place = fails(session).place
    assert (place.line, place.column, place.length) == (2, 18, 8)


def test_missing_module_names_what_to_install(user):
    session, file = user("import no_such_package.part\n")
    error = fails(session)
    assert (error.place.file, error.place.line) == (file, 1)
    assert "install `no_such_package`" in error.hint


def test_syntax_error_points_into_the_file(user):
    session, file = user("def build(:\n    pass\n")
    error = fails(session)
    assert (error.place.file, error.place.line, error.place.column) == (file, 1, 11)


def test_deep_recursion_is_cut_short(user):
    session, _ = user("def build(n=0):\n    return build(n + 1) + len(str(n))\n")
    error = fails(session)
    assert error.message.startswith("RecursionError")
    assert error.detail.count("\n") < 40


def test_exception_that_cannot_print_itself(user):
    session, _ = user("""
        class Odd(Exception):
            def __str__(self):
                raise ValueError

        def build():
            raise Odd
    """)
    assert fails(session).message == "Odd"


def test_exit_on_import(user):
    session, file = user("import sys\nsys.exit('use the command line')\n")
    error = fails(session)
    assert error.code == "T206"
    assert "sys.exit('use the command line')" in error.message
    assert (error.place.file, error.place.line) == (file, 2)
    assert "__main__" in error.hint


def test_exit_in_init(user):
    session, file = user("""
        class Net:
            def __init__(self):
                raise SystemExit(3)

        def build():
            Net()
    """)
    error = fails(session)
    assert error.code == "T206"
    assert (error.place.file, error.place.line) == (file, 4)


def test_hard_exit_names_the_line_and_ends_the_session(user):
    session, file = user("""
        import os

        def build():
            print("about to go")
            os._exit(7)
    """)
    error = fails(session)
    assert error.code == "T206"
    assert "os._exit(7)" in error.message
    assert (error.place.file, error.place.line) == (file, 6)
    assert "about to go" in error.detail
    assert "exit code 7" in fails(session, "os:getpid").message


def test_hang_ends_in_time_at_the_line_that_hangs(user):
    session, file = user("""
        import time

        def build():
            while True:
                time.sleep(0.01)
    """)
    begun = time.monotonic()
    error = fails(session, timeout=0.5)
    assert time.monotonic() - begun < 2.0
    assert error.code == "T204"
    assert error.message == "the model took longer than 0.5 s"
    assert (error.place.file, error.place.line) == (file, 6)
    assert "--timeout" in error.hint


def test_hang_that_ignores_signals_ends_too(user):
    session, _ = user("""
        import signal

        def build():
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            while True:
                pass
    """)
    assert fails(session, timeout=0.3).code == "T204"


def test_flood_of_output_neither_blocks_nor_is_kept(user):
    session, _ = user("""
        def build():
            line = "x" * 1023
            for _ in range(50 * 1024):
                print(line)
            print("the end")
            raise RuntimeError("after the flood")
    """)
    error = fails(session)
    assert error.message == "RuntimeError: after the flood"
    assert error.detail.endswith("the end")
    assert len(session.output) <= 64 * 1024
    assert len(error.detail) < 8000


def test_chdir_on_import_stays_in_the_session(user, host):
    before = os.getcwd()
    session, _ = user("import os\nos.chdir('/')\ndef build():\n    return os.getcwd()\n")
    assert session.call("user_module:build") == "/"
    assert os.getcwd() == before
    assert host.session("another").call("os:getcwd") != "/"


@pytest.mark.parametrize("detach", ["pass", "os.setsid()", "os.fork() and os._exit(0); os.setsid()"])
def test_grandchildren_are_killed(tmp_path, detach):
    (tmp_path / "user_module.py").write_text(
        "import os, sys, time\n"
        "def build():\n"
        "    read, write = os.pipe()\n"
        "    if os.fork() == 0:\n"
        f"        {detach}\n"
        "        os.write(write, str(os.getpid()).encode())\n"
        "        time.sleep(600)\n"
        "    return int(os.read(read, 20))\n"
    )
    with Host(preload=(), timeout=20.0) as host:
        session = host.session("the model")
        session.call("builtins:exec", f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
        grandchild = session.call("user_module:build")
        assert alive(grandchild)
        session.close()
        assert gone(grandchild)


def test_grandchild_that_holds_the_pipes_does_not_hide_the_end(user):
    session, _ = user("""
        import ctypes, os, time

        def build():
            if os.fork() == 0:
                time.sleep(600)
            ctypes.string_at(0)
    """)
    begun = time.monotonic()
    assert fails(session).code == "T207"
    assert time.monotonic() - begun < 5.0


def test_fork_that_returns_answers_nothing(user):
    session, _ = user("""
        import os

        def build():
            return 1 if os.fork() else 2
    """)
    assert session.call("user_module:build") == 1
    assert session.call("builtins:sum", [1, 2]) == 3


def test_segfault_names_signal_and_line(user):
    session, file = user("""
        import ctypes

        def build():
            print("before the crash")
            ctypes.string_at(0)
    """)
    error = fails(session)
    assert error.code == "T207"
    assert "SIGSEGV" in error.message
    assert (error.place.file, error.place.line) == (file, 6)
    assert "before the crash" in error.detail


@pytest.mark.parametrize(
    "reach",
    [
        pytest.param("import urllib.request; urllib.request.urlopen('http://example.com/w.pth')", id="urllib"),
        pytest.param("import socket; socket.create_connection(('127.0.0.1', 9))", id="name"),
        pytest.param("import socket; socket.socket().connect(('127.0.0.1', 9))", id="connect"),
        pytest.param("import http.client; http.client.HTTPSConnection('example.com').request('GET', '/')", id="http"),
    ],
)
def test_network_is_refused(user, reach):
    session, file = user(f"def build():\n    {reach}\n")
    error = fails(session)
    assert error.code == "T208"
    assert (error.place.file, error.place.line) == (file, 2)
    assert "pretrained=False" in error.hint


def test_network_refusal_is_found_behind_a_librarys_own_error(user):
    session, _ = user("""
        import socket

        def build():
            try:
                socket.create_connection(("example.com", 80))
            except OSError:
                raise RuntimeError("no weights")
    """)
    assert fails(session).code == "T208"


def test_network_refusal_is_found_behind_an_error_of_mutagen(user):
    session, file = user("""
        import socket
        from mutagen.errors import Place, TargetError

        def build():
            try:
                socket.create_connection(("example.com", 80))
            except OSError as error:
                raise TargetError("T105", "cannot be built", place=Place(__file__, 7)) from error
    """)
    error = fails(session)
    assert (error.code, error.place.file, error.place.line) == ("T208", file, 7)


def test_code_that_lives_without_network_runs(user):
    session, _ = user("""
        import socket

        def build():
            try:
                socket.create_connection(("example.com", 80))
            except OSError:
                return "offline"
    """)
    assert session.call("user_module:build") == "offline"


def test_local_sockets_work(user):
    session, _ = user("""
        import multiprocessing

        def build():
            with multiprocessing.get_context("fork").Pool(1) as pool:
                return pool.map(len, ["ab", "c"])
    """)
    assert session.call("user_module:build") == [2, 1]


def test_eating_memory_is_stopped(tmp_path):
    (tmp_path / "user_module.py").write_text(
        "import time\n"
        "def build():\n"
        "    held = []\n"
        "    while True:\n"
        "        held.append(bytearray(10_000_000))\n"
        "        time.sleep(0.005)\n"
    )
    with Host(preload=(), timeout=30.0, memory_bytes=300_000_000) as host:
        session = host.session("the model")
        session.call("builtins:exec", f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
        error = fails(session)
    assert error.code == "T205"
    assert error.message == "the model needed more than 300 MB of memory"
    assert error.place.file == str(tmp_path / "user_module.py")
    assert "--memory" in error.hint


def test_memory_of_grandchildren_counts(tmp_path):
    (tmp_path / "user_module.py").write_text(
        "import os, time\n"
        "def build():\n"
        "    if os.fork() == 0:\n"
        "        held = bytearray(400_000_000)\n"
        "        time.sleep(600)\n"
        "    time.sleep(600)\n"
    )
    with Host(preload=(), timeout=30.0, memory_bytes=300_000_000) as host:
        session = host.session("the model")
        session.call("builtins:exec", f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
        assert fails(session).code == "T205"


def test_closing_its_own_pipes_ends_the_session_only(user, host):
    session, _ = user("import os\ndef build():\n    os.closerange(3, 64)\n")
    assert fails(session).code in {"T206", "T207"}
    assert host.session("another").call("builtins:sum", [1]) == 1
