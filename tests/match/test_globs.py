from __future__ import annotations

import pytest

from mutagen.errors import RuleError
from mutagen.match.globs import path_matches


@pytest.mark.parametrize(
    ("pattern", "fits", "differs"),
    [
        ("layer1.0.conv1", ["layer1.0.conv1"], ["layer1.0.conv10", "net.layer1.0.conv1", "layer1.0.conv1.weight"]),
        ("conv1", ["conv1"], ["layer1.conv1", "conv12"]),
        ("layer*.0", ["layer1.0", "layer.0"], ["layer1.1", "layer1.x.0", "0"]),
        ("*.conv1", ["a.conv1"], ["conv1", "a.b.conv1", ".conv1"]),
        ("layer4.**", ["layer4", "layer4.0", "layer4.0.conv1"], ["layer40", "layer3.0", "x.layer4.0"]),
        ("**.conv1", ["conv1", "a.conv1", "a.b.conv1"], ["aconv1", "conv1.a"]),
        ("a.**.b", ["a.b", "a.x.b", "a.x.y.b"], ["ab", "a.xb", "a.b.c"]),
        ("a.**.**.b", ["a.b", "a.x.b"], ["a.x"]),
        ("**", ["", "a", "a.b"], []),
        ("blocks.[2:5].attn", ["blocks.2.attn", "blocks.4.attn"], ["blocks.1.attn", "blocks.5.attn", "blocks.x.attn"]),
        ("blocks.[10:]", ["blocks.10", "blocks.99"], ["blocks.9", "blocks.10.x"]),
        ("layer[:3].*", ["layer1.0", "layer2.a"], ["layer3.0", "layer.0"]),
        ("{enc,dec}.{0,2}", ["enc.0", "dec.2"], ["enc.1", "mid.0", "enc"]),
        ("{a.b,c}.x", ["a.b.x", "c.x"], ["a.x"]),
        ("{conv*,bn}", ["conv1", "bn"], ["bn1", "a.conv1"]),
        ("conv[12]", ["conv1", "conv2"], ["conv3", "conv12"]),
        ("conv[!1]", ["conv2"], ["conv1"]),
        ("conv?", ["conv1"], ["conv", "conv12", "conv."]),
        (r"re:layer\d\.0", ["layer1.0"], ["layer1.00", "xlayer1.0", "layer1.0.conv"]),
        ("re:a|b", ["a", "b"], ["ab", "ax", "xb"]),
        ("a+b", ["a+b"], ["aab"]),
    ],
)
def test_what_a_pattern_fits(pattern, fits, differs):
    assert [path for path in fits if not path_matches([pattern], [path])] == []
    assert [path for path in differs if path_matches([pattern], [path])] == []


def test_any_pattern_and_any_path():
    assert path_matches(["x", "b"], ["a", "b"])
    assert not path_matches(["x", "y"], ["a", "b"])


@pytest.mark.parametrize("pattern", ["re:(", "a.[z-a]"])
def test_a_pattern_that_cannot_be_read(pattern):
    with pytest.raises(RuleError) as caught:
        path_matches([pattern], ["a"])
    assert caught.value.code == "E321"
    assert pattern in caught.value.message
    assert caught.value.hint
