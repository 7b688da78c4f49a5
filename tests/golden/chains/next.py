"""Blocks in the way of ConvNeXt (Liu et al., 2022), with batch norm and one activation for all."""

import torch.nn as nn


class Block(nn.Module):
    def __init__(self, dim, ratio=2):
        super().__init__()
        self.dw = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.mix = nn.Conv2d(dim, dim, 3, padding=1)
        self.norm = nn.BatchNorm2d(dim)
        self.act = nn.ReLU()
        self.up = nn.Conv2d(dim, ratio * dim, 1)
        self.down = nn.Conv2d(ratio * dim, dim, 1)

    def forward(self, x):
        y = self.act(self.norm(self.mix(self.dw(x))))
        return x + self.down(self.act(self.up(y)))


class Net(nn.Module):
    def __init__(self, dims=(16, 32)):
        super().__init__()
        self.stages = nn.ModuleList()
        last = 3
        for dim in dims:
            self.stages.append(nn.Sequential(nn.Conv2d(last, dim, 2, stride=2), Block(dim), Block(dim)))
            last = dim
        self.head = nn.Linear(last, 10)

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return self.head(x.mean((2, 3)))
