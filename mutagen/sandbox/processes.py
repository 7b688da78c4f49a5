"""Reads ``/proc``: which processes belong to a session, and how much memory they hold."""

from __future__ import annotations

import contextlib
import os
import signal

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def members(leader: int) -> set[int]:
    """The processes of the session that ``leader`` leads, and all that descend from it."""
    found, parents = {leader}, {}
    for pid in _processes():
        stat = _stat(pid)
        if stat is not None:
            parents[pid], session = stat
            if session == leader:
                found.add(pid)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found


def children(parent: int) -> set[int]:
    """The processes whose parent is ``parent``."""
    return {pid for pid in _processes() if (stat := _stat(pid)) is not None and stat[0] == parent}


def memory(leader: int, others: set[int]) -> int:
    """Bytes held by a leader and by others, pages that they share with it left out; 0 once the leader ended."""
    resident, _ = _resident(leader)
    if not resident:
        return 0
    total = resident
    for pid in others - {leader}:
        held, shared = _resident(pid)
        total += held - shared
    return total * _PAGE


def kill(leader: int) -> None:
    """End a session leader, its process group and all that descends from it, at once."""
    for pid in members(leader):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def most_memory() -> int:
    """Four fifths of the memory of this machine, or of what its control group allows."""
    total = os.sysconf("SC_PHYS_PAGES") * _PAGE if hasattr(os, "sysconf") else 16 << 30
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError), open(file) as stream:
            total = min(total, int(stream.read()))
    return total * 4 // 5


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _stat(pid: int) -> tuple[int, int] | None:
    """Parent and session of a process; None once it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[3])


def _resident(pid: int) -> tuple[int, int]:
    """Resident and shared pages; a process that has ended, also one not yet waited for, has none."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as stream:
            fields = stream.read().split()
    except OSError:
        return 0, 0
    return int(fields[1]), int(fields[2])
