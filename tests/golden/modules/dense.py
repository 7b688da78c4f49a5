import torch
import torch.nn as nn


def grow(width, depth):
    layers = nn.ModuleList()
    for index in range(depth):
        layers.append(nn.Conv2d(width * (index + 1), width, 3, padding=1, bias=False))
    return layers


class Dense(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = grow(width, depth)
        self.squeeze = nn.Conv2d(width * (depth + 1), width, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x).relu()], dim=1)
        return self.squeeze(x)


class Net(nn.Module):
    def __init__(self, width=8, blocks=4, depth=5):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential()
        for index in range(blocks):
            self.blocks.add_module(f"block{index + 1}", Dense(width, depth))

    def forward(self, x):
        return self.blocks(self.stem(x))


def shallow():
    return Net(blocks=2)


def deep():
    return Net()
