from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


def test_file_that_is_edited_before_writing_stays_as_it_was_edited(desk: Any, shape: Any) -> None:
    imports = desk.temp.parent / "imports"
    code = f"""\
    import time

    with open({str(imports)!r}, "a") as log:
        log.write("x")
    if open({str(imports)!r}).read() == "xxx":
        time.sleep(2)
    """
    text = "\n".join(line[4:] for line in code.splitlines())
    desk.net("slow.py", text)
    before = desk.files()
    running = desk.start("apply", "relu-to-gelu", "slow.py", *shape)
    while running.poll() is None and not (imports.exists() and len(imports.read_text()) > 2):
        time.sleep(0.02)
    edited = (desk.folder / "slow.py").read_text() + "# by the user\n"
    (desk.folder / "slow.py").write_text(edited)
    done = desk.finish(running, before)
    done.refuse("W005", "slow.py", hint="run the command again", clean=False)
    assert (desk.folder / "slow.py").read_text() == edited
    assert (done.out, done.left) == ("", ())


def test_file_that_writes_to_itself_is_left_alone(desk: Any, shape: Any) -> None:
    desk.net("grows.py", "open(__file__, 'a').write('# more\\n')")
    done = desk.apply("grows.py", *shape)
    done.refuse("W005", "grows.py", hint="importing the model is what changes the file", clean=False)
    assert "nn.ReLU()" in (desk.folder / "grows.py").read_text()
    assert done.left == ()


def test_file_that_vanishes_on_import(desk: Any, shape: Any) -> None:
    desk.net("gone.py", "import os\nos.remove(__file__)")
    done = desk.apply("gone.py", *shape)
    done.refuse("W011", "gone.py", hint="put the file back", clean=False)
    assert done.left == ()


def test_file_that_vanishes_before_it_is_imported_again(desk: Any, shape: Any) -> None:
    code = """\
    import os
    import time

    try:
        os.mkdir("@")
        time.sleep(3)
    except FileExistsError:
        pass
    """.replace("@", str(desk.temp.parent / "first"))
    desk.write("late/__init__.py", code)
    desk.net("late/gone.py", "import os\nos.remove(__file__)")
    done = desk.apply("late/gone.py", *shape)
    done.refuse("W011", "late/gone.py", hint="put the file back", clean=False)


@pytest.mark.parametrize(("what", "words"), [("net.py", "the file is read-only"), ("", "the folder is read-only")])
def test_read_only(what: str, words: str, desk: Any, shape: Any) -> None:
    path = desk.folder / what
    path.chmod(path.stat().st_mode & ~0o222)
    try:
        done = desk.apply("net.py", *shape)
    finally:
        path.chmod(path.stat().st_mode | 0o200)
    done.refuse("W004", what or ".", hint=f"chmod u+w {path}")
    assert words in done.err


@pytest.mark.parametrize("step", ["os.replace", "os.write"])
def test_disk_that_fails_while_writing_leaves_the_old_file(step: str, desk: Any, shape: Any) -> None:
    desk.write(
        "../faulty/sitecustomize.py",
        f"""\
        import errno, os, sys

        real = {step}


        def failing(first, *rest):
            if sys.argv[:1] != ["-c"] and ".mutagen" in (str(first) + os.readlink(f"/proc/self/fd/{{first}}")
                    if isinstance(first, int) else str(first)):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), None if isinstance(first, int) else first)
            return real(first, *rest)


        {step} = failing
        """,
    )
    desk.extra["PYTHONPATH"] = str(desk.folder.parent / "faulty")
    done = desk.apply("net.py", *shape)
    assert (done.code, done.changed, done.left) == (2, (), ()), done
    assert "No space left on device" in done.err
    assert " help: make" in done.err
    done.be_calm()


def test_second_mutagen_in_the_same_project_is_told_who_is_first(desk: Any, shape: Any) -> None:
    code = (
        "import sys; from pathlib import Path; from mutagen.write.lock import lock\n"
        f"with lock(Path({str(desk.folder)!r})):\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=desk.environment(), text=True
    ) as other:
        assert other.stdin and other.stdout
        try:
            assert other.stdout.readline() == "held\n"
            done = desk.apply("net.py", *shape)
        finally:
            other.stdin.close()
        other.wait(20)
    done.refuse("W001", ".mutagen_cache", hint="wait until it has finished, or stop it")
    assert f"(process {other.pid})" in done.err
    assert not (desk.folder / ".mutagen_cache").exists()


def test_plan_for_a_file_that_changed(desk: Any, shape: Any) -> None:
    assert desk.run("plan", "relu-to-gelu", "net.py", *shape, "-o", "plan.json").code == 0
    with (desk.folder / "net.py").open("a") as file:
        file.write("# edited\n")
    done = desk.run("apply", "--plan", "plan.json", "--output-format", "json")
    done.refuse("F105", "net.py", hint="make the plan again", clean=False)
    assert (done.changed, done.left) == ((), ())
    assert (json.loads(done.out)["status"], json.loads(done.out)["errors"][0]["code"]) == ("failed", "F105")


@pytest.mark.parametrize(
    ("text", "code", "place"), [(None, "F101", "p.json"), ("{", "F102", "p.json:1:2"), ("{}", "F103", "p.json")]
)
def test_plan_that_is_none(text: str | None, code: str, place: str, desk: Any) -> None:
    if text is not None:
        desk.write("p.json", text)
    done = desk.run("apply", "--plan", "p.json", "--output-format", "json")
    done.refuse(code, place, hint="mutagen plan", clean=False)
    assert json.loads(done.out)["errors"][0]["code"] == code


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("absent/out", "there is no folder absent"),
        (".", "it is a folder"),
        ("/proc/out", "cannot be written: No such file"),
    ],
)
def test_output_that_cannot_be_written_is_found_before_the_model_is_touched(
    file: str, reason: str, desk: Any, shape: Any
) -> None:
    done = desk.quick("net.py", *shape, "-o", file)
    done.refuse("C101", file, hint="give another -o FILE")
    assert reason in done.err
    desk.run("plan", "relu-to-gelu", "net.py", *shape, "-o", file).refuse("C101", file)


def test_the_same_folder_is_written_to_when_all_is_well(desk: Any, shape: Any) -> None:
    """What the checks above would miss if commands never wrote anything."""
    done = desk.apply("net.py", *shape, "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert [Path(name).name for name in done.changed] == ["net.py"]
    assert done.left == ()
