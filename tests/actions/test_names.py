"""Names for new classes and attributes beside those that stand already."""

from __future__ import annotations

NET = """
HEAD


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.stem = nn.Conv2d(3, 16, 1)
        SET

    def forward(self, x):
        y = F.relu(self.conv(x))
        return self.stem(x) + self.other(y)

    def other(self, x):
        return x
"""


def test_another_class_of_that_name(planned):
    head = "class LayerScale:\n    pass"
    text = planned(NET.replace("HEAD", head).replace("SET", "pass"), "gated-residuals").text
    assert "class LayerScaleBlock(nn.Module):" in text
    assert "self.layer_scale = LayerScaleBlock(init=0.0)" in text


def test_an_import_of_that_name(planned):
    head = "from fractions import Fraction as LayerScale"
    text = planned(NET.replace("HEAD", head).replace("SET", "pass"), "gated-residuals").text
    assert "self.layer_scale = LayerScaleBlock(init=0.0)" in text


def test_an_attribute_of_that_name(planned):
    text = planned(NET.replace("HEAD", "pass").replace("SET", "self.layer_scale = 1.0"), "gated-residuals").text
    assert "self.layer_scale2 = LayerScale(init=0.0)" in text or "self.layer_scale1 = LayerScale(init=0.0)" in text
    assert "self.layer_scale = 1.0" in text
