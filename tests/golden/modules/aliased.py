"""Layers that a block keeps by name beside the sequence that runs them, and blocks that stand in a list as well."""

import torch.nn as nn


class Unit(nn.Module):
    def __init__(self, in_channels, out_channels, activation=True):
        super().__init__()
        conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        layers = [conv]
        if activation:
            layers.append(nn.ReLU())
        self.conv = conv
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.first = Unit(3, width)
        self.bottom = Unit(width, width)
        self.units = nn.ModuleList([self.first, self.bottom])
        self.last = Unit(width, width)
        self.again = self.last

    def forward(self, x):
        for unit in self.units:
            x = unit(x)
        return self.again(self.last(x))
