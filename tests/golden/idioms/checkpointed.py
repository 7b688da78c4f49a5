import torch
import torch.nn as nn
from torch.utils.checkpoint import checkpoint


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)

    def _branch(self, x):
        return self.norm(self.conv(x))

    def forward(self, x):
        return x + checkpoint(self._branch, x, use_reentrant=False)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block = Block(width)

    def forward(self, x):
        return self.block(self.stem(x))
