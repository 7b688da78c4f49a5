"""A Sequential subclass that collects its layers before it is one, and indexes nothing afterwards."""

import torch.nn as nn


class Named(nn.Sequential):
    def __init__(self, width):
        conv = nn.Conv2d(width, width, 3, padding=1)
        layers = {"conv": conv, "norm": nn.BatchNorm2d(width)}
        super(Named, self).__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x):
        y = self.norm(self.conv(x))
        return x + y


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block1 = Named(width)
        self.block2 = Named(width)

    def forward(self, x):
        return self.block2(self.block1(self.stem(x)))
