import torch
from torch import nn

from .parts import conv1x1

GROUPS = 4


def shuffled(x, groups):
    b, c, h, w = x.shape
    return x.view(b, groups, c // groups, h, w).transpose(1, 2).reshape(b, c, h, w)


class Mixing(nn.Module):
    """Grouped 1x1 convolution and a shuffle."""

    def __init__(self, inp, oup, groups=GROUPS):
        super().__init__()
        assert inp == oup
        self.groups = groups
        self.conv = conv1x1(inp, groups)

    def forward(self, x):
        return x + shuffled(self.conv(x), self.groups)


class Starred(nn.Module):
    def forward(self, x):
        return somewhere_else(x)


from .elsewhere import *  # noqa
