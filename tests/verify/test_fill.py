"""Weights are drawn by name, are never zero and keep what is not theirs to change."""

from __future__ import annotations

import torch
from torch import nn

from mutagen.verify.fill import fill_buffers, fill_parameters


def filled(parameters, seed=1, gain=1.0):
    fill_parameters(parameters, seed, gain=gain)
    return parameters


def test_same_name_same_values_whatever_stands_before():
    one = filled({"a.weight": torch.zeros(4, 4)})["a.weight"]
    other = filled({"b.weight": torch.zeros(9, 9), "a.weight": torch.zeros(4, 4)})["a.weight"]
    assert torch.equal(one, other)
    assert not torch.equal(one, filled({"b.weight": torch.zeros(4, 4)})["b.weight"])
    assert not torch.equal(one, filled({"a.weight": torch.zeros(4, 4)}, seed=2)["a.weight"])


def test_no_parameter_is_zero():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.PReLU(), nn.Linear(8, 1))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    for name, parameter in filled(dict(model.named_parameters())).items():
        assert bool((parameter != 0).all()), name


def test_scales():
    drawn = filled(
        {"w": torch.zeros(64, 100), "n.weight": torch.zeros(500), "n.bias": torch.zeros(500), "g": torch.zeros(())}
    )
    assert abs(float(drawn["w"].std()) - 0.1) < 0.01
    assert float(drawn["n.weight"].min()) >= 0.5 and float(drawn["n.weight"].max()) <= 1.5
    assert abs(float(drawn["n.bias"].std()) - 0.1) < 0.02
    assert 0.5 <= float(drawn["g"]) <= 1.5
    assert abs(float(filled({"w": torch.zeros(64, 100)}, gain=2.0)["w"].std()) - 0.2) < 0.02


def test_large_weights_repeat_no_row_and_have_their_scale():
    drawn = filled({"w": torch.zeros(400, 1000)})["w"]
    assert abs(float(drawn.std()) * 1000**0.5 - 1) < 0.1
    assert len(drawn.unique()) > 0.9 * drawn.numel()
    assert bool((drawn != 0).all())
    other = filled({"v": torch.zeros(3, 3), "w": torch.zeros(400, 1000)})["w"]
    assert torch.equal(drawn, other)


def test_vector_along_another_axis_is_a_gain():
    assert bool((filled({"g": torch.zeros(1, 1, 32)})["g"] >= 0.5).all())


def test_types_that_the_generator_does_not_draw():
    drawn = filled({"h": torch.zeros(4, 4, dtype=torch.bfloat16), "z": torch.zeros(4, 4, dtype=torch.complex64)})
    assert bool((drawn["h"] != 0).all()) and bool((drawn["z"].imag != 0).all())


def test_running_statistics():
    norm = nn.BatchNorm2d(64)
    fill_buffers(dict(norm.named_buffers()), 1)
    assert bool((norm.running_mean != 0).all())
    assert float(norm.running_var.min()) >= 0.5 and float(norm.running_var.max()) <= 1.5
    assert int(norm.num_batches_tracked) == 0


def test_other_buffers_keep_zeros_infinities_and_whole_numbers():
    mask = torch.triu(torch.full((4, 4), float("-inf")), 1)
    index = torch.arange(4)
    values = torch.tensor([0.0, 2.0, 5.0])
    empty = torch.zeros(3)
    fill_buffers({"mask": mask, "index": index, "values": values, "empty": empty}, 1)
    assert torch.equal(mask, torch.triu(torch.full((4, 4), float("-inf")), 1))
    assert torch.equal(index, torch.arange(4))
    assert values.long().tolist() == [0, 2, 5] and float(values[2]) != 5
    assert bool((empty > 0).all())
