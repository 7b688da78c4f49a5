import torch.nn as nn


class Unit(nn.Module):
    def __init__(self, width, residual, shortcut):
        super().__init__()
        self.residual = residual
        self.shortcut = shortcut
        if self.residual:
            self.body = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU())

    def forward(self, x):
        if not self.residual:
            return x
        if not self.shortcut:
            return self.body(x)
        identity = x
        x = self.body(x)
        x = identity + x
        return x


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.units = nn.Sequential(
            Unit(width, True, False),
            Unit(width, True, True),
            Unit(width, False, True),
            Unit(width, True, True),
        )

    def forward(self, x):
        return self.units(self.stem(x))
