"""Random numbers in forward depend on the place of the call alone."""

from __future__ import annotations

import random

import torch
from torch import nn
from torch.nn import functional as F

from mutagen.verify.streams import foreign_state, module_paths, streams


class Two(nn.Module):
    def __init__(self, before: bool = False) -> None:
        super().__init__()
        self.before = before
        self.extra = nn.Dropout(0.5)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        if self.before:
            self.extra(x)
        return self.drop(x)


def run(model, x, seed=1, paths=None):
    with streams(seed, module_paths(model) if paths is None else paths):
        return model(x)


X = torch.ones(64)


def test_mask_does_not_depend_on_what_was_drawn_before():
    assert torch.equal(run(Two(), X), run(Two(before=True), X))
    assert not torch.equal(run(Two(), X), run(Two(), X, seed=2))


def test_without_streams_it_does():
    torch.manual_seed(0)
    one = Two()(X)
    torch.manual_seed(0)
    assert not torch.equal(one, Two(before=True)(X))


def test_names_tell_modules_apart():
    model = Two()
    swapped = {id(model): "", id(model.drop): "extra", id(model.extra): "drop"}
    assert not torch.equal(run(model, X), run(model, X, paths=swapped))


def test_second_call_of_one_scope_draws_anew():
    def forward(x):
        return torch.cat([F.dropout(x), F.dropout(x)])

    with streams(1, {}):
        both = forward(X)
    assert not torch.equal(both[:64], both[64:])


def test_module_that_is_not_known_counts_as_its_caller():
    model = Two()
    paths = {id(model): "a"}
    with streams(1, {}) as active, active.within("a"):
        plain = F.dropout(X)
    assert torch.equal(run(model, X, paths=paths), plain)


def test_stack_survives_an_exception():
    class Failing(nn.Module):
        def forward(self, x):
            raise ValueError

    failing, model = Failing(), Two()
    with streams(1, {id(failing): "f"} | module_paths(model)):
        try:
            failing(X)
        except ValueError:
            after = F.dropout(X)
    with streams(1, {}):
        assert torch.equal(after, F.dropout(X))


def test_own_generator_of_the_model_is_seeded_too():
    own = torch.Generator().manual_seed(5)
    draws = []
    for _ in range(2):
        with streams(1, {}):
            draws.append(torch.rand(4, generator=own))
    assert torch.equal(*draws)


def test_global_generators_are_left_alone():
    torch.manual_seed(3)
    random.seed(3)
    state, python = torch.get_rng_state(), random.getstate()
    with streams(1, {}):
        torch.rand(4)
        random.random()
    assert torch.equal(state, torch.get_rng_state()) and python == random.getstate()


def test_foreign_state_tells_of_python_and_numpy():
    import numpy

    before = foreign_state()
    assert foreign_state() == before
    random.random()
    between = foreign_state()
    assert between != before
    numpy.random.rand()
    assert foreign_state() != between
    before = foreign_state()
    torch.rand(3)
    assert foreign_state() == before


def test_streams_do_not_import_the_compiler():
    import subprocess
    import sys

    code = (
        "import sys, torch; from mutagen.verify.streams import streams\n"
        "with streams(1, {}): torch.nn.functional.dropout(torch.ones(3))\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
