"""Sequential subclasses whose own forward names the children."""

import torch
import torch.nn as nn


class Named(nn.Sequential):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return x + self.relu(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.body = nn.Sequential(Named(width), Named(width))

    def forward(self, x):
        return self.body(self.stem(x))
