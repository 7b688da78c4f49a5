"""What runs in the forked processes: it builds a model from one copy of its package and asks the judge."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from corpus import alike, judge
from corpus.entries import Entry, build


def imported(entry: Entry, roots: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the modules that building the model imports, beside those of its own package, in order."""
    _import_from(roots)
    before = set(sys.modules)
    _model(entry)
    names = [name for name in sys.modules if name not in before]
    return tuple(name for name in names if name.partition(".")[0] not in {entry.top, *entry.stubs})


def survey(entry: Entry, roots: tuple[str, ...]) -> judge.Survey:
    """Returns the targets in the package below ``roots[0]``."""
    _import_from(roots)
    return judge.survey(lambda: _model(entry), lambda batch: example(entry, batch))


def examine(
    entry: Entry, roots: tuple[str, ...], original: judge.Survey, moved: Mapping[str, str], found: Path
) -> None:
    """Writes into ``found`` what the edited package below ``roots[0]`` computes, with all of its weights."""
    _import_from(roots)
    torch.save(judge.examine(lambda: _model(entry), lambda batch: example(entry, batch), original, moved), found)


def compare(
    entry: Entry,
    roots: tuple[str, ...],
    rule: str,
    original: judge.Survey,
    found: Path,
    moved: Mapping[str, str],
) -> judge.Verdict:
    """Returns the verdict on what ``examine`` found; ``roots[0]`` holds the original package."""
    _import_from(roots)
    edited = torch.load(found, weights_only=False, mmap=True)
    return judge.compare(lambda: _model(entry), lambda batch: example(entry, batch), rule, original, edited, moved)


def plans_alike(entry: Entry, roots: tuple[str, ...], given: Mapping[str, str], calls: bool) -> dict[str, bool]:
    """Returns which rules, with their files, are planned alike in both scopes, as far as one trace tells."""
    _import_from(roots)
    return alike.plans_alike(entry, roots[0], given, calls=calls)


def example(entry: Entry, batch: int) -> list[Tensor]:
    """Returns the example inputs, the same at each call, with ``batch`` times the entry's first size."""
    generator = torch.Generator().manual_seed(7)
    result = []
    for shape in entry.input_shapes:
        wanted = (shape[0] * batch, *shape[1:])
        if entry.dtype == "int64":
            result.append(torch.randint(0, entry.int_high or 2, wanted, generator=generator))
        else:
            result.append(torch.randn(wanted, generator=generator))
    return result


def _import_from(roots: tuple[str, ...]) -> None:
    sys.path[:0] = roots


def _model(entry: Entry) -> nn.Module:
    model = build(entry)
    assert isinstance(model, nn.Module)
    return model
