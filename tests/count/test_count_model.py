"""Counts against numbers that are worked out by hand, and against torch's own counter."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from mutagen.count.model import count_model


class Calls(nn.Module):
    """A model that is one function of its input."""

    def __init__(self, function, **modules):
        super().__init__()
        self.function = function
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x):
        return self.function(self, x)


def macs(function, *shape, **modules):
    tally = count_model(Calls(function, **modules), (torch.randn(*shape),))
    assert tally.macs >= 0
    return tally.macs


def test_parameters_and_buffers_count_shared_ones_once():
    conv = nn.Conv2d(3, 4, 3)
    model = nn.Sequential(conv, nn.BatchNorm2d(4), nn.ConvTranspose2d(4, 3, 3), conv)
    tally = count_model(model, (torch.randn(1, 3, 8, 8),))
    assert tally.params == (4 * 27 + 4) + 8 + (4 * 27 + 3)
    assert tally.buffers == 9


CASES = {
    "conv": (nn.Conv2d(3, 8, 3, padding=1), (1, 3, 16, 16), 16 * 16 * 8 * 27),
    "conv that strides": (nn.Conv2d(4, 8, (3, 5), stride=2, padding=(1, 2), dilation=1), (1, 4, 9, 12), 5 * 6 * 8 * 60),
    "conv in groups": (nn.Conv2d(8, 8, 3, groups=8, dilation=2), (1, 8, 16, 16), 12 * 12 * 8 * 9),
    "transposed": (nn.ConvTranspose2d(8, 4, 2, stride=2), (1, 8, 8, 8), 8 * 8 * 8 * 4 * 4),
    "conv 1d": (nn.Conv1d(4, 8, 3), (1, 4, 10), 8 * 8 * 12),
    "conv 3d": (nn.Conv3d(2, 4, 3, padding="same"), (1, 2, 4, 4, 4), 64 * 4 * 54),
    "linear": (nn.Linear(16, 10), (1, 16), 160),
    "linear on tokens": (nn.Linear(16, 10, bias=False), (1, 7, 16), 1120),
}


@pytest.mark.parametrize("name", CASES)
def test_layers(name):
    module, shape, expected = CASES[name]
    tally = count_model(module, (torch.randn(shape),))
    assert tally.macs == expected
    with FlopCounterMode(display=False) as counter:
        result = module(torch.randn(shape))
    assert counter.get_total_flops() == 2 * expected
    assert result is not None


def test_one_sample_whatever_the_batch():
    conv = nn.Conv2d(3, 8, 3)
    counts = {count_model(conv, (torch.randn(batch, 3, 9, 9),)).macs for batch in (1, 2, 5)}
    assert counts == {49 * 8 * 27}


def test_functional_calls_and_products():
    assert macs(lambda m, x: F.conv2d(x, torch.ones(8, 4, 3, 3)), 1, 4, 10, 10) == 64 * 8 * 36
    assert macs(lambda m, x: x @ torch.ones(16, 8), 1, 4, 16) == 4 * 16 * 8
    assert macs(lambda m, x: torch.einsum("bij,bkj->bik", x, x), 1, 4, 16) == 4 * 4 * 16


def test_attention():
    expected = 2 * 2 * 32 * 32 * 8

    def attend(_, x):
        return F.scaled_dot_product_attention(x, x, x)

    assert macs(attend, 1, 2, 32, 8) == expected
    layer = nn.MultiheadAttention(16, 2, batch_first=True)
    assert (
        macs(lambda m, x: m.a(x, x, x, need_weights=False)[0], 1, 32, 16, a=layer)
        == 4 * 32 * 16 * 16 + 2 * 32 * 32 * 16
    )


def test_encoder_layer_without_its_fused_path():
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True).eval()
    expected = 4 * 32 * 256 + 2 * 32 * 32 * 16 + 2 * 32 * 16 * 32
    assert count_model(layer, (torch.randn(1, 32, 16),)).macs == expected
    assert torch.backends.mha.get_fastpath_enabled()


def test_grid_sample_and_fourier_transforms():
    grid = torch.zeros(1, 6, 5, 2)
    assert macs(lambda m, x: F.grid_sample(x, grid, align_corners=False), 1, 3, 8, 8) == 4 * 3 * 30
    assert macs(lambda m, x: torch.fft.rfft2(x).abs(), 1, 3, 8, 8) == int(2.5 * 3 * 64 * 6) // 2
    assert macs(lambda m, x: torch.fft.irfft2(torch.fft.rfft2(x)), 1, 3, 8, 8) == int(2.5 * 3 * 64 * 6)
    assert macs(lambda m, x: torch.fft.fft(x.to(torch.complex64)).abs(), 1, 3, 8) == (5 * 24 * 3) // 2


def test_lstm():
    lstm = nn.LSTM(8, 16, batch_first=True)
    assert macs(lambda m, x: m.a(x)[0], 1, 10, 8, a=lstm) == 10 * 4 * 16 * (8 + 16)


def test_what_has_no_formula_is_named():
    tally = count_model(
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.ReLU(), nn.MaxPool2d(2)), (torch.randn(1, 3, 8, 8),)
    )
    assert tally.uncounted == {"relu": 2, "max_pool2d_with_indices": 1}


def test_views_and_copies_cost_nothing():
    tally = count_model(Calls(lambda m, x: x.view(1, -1).t().contiguous().clone()), (torch.randn(1, 4, 4),))
    assert (tally.macs, tally.uncounted) == (0, {})


def test_model_is_as_before():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(0.5)).train()
    model[2].eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state = torch.get_rng_state()
    x = torch.randn(2, 3, 4, 4)
    count_model(model, (x,))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert [module.training for module in model] == [True, True, False] and model.training
    assert state.numel() == torch.get_rng_state().numel()


def test_buffers_that_forward_changes_are_as_before():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(()))

        def forward(self, x):
            self.seen.add_(1)
            return x

    model = Counting()
    count_model(model, (torch.randn(1, 2),))
    assert float(model.seen) == 0


def test_keyword_arguments():
    class Two(nn.Module):
        def forward(self, x, *, other):
            return x @ other

    tally = count_model(Two(), (torch.randn(1, 4, 4),), kwargs={"other": torch.randn(1, 4, 4)})
    assert tally.macs == 64


def test_model_that_does_not_run():
    assert count_model(nn.BatchNorm2d(3), (torch.randn(1, 5, 8, 8),)).macs == -1


def test_counting_does_not_import_the_compiler():
    code = (
        "import sys, torch; from mutagen.count.model import count_model\n"
        "m = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU())\n"
        "assert count_model(m, (torch.randn(1, 3, 8, 8),)).macs > 0\n"
        "assert 'torch._dynamo' not in sys.modules and 'sympy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
