"""What a session gives to the code that runs in it, and what travels back."""

import os
import sys
import time

import pytest

from mutagen.errors import InternalError, Place, TargetError
from mutagen.records.target import Call
from mutagen.sandbox.runner import Host

BOTH_WAYS = [pytest.param(True, id="fork"), pytest.param(False, id="spawn")]


@pytest.mark.parametrize("fork", BOTH_WAYS)
def test_state_stays_between_calls_and_output_is_kept(fork):
    with Host(preload=("json",), timeout=20.0, fork=fork) as host:
        session = host.session("the model")
        session.call("builtins:exec", "import json; json.kept = 41")
        session.call("builtins:exec", "import json; print('kept', json.kept + 1)")
        assert session.call("os:getpid") == session.call("os:getpid") != os.getpid()
        time.sleep(0.05)
        assert session.output == "kept 42\n"


@pytest.mark.parametrize("fork", BOTH_WAYS)
def test_session_lives_in_a_folder_of_its_own_that_goes_away(fork):
    with Host(preload=(), timeout=20.0, fork=fork) as host:
        session = host.session("the model")
        work, home = session.call("os:getcwd"), session.call("os.path:expanduser", "~")
        temporary, cache = session.call("tempfile:gettempdir"), session.call("os:getenv", "XDG_CACHE_HOME")
        folders = {work, home, temporary, cache}
        assert len(folders) == 4
        assert all(os.path.isdir(folder) for folder in folders)
        assert session.call("os:getenv", "MPLBACKEND") == "Agg"
        assert session.call("os:getsid", 0) == session.call("os:getpid")
        parent = os.path.dirname(os.path.dirname(work))
    assert not os.path.exists(parent)
    assert os.getcwd() != work


@pytest.mark.parametrize("fork", BOTH_WAYS)
def test_missing_module_of_the_host_says_how_to_install(fork):
    with Host(preload=("no_such_torch",), timeout=20.0, fork=fork) as host, pytest.raises(TargetError) as caught:
        host.session("the model").call("os:getpid")
    assert caught.value.code == "T201"
    assert "pip install 'torch-mutagen[torch]'" in caught.value.hint


def test_two_sessions_work_at_once(host):
    first, second = host.session("first"), host.session("second")
    first.call("os:getpid"), second.call("os:getpid")
    begun = time.monotonic()
    first.start("time:sleep", 1.0)
    second.start("time:sleep", 1.0)
    assert (first.result(), second.result()) == (None, None)
    assert time.monotonic() - begun < 1.9


def test_a_session_does_one_call_at_a_time(host):
    session = host.session("the model")
    session.start("time:sleep", 0.2)
    with pytest.raises(InternalError, match="at work already"):
        session.start("os:getpid")
    session.result()
    with pytest.raises(InternalError, match="not asked"):
        session.result()


def test_records_travel_both_ways(host):
    call = Call("UNet", (3, 2), {"bilinear": True})
    assert host.session("the model").call("copy:deepcopy", call) == call


def test_objects_of_other_classes_do_not_reach_the_parent(host):
    session = host.session("the model")
    with pytest.raises(InternalError, match=r"fractions\.Fraction"):
        session.call("fractions:Fraction", 1, 3)
    assert session.call("builtins:sum", [1, 2]) == 3


def test_unpicklable_result_is_a_bug_not_a_hang(host):
    with pytest.raises(InternalError, match="cannot be pickled"):
        host.session("the model").call("builtins:eval", "lambda: 1")


def test_mutagen_error_comes_back_as_itself(user):
    session, _ = user("""
        from mutagen.errors import Place, TargetError

        def build():
            raise TargetError("T999", "as it is", place=Place("a.py", 3, 4), hint="do this", detail="more")
    """)
    with pytest.raises(TargetError) as caught:
        session.call("user_module:build")
    error = caught.value
    assert (error.code, error.message, error.place, error.hint) == ("T999", "as it is", Place("a.py", 3, 4), "do this")
    assert error.detail == "more"


def test_standard_input_is_empty(host):
    with pytest.raises(TargetError, match="EOFError"):
        host.session("the model").call("builtins:input")


def test_no_bytecode_is_left_beside_the_users_modules(user, tmp_path):
    session, _ = user("def build():\n    return 1\n")
    assert session.call("user_module:build") == 1
    assert os.listdir(tmp_path) == ["user_module.py"]


def test_nothing_of_the_checkout_is_added_to_the_import_path(host):
    paths = host.session("the model").call("builtins:eval", "list(__import__('sys').path)")
    assert "" not in paths
    assert all(path in sys.path or path.endswith(".zip") for path in paths)


def test_session_of_a_host_that_is_not_running():
    with pytest.raises(InternalError, match="not running"):
        Host(preload=()).session("the model")


def test_host_is_quick():
    begun = time.monotonic()
    with Host(preload=(), timeout=20.0) as host:
        host.session("the model").call("os:getpid")
    assert time.monotonic() - begun < 2.0


def test_calls_in_a_row_end_with_the_first_that_fails(host):
    session = host.session("the model")
    session.start_all([("time:sleep", (0.0,), {}), ("os:getpid", (), {})])
    assert session.result() == session.call("os:getpid")
    session.start_all([("operator:truediv", (1, 0), {}), ("os:mkdir", ("never",), {})])
    with pytest.raises(TargetError, match="ZeroDivisionError"):
        session.result()
    assert session.call("os.path:exists", "never") is False


def test_each_call_in_a_row_has_the_whole_time(host):
    session = host.session("the model")
    session.start_all([("time:sleep", (0.4,), {}), ("time:sleep", (0.4,), {})], timeout=0.7)
    assert session.result() is None


def test_spare_calls_are_made_until_somebody_waits(host, tmp_path):
    session = host.session("the model")
    first, late = tmp_path / "first", tmp_path / "late"
    spare = [("os:mkdir", (str(first),), {}), ("time:sleep", (3.0,), {}), ("os:mkdir", (str(late),), {})]
    session.start_all([("os:getpid", (), {})], spare=spare)
    deadline = time.monotonic() + 60
    while not first.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    pid = session.result()
    assert pid == session.call("os:getpid")
    assert first.exists() and not late.exists()


def test_what_becomes_of_spare_calls_is_not_told(host):
    session = host.session("the model")
    session.start_all([("os:getpid", (), {})], spare=[("operator:truediv", (1, 0), {}), ("os:mkdir", ("never",), {})])
    time.sleep(0.5)
    assert session.result() == session.call("os:getpid")
    assert session.call("os.path:exists", "never") is False
