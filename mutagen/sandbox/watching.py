"""Lets Python tell of every file that is opened and every folder that is listed, by its audit events."""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from mutagen.sandbox.seen import Seen, digest, digest_of, listing

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DOUBTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "socket.connect")
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
_IMPORTING = "<frozen importlib._bootstrap_external>"
_CACHE = f"{os.sep}.mutagen_cache{os.sep}"
_LOCK = f"{os.sep}mutagen.lock{os.sep}"
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")

_watchers: list[Watcher] = []
_busy = threading.local()
_hooked: list[bool] = []


class Watcher:
    """Fills ``seen``; ``ours`` says that it is mutagen's own process, where only what it reads is of interest.

    Paths that begin as one of ``apart`` do not matter."""

    def __init__(self, *, ours: bool, apart: tuple[str, ...]) -> None:
        self.seen = Seen()
        self._ours = ours
        self._apart = ("/dev/", "/proc/", "/sys/", *apart)
        self._own = _packages("mutagen") if ours else _packages("mutagen", "torch", "numpy")
        self._python = _python()
        self._handlers: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "open": self._open,
            "os.listdir": self._list,
            "os.scandir": self._list,
            "import": self._extension,
            "ctypes.dlopen": self._library,
        }
        if not ours:
            self._handlers |= {event: self._doubt(event) for event in _DOUBTS}
            self._handlers |= dict.fromkeys(_CHANGES, self._change)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Be told of an event."""
        handle = self._handlers.get(event)
        if handle is not None and not getattr(_busy, "now", False):
            _busy.now = True  # looking into a file opens it
            try:
                handle(args)
            except Exception as problem:  # it would come out where the user's code opens a file
                self.seen.doubts.add(f"{event}: {problem!r}")
            finally:
                _busy.now = False

    def asked(self, path: Any, kind: int) -> None:
        """Be told that somebody asked what a path is; 0 where it does not exist."""
        if getattr(_busy, "now", False):
            return
        try:
            known = self._path(path)
        except Exception as problem:
            self.seen.doubts.add(f"os.stat: {problem!r}")
        else:
            if known is not None:
                self.seen.there.setdefault(known, kind)

    def variable(self, name: str, value: bytes | None) -> None:
        """Be told that a variable of the environment was read."""
        self.seen.variables.setdefault(name, digest(value) if value is not None else "")

    def _open(self, args: tuple[Any, ...]) -> None:
        name, mode, flags = args
        path = self._path(name)
        if path is None:
            return
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITES):
            if not self._ours:
                self.seen.doubts.add(f"{path} is written")
        else:
            self._read(path)

    def _extension(self, args: tuple[Any, ...]) -> None:
        if args[1] is not None:  # the file of a compiled module, which Python itself does not open
            self._library(args[1:2])

    def _library(self, args: tuple[Any, ...]) -> None:
        path = self._path(args[0]) if args[0] is not None and os.sep in os.fsdecode(args[0]) else None
        if path is not None:
            self._read(path)

    def _read(self, path: str) -> None:
        if path not in self.seen.files:
            self.seen.files[path] = digest_of(path)
            if self.seen.files[path] == "large":
                self.seen.doubts.add(f"{path} is large")

    def _list(self, args: tuple[Any, ...]) -> None:
        path = self._path("." if args[0] is None else args[0])
        if path is not None:
            importing = self._ours or sys._getframe(3).f_code.co_filename == _IMPORTING
            self.seen.folders.setdefault((path, importing), listing(path, importing))

    def _change(self, args: tuple[Any, ...]) -> None:
        path = self._path(args[0])
        if path is not None:
            self.seen.doubts.add(f"{path} is changed")

    def _doubt(self, event: str) -> Callable[[tuple[Any, ...]], None]:
        return lambda _: self.seen.doubts.add(event)

    def _path(self, name: Any) -> str | None:
        """The absolute path if it is one that matters, the source in the place of its compiled form."""
        if not isinstance(name, (str, bytes, os.PathLike)):
            return None
        path = os.path.abspath(os.fsdecode(name))
        if f"{path}{os.sep}".startswith((*self._apart, *self._own)) or _is_ours(f"{path}{os.sep}"):
            return None
        installed = any(part in f"{path}{os.sep}" for part in _INSTALLED)
        if installed and self._ours or not installed and path.startswith(self._python):
            return None
        if path.endswith(".pyc") and "__pycache__" in path:
            try:
                source = importlib.util.source_from_cache(path)
            except ValueError:
                return path
            return source if os.path.exists(source) else path
        return path


def _is_ours(path: str) -> bool:
    """Whether it is what mutagen writes down of its own work, which is the same whatever stands there."""
    return _CACHE in path or path.endswith(_LOCK)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    for watcher in _watchers:
        watcher.hear(event, args)


def watch(watcher: Watcher) -> None:
    """Let a watcher hear of all events from now on."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)
        _note_questions()
    _watchers.append(watcher)


def _note_questions() -> None:
    """Hear what is asked of paths as well: ``os.path.exists`` opens nothing."""
    ask = os.stat

    @wraps(ask)
    def noted(path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        kind = 0
        try:
            found = ask(path, *args, **kwargs)
            kind = stat.S_IFMT(found.st_mode)
        finally:
            for watcher in _watchers:
                watcher.asked(path, kind)
        return found

    os.stat = noted
    for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        if ask in able:
            able.add(noted)


@contextmanager
def watching(*apart: str) -> Iterator[Seen]:
    """What mutagen itself reads inside the block, but for paths that begin as one of ``apart``."""
    watcher = Watcher(ours=True, apart=(os.path.join(tempfile.gettempdir(), "mutagen-"), *apart))
    watch(watcher)
    try:
        yield watcher.seen
    finally:
        _watchers.remove(watcher)


def _packages(*names: str) -> tuple[str, ...]:
    """The folders of packages, as far as they are imported already."""
    files = [getattr(sys.modules.get(name), "__file__", None) for name in names]
    return tuple(str(Path(file).parent) + os.sep for file in files if file is not None)


def _python() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return (paths["stdlib"] + os.sep, paths["platstdlib"] + os.sep)
