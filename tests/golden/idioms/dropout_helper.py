import torch.nn as nn
import torch.nn.functional as F


def dropout_add(x, residual, p, training):
    out = F.dropout(x, p=p, training=training)
    out = residual + out
    return out


def add_dropped(residual, x, p, training):
    return residual + F.dropout(x, p, training)


class Mixer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.p = 0.1

    def forward(self, x, residual):
        x = self.conv(x).relu()
        return dropout_add(x, residual, self.p, self.training)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(width)
        self.mixer = Mixer(width)
        self.norm2 = nn.BatchNorm2d(width)
        self.mlp = nn.Sequential(nn.Conv2d(width, 2 * width, 1), nn.ReLU(), nn.Conv2d(2 * width, width, 1))

    def forward(self, x):
        x = self.mixer(self.norm1(x), x)
        return add_dropped(x, self.mlp(self.norm2(x)), 0.1, self.training)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(Block(width), Block(width))

    def forward(self, x):
        return self.blocks(self.stem(x))
