import torch.nn as nn


class _Unit(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(x + self.bn(self.conv(x)))


class Backbone(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.units = nn.Sequential(*[_Unit(width) for _ in range(depth)])

    def forward(self, x):
        return self.units(self.stem(x))


def create_backbone(name, width=16):
    return Backbone(width, {"small": 2, "large": 8}[name])
