"""Weights are read beside the calls of their modules: in forward, and in a penalty that the training loop asks for."""

import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.bn = nn.BatchNorm2d(width)
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.act(self.bn(self.stem(x)))
        x = x + self.conv1(x)
        return x + F.conv2d(self.conv2(x), self.conv2.weight.flip(-1), padding=1)

    def penalty(self):
        return self.conv1.weight.abs().mean() + self.bn.running_mean.abs().mean()
