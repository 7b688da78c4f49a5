"""Proofs of small sources within one process."""

from __future__ import annotations

import importlib
import itertools
import pickle
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mutagen.records.plan import Plan, Product
from mutagen.records.result import Verdict
from mutagen.records.target import Call, InputSpec, Target
from mutagen.records.trace import Trace
from mutagen.trace.session import open_model
from mutagen.verify.prove import Call as Asked
from mutagen.verify.prove import begin, prove

_numbers = itertools.count()


class Here:
    """A session that is no process: everything still travels by pickle."""

    def __init__(self) -> None:
        self._result: object = None

    def call(self, function: str, /, *args: object, timeout: float | None = None, **kwargs: object) -> object:
        module, _, name = function.partition(":")
        given, named = pickle.loads(pickle.dumps((args, kwargs)))
        self._result = pickle.loads(pickle.dumps(getattr(importlib.import_module(module), name)(*given, **named)))
        return self._result

    def start(self, function: str, /, *args: object, timeout: float | None = None) -> None:
        self.call(function, *args)

    def start_all(self, calls: Sequence[Asked], *, spare: Sequence[Asked] = (), timeout: float | None = None) -> None:
        for function, args, kwargs in calls:
            self.call(function, *args, **kwargs)
        told = self._result
        with suppress(Exception):  # what becomes of these is not told
            for function, args, kwargs in spare:
                self.call(function, *args, **kwargs)
        self._result = told

    def result(self) -> object:
        return self._result

    def settle(self) -> None:
        """Nothing is ever on its way here."""


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
        original = self.target(before, **options)
        trace = open_model(original, need_calls=need_calls)
        steps: Any = tuple(surgery(trace))
        plan = Plan(1, "", Call("Net"), (), {}, surgery=steps, products=products)
        here = Here()
        begin(here, original, need_calls=need_calls)
        return prove(here, Here(), plan=plan, target=self.target(after, **options))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
