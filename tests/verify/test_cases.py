"""Which inputs are chosen."""

from __future__ import annotations

import torch

from mutagen.verify.cases import choose_cases, stay_images


def images(side, channels=3, rank=2):
    def make(batch, scale):
        unit = 32 if side % 32 == 0 else 4
        size = max(unit, round(side * scale / unit) * unit)
        return (torch.zeros(batch or 1, channels, *(size,) * rank),)

    return make


def chosen(make, accepts=lambda mode, leaves: True, *, roomy=False):
    cases, notes = choose_cases(make, lambda mode, leaves, shapes: accepts(mode, leaves), roomy=roomy)
    return [(case.mode, case.shapes[0]) for case in cases], notes


def test_large_inputs_are_made_small_and_one_is_not_square():
    cases, notes = chosen(images(224))
    assert cases == [
        ("eval", (2, 3, 64, 64)),
        ("eval", (1, 3, 96, 64)),
        ("train", (2, 3, 64, 64)),
        ("train", (1, 3, 96, 64)),
    ]
    assert notes == []


def test_twice_the_small_size_is_large():
    cases, _ = chosen(images(128))
    assert {shape[2:] for _, shape in cases} == {(64, 64), (96, 64)}


def test_no_shape_is_tried_twice_in_a_mode():
    asked = []

    def accepts(mode, leaves):
        asked.append((mode, tuple(leaves[0].shape)))
        return leaves[0].shape[2] == leaves[0].shape[3]

    chosen(images(32), accepts)
    assert len(asked) == len(set(asked)) and ("eval", (1, 3, 64, 32)) in asked


def test_size_that_is_not_taken_is_not_tried_with_each_batch():
    asked = []

    def accepts(mode, leaves):
        asked.append(tuple(leaves[0].shape))
        return leaves[0].shape[2:] == (224, 224)

    chosen(images(224), accepts)
    assert asked.count((2, 3, 64, 64)) == 1 and (1, 3, 64, 64) not in asked
    assert len([shape for shape in asked if shape[2:] != (224, 224)]) == 4


def test_sizes_are_tried_with_another_batch_where_none_takes_the_first():
    cases, notes = chosen(images(224), lambda mode, leaves: len(leaves[0]) == 1 and leaves[0].shape[3] < 224)
    assert {shape for _, shape in cases} == {(1, 3, 64, 64), (1, 3, 96, 64)}
    assert notes == ["one batch size only: the model takes no other"]


def test_small_inputs_stay():
    cases, notes = chosen(images(32))
    assert {shape[1:] for _, shape in cases} == {(3, 32, 32), (3, 64, 32)}
    assert notes == []


def test_half_the_size_serves_beside_the_described_one_where_images_stay_images():
    cases, notes = chosen(images(32), roomy=True)
    assert [shape for _, shape in cases] == [(2, 3, 16, 32), (1, 3, 32, 32)] * 2
    assert notes == []
    cases, notes = chosen(images(32), lambda mode, leaves: leaves[0].shape[2] == leaves[0].shape[3], roomy=True)
    assert [shape for _, shape in cases] == [(2, 3, 16, 16), (1, 3, 32, 32)] * 2
    assert notes == []


def test_half_the_size_is_left_out_where_the_model_refuses_it():
    cases, _ = chosen(images(32), lambda mode, leaves: min(leaves[0].shape[2:]) >= 32, roomy=True)
    assert [shape for _, shape in cases] == [(2, 3, 32, 32), (1, 3, 64, 32)] * 2


def test_images_that_get_narrow_are_no_images():
    assert stay_images([(1, 64, 32, 32), (1, 64, 8, 8), (1, 64, 1, 1), (1, 10)])
    assert not stay_images([(1, 64, 32, 32), (1, 64, 4, 4)])
    assert not stay_images([(1, 10), (1, 64, 1, 1)])


def test_volumes_are_made_smaller_still():
    cases, _ = chosen(images(96, rank=3))
    assert {shape[1:] for _, shape in cases} == {(3, 32, 32, 32), (3, 64, 32, 32)}


def test_square_inputs_only():
    cases, _ = chosen(images(224), lambda mode, leaves: leaves[0].shape[2] == leaves[0].shape[3])
    assert {shape[2:] for _, shape in cases} == {(64, 64), (96, 96)}


def test_described_size_only():
    cases, notes = chosen(images(224), lambda mode, leaves: leaves[0].shape[2:] == (224, 224))
    assert [shape for _, shape in cases] == [(2, 3, 224, 224), (1, 3, 224, 224)] * 2
    assert notes == ["one spatial size only: the model takes no other"]


def test_one_sample_only():
    cases, notes = chosen(images(32), lambda mode, leaves: len(leaves[0]) == 1)
    assert {shape[0] for _, shape in cases} == {1}
    assert "one batch size only: the model takes no other" in notes


def test_no_training():
    cases, notes = chosen(images(32), lambda mode, leaves: mode == "eval")
    assert [mode for mode, _ in cases] == ["eval", "eval"]
    assert notes == []


def test_tokens_have_no_spatial_size():
    cases, notes = chosen(lambda batch, scale: (torch.zeros(batch or 1, 16, dtype=torch.int64),))
    assert notes == []
    assert [mode for mode, _ in cases] == ["eval", "eval", "train", "train"]
    assert {shape[0] for _, shape in cases} == {1, 2}


def test_models_that_take_no_single_sample_in_training():
    cases, _ = chosen(images(224), lambda mode, leaves: mode == "eval" or len(leaves[0]) > 1)
    assert cases[2:] == [("train", (2, 3, 64, 64)), ("train", (2, 3, 96, 64))]


def test_nothing_is_accepted():
    assert chosen(images(32), lambda mode, leaves: False)[0] == []
