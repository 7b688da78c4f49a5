"""Whole sets of files: what commit and recover do when nothing, something or everything goes wrong."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from mutagen.errors import ClashError, UserError
from mutagen.records.result import FileChange
from mutagen.write import disk
from mutagen.write.journal import Entry, Journal, decide, journal_file, read_journal, write_journal
from mutagen.write.lock import cache_folder, make_folder
from mutagen.write.transaction import Recovery, commit, recover

OLD_A, OLD_B = b"a = 1\r\n", b"b = 1\n"
NEW_A, NEW_B, NEW_C = b"a = 22\r\n", b"b = 22\n", b"c = 3\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/a.py").write_bytes(OLD_A)
    (tmp_path / "pkg/b.py").write_bytes(OLD_B)
    return tmp_path.resolve()


def changes_of(root: Path) -> tuple[FileChange, ...]:
    return (
        FileChange(str(root / "pkg/a.py"), OLD_A, NEW_A),
        FileChange(str(root / "pkg/b.py"), OLD_B, NEW_B),
        FileChange(str(root / "pkg/layers/c.py"), None, NEW_C),
    )


def expected_of(root: Path) -> dict[str, str]:
    return {str(root / "pkg" / name): hashlib.sha256(data).hexdigest() for name, data in OLD.items()}


OLD = {"a.py": OLD_A, "b.py": OLD_B}
ALL_OLD = {"pkg/a.py": OLD_A, "pkg/b.py": OLD_B}
ALL_NEW = {"pkg/a.py": NEW_A, "pkg/b.py": NEW_B, "pkg/layers/c.py": NEW_C}


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_commit_writes_everything_and_leaves_nothing_else(root: Path) -> None:
    commit(changes_of(root), root=root, expected=expected_of(root))
    assert tree(root) == ALL_NEW
    assert not cache_folder(root).exists()
    assert recover(root) == Recovery("nothing")


def test_commit_without_a_real_change_touches_nothing(root: Path) -> None:
    before = (root / "pkg/a.py").stat()
    commit((FileChange(str(root / "pkg/a.py"), OLD_A, OLD_A),), root=root, expected={})
    assert (root / "pkg/a.py").stat().st_ino == before.st_ino


def test_mode_is_kept_and_a_new_file_follows_the_umask(root: Path) -> None:
    (root / "pkg/a.py").chmod(0o755)
    (root / "pkg/b.py").chmod(0o600)
    old_umask = os.umask(0o027)
    try:
        commit(changes_of(root), root=root, expected={})
    finally:
        os.umask(old_umask)
    modes = [stat.S_IMODE((root / name).stat().st_mode) for name in ALL_NEW]
    assert modes == [0o755, 0o600, 0o640]


def test_the_time_of_change_is_new(root: Path) -> None:
    os.utime(root / "pkg/a.py", (1_000_000_000, 1_000_000_000))
    commit(changes_of(root), root=root, expected={})
    assert (root / "pkg/a.py").stat().st_mtime > 1_500_000_000


def test_owner_is_kept(root: Path) -> None:
    owner = (1234, 4321) if os.geteuid() == 0 else (os.getuid(), os.getgid())  # only root may give files away
    os.chown(root / "pkg/a.py", *owner)
    commit(changes_of(root), root=root, expected={})
    status = (root / "pkg/a.py").stat()
    assert (status.st_uid, status.st_gid) == owner


def test_a_symbolic_link_stays_a_link(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    real = tmp_path_factory.mktemp("elsewhere") / "real.py"
    real.write_bytes(OLD_A)
    link = root / "pkg/link.py"
    link.symlink_to(real)
    commit((FileChange(str(link), OLD_A, NEW_A),), root=root, expected={})
    assert link.is_symlink()
    assert real.read_bytes() == NEW_A
    assert [path.name for path in real.parent.iterdir()] == ["real.py"]


def test_two_names_of_one_file_are_refused(root: Path) -> None:
    (root / "pkg/link.py").symlink_to(root / "pkg/a.py")
    twice = (changes_of(root)[0], FileChange(str(root / "pkg/link.py"), OLD_A, b"other"))
    with pytest.raises(UserError, match="by another name") as caught:
        commit(twice, root=root, expected={})
    assert caught.value.code == "W010"
    assert tree(root)["pkg/a.py"] == OLD_A


@pytest.mark.parametrize("name", ["a.py", "b.py"])
def test_a_file_changed_since_planning_stops_everything(root: Path, name: str) -> None:
    (root / "pkg" / name).write_bytes(b"edited")
    before = tree(root)
    with pytest.raises(ClashError, match="changed on disk") as caught:
        commit(changes_of(root), root=root, expected=expected_of(root))
    assert caught.value.code == "W005"
    assert caught.value.place is not None
    assert caught.value.place.file.endswith(name)
    assert tree(root) == before
    assert not cache_folder(root).exists()


def test_a_file_that_is_only_read_must_be_unchanged_too(root: Path) -> None:
    (root / "pkg/imported.py").write_bytes(b"x")
    stale = {str(root / "pkg/imported.py"): hashlib.sha256(b"y").hexdigest()}
    with pytest.raises(ClashError, match="changed on disk"):
        commit(changes_of(root), root=root, expected=stale)
    assert tree(root) == {**ALL_OLD, "pkg/imported.py": b"x"}


def test_a_new_file_never_overwrites(root: Path) -> None:
    (root / "pkg/layers").mkdir()
    (root / "pkg/layers/c.py").write_bytes(b"mine")
    with pytest.raises(ClashError) as caught:
        commit(changes_of(root), root=root, expected={})
    assert caught.value.code == "W006"
    assert tree(root) == {**ALL_OLD, "pkg/layers/c.py": b"mine"}


@pytest.mark.parametrize("name", ["pkg/b.py", "pkg"])
def test_read_only_is_refused_before_anything_is_written(root: Path, name: str) -> None:
    path = root / name
    path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with pytest.raises(UserError, match="read-only") as caught:
            commit(changes_of(root), root=root, expected={})
    finally:
        path.chmod(0o755)
    assert caught.value.code == "W004"
    assert caught.value.place is not None
    assert caught.value.place.file == str(path)
    assert tree(root) == ALL_OLD
    assert not cache_folder(root).exists()


def interrupted(root: Path, *, renamed: tuple[str, ...] = (), lost: tuple[str, ...] = ()) -> Journal:
    """A transaction in state commit of which some renames were done and some waiting files are lost."""
    make_folder(root)
    (root / "pkg/layers").mkdir()
    entries = tuple(
        Entry(change.path, change.path + ".wait", change.before, disk.digest(change.after) or "")
        for change in changes_of(root)
    )
    journal = Journal("commit", entries, (str(root / "pkg/layers"),))
    write_journal(root, journal)
    for entry, change in zip(entries, changes_of(root), strict=True):
        name = os.path.basename(entry.path)
        if name in renamed:
            Path(entry.path).write_bytes(change.after)
        elif name not in lost:
            Path(entry.temp).write_bytes(change.after)
    return journal


def test_recover_replays_what_waits(root: Path) -> None:
    interrupted(root, renamed=("a.py",))
    recovery = recover(root)
    assert recovery.outcome == "replayed"
    assert [os.path.basename(file) for file in recovery.files] == ["b.py", "c.py"]
    assert tree(root) == ALL_NEW
    assert not cache_folder(root).exists()


@pytest.mark.parametrize("renamed", [("a.py",), ("a.py", "c.py"), ()])
def test_recover_rolls_back_when_a_waiting_file_is_lost(root: Path, renamed: tuple[str, ...]) -> None:
    interrupted(root, renamed=renamed, lost=("b.py",))
    assert recover(root).outcome == "rolled-back"
    assert tree(root) == ALL_OLD
    assert not (root / "pkg/layers").exists()
    assert not cache_folder(root).exists()


def test_recover_forgets_a_finished_transaction_even_when_files_were_edited_since(root: Path) -> None:
    interrupted(root, renamed=("a.py", "b.py", "c.py"))
    (root / "pkg/a.py").write_bytes(b"edited later")
    assert recover(root).outcome == "finished"
    assert tree(root) == {**ALL_NEW, "pkg/a.py": b"edited later"}


def test_recover_touches_nothing_when_somebody_edited_a_file(root: Path) -> None:
    interrupted(root, renamed=("a.py",))
    (root / "pkg/b.py").write_bytes(b"edited since")
    before = tree(root)
    with pytest.raises(ClashError, match="edited since") as caught:
        recover(root)
    assert caught.value.code == "W007"
    assert caught.value.place is not None
    assert caught.value.place.file == str(root / "pkg/b.py")
    assert "journal.json" in caught.value.hint
    assert {name: data for name, data in tree(root).items() if "lock" not in name} == before
    with pytest.raises(ClashError):
        commit((FileChange(str(root / "pkg/b.py"), b"edited since", b"x"),), root=root, expected={})


def test_a_damaged_journal_is_reported_and_kept(root: Path) -> None:
    make_folder(root)
    Path(journal_file(root)).write_text('{"version": 1, "state": "comm', encoding="utf-8")
    with pytest.raises(ClashError, match="cannot be read") as caught:
        recover(root)
    assert caught.value.code == "W008"
    assert Path(journal_file(root)).exists()


def test_old_content_in_a_journal_must_have_its_hash(root: Path) -> None:
    interrupted(root)
    data = json.loads(Path(journal_file(root)).read_text(encoding="utf-8"))
    data["files"][0]["before"] = "QUFB"
    Path(journal_file(root)).write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ClashError, match="does not have its hash"):
        read_journal(root)


def test_a_project_that_was_moved_can_be_recovered(root: Path) -> None:
    interrupted(root, renamed=("a.py",))
    moved = root.parent / (root.name + "-moved")
    root.rename(moved)
    assert recover(moved).outcome == "replayed"
    assert tree(moved) == ALL_NEW


def test_the_journal_survives_a_round_trip(root: Path) -> None:
    journal = interrupted(root)
    assert read_journal(root) == journal


def test_decide_knows_all_four_ways(root: Path) -> None:
    journal = interrupted(root, renamed=("a.py",))
    assert decide(journal)[0] == "replay"
    os.unlink(journal.entries[1].temp)
    assert decide(journal)[0] == "roll-back"
    (root / "pkg/b.py").write_bytes(b"edited")
    assert decide(journal)[0] == "clash"
    os.replace(journal.entries[2].temp, journal.entries[2].path)
    assert decide(journal)[0] == "finish"


def test_a_full_disk_is_the_users_error_and_leaves_no_trace(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = disk.create

    def create(path: str, data: bytes, *, like: str | None = None) -> None:
        if "b.py" in path:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, data, like=like)

    monkeypatch.setattr(disk, "create", create)
    with pytest.raises(UserError, match="No space left") as caught:
        commit(changes_of(root), root=root, expected={})
    assert caught.value.code == "W003"
    assert tree(root) == ALL_OLD
    assert not cache_folder(root).exists()
    assert not (root / "pkg/layers").exists()
