"""One class for both kinds of unit: only the ones that keep the resolution add, the others concatenate."""

import torch
import torch.nn as nn


class Unit(nn.Module):
    def __init__(self, in_channels, out_channels, downsample):
        super().__init__()
        self.downsample = downsample
        if downsample:
            out_channels -= in_channels
        self.conv = nn.Conv2d(in_channels, out_channels, 3, 2 if downsample else 1, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)
        if downsample:
            self.pool = nn.AvgPool2d(3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        identity = x
        x = self.bn(self.conv(x))
        if self.downsample:
            x = torch.cat([x, self.pool(identity)], dim=1)
        else:
            x = x + identity
        return self.relu(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.units = nn.Sequential(Unit(16, 16, False), Unit(16, 32, True), Unit(32, 32, False))
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        return self.fc(self.units(self.stem(x)).mean((2, 3)))
