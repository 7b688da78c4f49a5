"""Imports source files from memory instead of from disk, decoded as Python decodes them."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import sys
from collections.abc import Mapping, Sequence
from types import CodeType, ModuleType


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles the bytes it was given and leaves no bytecode behind."""

    def __init__(self, fullname: str, path: str, source: bytes) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_data(self, path: str) -> bytes:
        return self._source if path == self.path else super().get_data(path)

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self._source, path)
        text = self.get_source(fullname) or ""
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        return code


class Overlay(importlib.abc.MetaPathFinder):
    """Finds the modules whose file is in ``sources`` (absolute paths); all others are left to Python."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self._sources = {os.path.realpath(path): source for path, source in sources.items()}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module in the overlay, in the place where Python would have found it; else None."""
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if found is not None and found.origin is not None and found.loader is not None:
            return self.spec(fullname, found.origin)
        tail = fullname.rpartition(".")[2]
        for entry in path if path is not None else sys.path:
            for file in (os.path.join(entry, tail, "__init__.py"), os.path.join(entry, tail + ".py")):
                spec = self.spec(fullname, file)
                if spec is not None:
                    return spec
        return None

    def install(self) -> None:
        """Let imports find the overlay, and loaders that code got past the finders (``loader.load_module``) too."""
        sys.meta_path.insert(0, self)
        importlib.invalidate_caches()
        plain = importlib.machinery.SourceFileLoader.get_code

        def get_code(loader: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
            source = self._sources.get(os.path.realpath(loader.path))
            known = source is None or isinstance(loader, _Loader)
            return (
                plain(loader, fullname) if known else _Loader(fullname, loader.path, source or b"").get_code(fullname)
            )

        setattr(importlib.machinery.SourceFileLoader, "get_code", get_code)  # noqa: B010

    def spec(self, fullname: str, file: str) -> importlib.machinery.ModuleSpec | None:
        """The spec of the module in ``file`` if the overlay has that file."""
        source = self._sources.get(os.path.realpath(file))
        if source is None:
            return None
        package = [os.path.dirname(file)] if os.path.basename(file) == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, file, loader=_Loader(fullname, file, source), submodule_search_locations=package
        )
