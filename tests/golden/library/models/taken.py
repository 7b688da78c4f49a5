"""The names that the forward of the library needs mean other things here."""

from blockzoo import ResNet, ScaledBlock

layers = [1, 1]


def scaled10(**kwargs):
    return ResNet(ScaledBlock, layers, **kwargs)
