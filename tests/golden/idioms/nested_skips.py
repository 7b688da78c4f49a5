import torch
import torch.nn as nn


class Skip(nn.Module):
    """A level of a U-Net, which holds the one below."""

    def __init__(self, width, inner):
        super().__init__()
        self.width = width
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.inner = inner
        self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.merge = nn.Conv2d(2 * width, width, 3, padding=1)

    def forward(self, x):
        y = self.up(self.inner(self.down(x).relu()))
        return self.merge(torch.cat([x, y], dim=1)).relu()


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.body = Skip(width, Skip(2 * width, nn.Conv2d(4 * width, 4 * width, 3, padding=1)))

    def forward(self, x):
        return self.body(self.stem(x))
