"""A copy of one package's source that the command line may edit, and that is put back after each edit."""

from __future__ import annotations

import shutil
from pathlib import Path
from sysconfig import get_path

from corpus.entries import Entry

SOURCES = (".py", ".pyi", ".json", ".yaml", ".txt")
# Compiled files hold the time of their source, which the copies keep: an edited source is compiled anew.
COMPILED = ".pyc"


class Workspace:
    """Copies of packages: ``pristine`` is never edited, ``edited`` is.

    ``rules`` takes rule files, ``found`` what the judge finds in the edited copy.
    """

    def __init__(self, folder: Path, site_packages: Path | None = None) -> None:
        self._site = site_packages or Path(get_path("purelib"))
        self.stubs = folder / "stubs"
        self.pristine = folder / "pristine"
        self.edited = folder / "edited"
        self.rules = folder / "rules"
        self.found = folder / "found"
        self._stamps: dict[str, dict[Path, tuple[int, int]]] = {}

    def open(self, entry: Entry) -> None:
        """Makes the copies of the entry's package where they are not there yet, and its stubs."""
        if entry.top in self._stamps:
            return
        for root in (self.pristine, self.edited):
            _copy_sources(self._site / entry.top, root / entry.top)
        self._stamps[entry.top] = _stamps(self.edited / entry.top)

    def roots(self, entry: Entry, *, edited: bool) -> tuple[str, ...]:
        """Returns what goes in front of ``sys.path`` to import one of the copies."""
        stubs = [str(self._stub(name)) for name in entry.stubs]
        return (str(self.edited if edited else self.pristine), *stubs)

    def changed(self, entry: Entry) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Returns the files that differ from the original: before and after, by path relative to the copy's root."""
        before, after = {}, {}
        now = _stamps(self.edited / entry.top)
        then = self._stamps[entry.top]
        for path in sorted({path for path in set(now) | set(then) if now.get(path) != then.get(path)}):
            name = str(path.relative_to(self.edited))
            source = self.pristine / name
            if source.exists():
                before[name] = source.read_bytes()
            if path.exists():
                after[name] = path.read_bytes()
        return before, after

    def restore(self, entry: Entry) -> None:
        """Puts the edited copy back."""
        before, after = self.changed(entry)
        for name in set(after) - set(before):
            (self.edited / name).unlink()
        for name in before:
            shutil.copy2(self.pristine / name, self.edited / name)

    def _stub(self, name: str) -> Path:
        folder = self.stubs / name / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text("transforms = None\n", encoding="utf-8")
        return folder.parent


def _copy_sources(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        cached = "__pycache__" in path.parts
        if path.suffix == COMPILED if cached else path.suffix in SOURCES:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)


def _stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    return {
        path: (stat.st_mtime_ns, stat.st_size)
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts and path.is_file() and (stat := path.stat())
    }
