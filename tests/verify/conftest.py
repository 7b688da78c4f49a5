"""Proofs of small sources within one process."""

from __future__ import annotations

import importlib
import itertools
import pickle
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mutagen.records.plan import Plan, Product
from mutagen.records.result import Verdict
from mutagen.records.target import Call, InputSpec, Target
from mutagen.records.trace import Trace
from mutagen.trace.session import open_model
from mutagen.verify.prove import begin, prove

_numbers = itertools.count()


class Here:
    """A session that is no process: everything still travels by pickle."""

    def __init__(self) -> None:
        self._result: object = None

    def call(self, function: str, /, *args: object, timeout: float | None = None) -> object:
        module, _, name = function.partition(":")
        given = pickle.loads(pickle.dumps(args))
        self._result = pickle.loads(pickle.dumps(getattr(importlib.import_module(module), name)(*given)))
        return self._result

    def start(self, function: str, /, *args: object, timeout: float | None = None) -> None:
        self.call(function, *args)

    def result(self) -> object:
        return self._result


@dataclass(frozen=True)
class Bench:
    """Writes sources into a folder, opens and proves them."""

    folder: Path

    def target(self, source: str, shape: tuple[int, ...] = (1, 3, 16, 16), call: Call | None = None) -> Target:
        name = f"proved_{next(_numbers)}"
        file = self.folder / f"{name}.py"
        head = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n"
        file.write_text(head + textwrap.dedent(source))
        folder = str(self.folder)
        return Target(str(file), name, (folder,), folder, call or Call("Net"), (InputSpec(shape),))

    def open(self, source: str, *, need_calls: bool = True, **options: Any) -> Trace:
        return open_model(self.target(source, **options), need_calls=need_calls)

    def prove(
        self,
        before: str,
        after: str,
        surgery: Callable[[Trace], list[object]],
        products: tuple[Product, ...] = (),
        *,
        need_calls: bool = True,
        **options: Any,
    ) -> Verdict:
        trace = self.open(before, need_calls=need_calls, **options)
        steps: Any = tuple(surgery(trace))
        plan = Plan(1, "", Call("Net"), (), {}, surgery=steps, products=products)
        here = Here()
        begin(here)
        return prove(here, Here(), plan=plan, target=self.target(after, **options))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
