"""Opens models that are written as text in the tests."""

from __future__ import annotations

import itertools
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mutagen.records.span import Span
from mutagen.records.target import Call, InputSpec, Target
from mutagen.records.trace import Trace
from mutagen.trace.session import open_model

HEADER = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"
Open = Callable[..., Trace]
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """Takes the imports of a test away again."""
    path, finders, modules = list(sys.path), list(sys.meta_path), set(sys.modules)
    yield
    sys.path[:], sys.meta_path[:] = path, finders
    for name in set(sys.modules) - modules:
        if name.startswith("traced_"):
            del sys.modules[name]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Target]:
    """Writes a model file and returns the target for it."""

    def write(source: str, *shapes: tuple[int, ...], call: Call | None = None, **more: object) -> Target:
        name = f"traced_{next(_numbers)}"
        file = tmp_path / f"{name}.py"
        file.write_text(HEADER + textwrap.dedent(source), encoding="utf-8")
        inputs = more.pop("inputs", tuple(InputSpec(shape) for shape in shapes or [(1, 3, 8, 8)]))
        return Target(str(file), name, (str(tmp_path),), str(tmp_path), call or Call("Net"), inputs=inputs, **more)

    return write


@pytest.fixture
def opened(write: Callable[..., Target]) -> Open:
    """Writes a model file and opens it."""

    def opened(source: str, *shapes: tuple[int, ...], need_calls: bool = True, **more: object) -> Trace:
        return open_model(write(source, *shapes, **more), need_calls=need_calls)

    return opened


def text(span: Span) -> str:
    """The source of a span."""
    lines = Path(span.file).read_bytes().splitlines(keepends=True)[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column]
    lines[0] = lines[0][span.column :]
    return b"".join(lines).decode()


@pytest.fixture
def cut() -> Callable[[Span], str]:
    """Cuts a span out of its file."""
    return text
