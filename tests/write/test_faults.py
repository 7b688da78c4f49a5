"""A fault at every single system call of an apply: each file stays whole, and recovery makes the set whole."""

from __future__ import annotations

import errno
import os
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from mutagen.errors import UserError
from mutagen.records.result import FileChange
from mutagen.write import disk, journal, lock, transaction

OLD_A, OLD_B = b"a = 1\n" * 50, b"b = 1\n" * 50
NEW_A, NEW_B, NEW_C = b"a = 22\n" * 50, b"b = 22\n" * 50, b"c = 3\n" * 50
ALL_OLD = {"a.py": OLD_A, "sub/b.py": OLD_B}
ALL_NEW = {"a.py": NEW_A, "sub/b.py": NEW_B, "new/c.py": NEW_C}
CALLS = ("open", "write", "fsync", "replace", "unlink", "mkdir", "rmdir", "utime", "close")


class Crash(BaseException):
    """The process is gone: nothing that would run afterwards has an effect."""


class Faults:
    """Stands in for ``os`` (and ``open``) in the modules that write; fails at the ``at``-th call.

    ``error``: that one call fails as on a full disk. ``crash before`` and ``crash after``: no call has an effect from
    there on; a write that is hit goes through by half.
    """

    def __init__(self, kind: str, at: int) -> None:
        self.kind, self.at, self.count, self.fired = kind, at, 0, False

    def wrap(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object, **kwargs: object) -> object:
            if self.fired and self.kind != "error":
                raise Crash
            self.count += 1
            if self.count != self.at:
                return call(*args, **kwargs)
            self.fired = True
            if name == "write":
                descriptor, data = args
                call(descriptor, data[: len(data) // 2])  # type: ignore[index,arg-type]
            if self.kind == "error":
                if name == "close":
                    call(*args, **kwargs)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if self.kind == "crash after" and name != "write":
                call(*args, **kwargs)
            raise Crash

        return wrapped

    def install(self, patch: pytest.MonkeyPatch) -> None:
        fake = types.SimpleNamespace(**{name: getattr(os, name) for name in dir(os)})
        for name in CALLS:
            setattr(fake, name, self.wrap(name, getattr(os, name)))
        for module in (disk, journal, lock, transaction):
            patch.setattr(module, "os", fake)
        patch.setattr(disk, "open", self.wrap("read", open), raising=False)


def project(folder: Path) -> tuple[FileChange, ...]:
    (folder / "sub").mkdir(parents=True)
    (folder / "a.py").write_bytes(OLD_A)
    (folder / "sub/b.py").write_bytes(OLD_B)
    return (
        FileChange(str(folder / "a.py"), OLD_A, NEW_A),
        FileChange(str(folder / "sub/b.py"), OLD_B, NEW_B),
        FileChange(str(folder / "new/c.py"), None, NEW_C),
    )


def tree(root: Path, *, cache: bool = False) -> dict[str, bytes]:
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {name: data for name, data in files.items() if cache or not name.startswith(".mutagen_cache/")}


def whole(root: Path) -> bool:
    for name, new in ALL_NEW.items():
        path = root / name
        data = path.read_bytes() if path.exists() else None
        if data not in (new, ALL_OLD.get(name)):
            return False
    return True


@pytest.mark.parametrize("kind", ["error", "crash before", "crash after"])
def test_a_fault_at_every_call(tmp_path: Path, kind: str) -> None:
    outcomes = set()
    for at in range(1, 1000):
        root = tmp_path.resolve() / str(at)
        changes = project(root)
        faults = Faults(kind, at)
        outcome = "returned"
        with pytest.MonkeyPatch.context() as patch:
            faults.install(patch)
            try:
                transaction.commit(changes, root=root, expected={})
            except UserError as error:
                outcome = error.code
            except Crash:
                outcome = "crash"
        assert whole(root), at
        if kind == "error":
            assert tree(root) == (ALL_NEW if outcome == "returned" else ALL_OLD), (at, outcome)
        transaction.recover(root)
        after = tree(root)
        assert after == ALL_NEW or (after == ALL_OLD and outcome != "returned"), (at, outcome)
        outcomes.add((outcome, after == ALL_NEW))
        if not faults.fired:
            assert outcome == "returned"
            break
        redo = transaction.recover(root)
        assert redo.outcome == "nothing"
        if after == ALL_OLD:  # and the next run works
            transaction.commit(changes, root=root, expected={})
            assert tree(root, cache=True) == ALL_NEW, at
    else:
        pytest.fail("commit never ran without a fault")
    assert at > 60
    if kind == "error":
        assert outcomes == {("returned", True), ("W002", False), ("W003", False)}
    else:
        assert outcomes == {("returned", True), ("crash", True), ("crash", False)}


@pytest.mark.parametrize("waiting_lost", [False, True])
@pytest.mark.parametrize("kind", ["error", "crash before", "crash after"])
def test_a_fault_at_every_call_of_the_recovery(tmp_path: Path, kind: str, waiting_lost: bool) -> None:
    for at in range(1, 1000):
        root = tmp_path.resolve() / str(at)
        changes = project(root)
        half_done(root, changes)
        if waiting_lost:
            os.unlink(next(path for path in root.rglob("*.mutagen") if "b.py" in path.name))
        faults = Faults(kind, at)
        with pytest.MonkeyPatch.context() as patch:
            faults.install(patch)
            try:
                transaction.recover(root)
            except UserError as error:
                assert error.code in ("W002", "W009")
            except Crash:
                pass
        assert whole(root), at
        transaction.recover(root)
        assert tree(root) == (ALL_OLD if waiting_lost else ALL_NEW), at
        if not faults.fired:
            break
    else:
        pytest.fail("recover never ran without a fault")
    assert at > 10


def half_done(root: Path, changes: tuple[FileChange, ...]) -> None:
    """Crash a commit right after its first rename of a model file."""
    real = os.replace

    def replace(source: str, target: str) -> None:
        real(source, target)
        if target.endswith("a.py"):
            raise Crash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction, "os", types.SimpleNamespace(**{**vars(os), "replace": replace}))
        patch.setattr(transaction, "_settle", lambda *_: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            transaction.commit(changes, root=root, expected={})
    assert tree(root)["a.py"] == NEW_A
    assert tree(root)["sub/b.py"] == OLD_B


@pytest.mark.parametrize("stuck", ["b.py", "c.py"])
def test_a_rename_that_never_works_is_taken_back(tmp_path: Path, stuck: str) -> None:
    root = tmp_path.resolve() / "p"
    changes = project(root)
    real = os.replace

    def replace(source: str, target: str) -> None:
        if target.endswith(stuck):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), source, None, target)
        real(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(UserError, match=r"not permitted.*old content") as caught:
            transaction.commit(changes, root=root, expected={})
    assert caught.value.code == "W003"
    assert caught.value.place is not None
    assert caught.value.place.file.endswith(stuck)
    assert tree(root, cache=True) == ALL_OLD
    assert not (root / "new").exists()


def test_an_interrupt_between_the_renames_completes_them(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "p"
    changes = project(root)
    real = os.replace

    def replace(source: str, target: str) -> None:
        real(source, target)
        if target.endswith("a.py"):
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            transaction.commit(changes, root=root, expected={})
    assert tree(root, cache=True) == ALL_NEW
