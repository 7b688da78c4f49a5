"""One object under several names and in several owners."""

import torch.nn as nn


class Block(nn.Module):
    def __init__(self, conv, act, width):
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(width)
        self.act = act

    def forward(self, x):
        return x + self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        act = nn.ReLU()
        shared = nn.Conv2d(width, width, 3, padding=1)
        self.block1 = Block(shared, act, width)
        self.block2 = Block(shared, act, width)
        self.again = self.block1

    def forward(self, x):
        return self.again(self.block2(self.block1(self.stem(x))))
