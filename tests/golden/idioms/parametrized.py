import torch
import torch.nn as nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm, weight_norm


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight + weight.flip(-1)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = weight_norm(nn.Conv2d(width, width, 3, padding=1))
        self.conv2 = spectral_norm(nn.Conv2d(width, width, 3, padding=1))
        self.conv3 = nn.Conv2d(width, width, 3, padding=1)
        parametrize.register_parametrization(self.conv3, "weight", Symmetric())
        self.conv4 = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU()

    def forward(self, x):
        y = self.conv2(self.act(self.conv1(x)))
        return x + self.norm(self.conv4(self.conv3(y)))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block = Block(width)

    def forward(self, x):
        return self.block(self.stem(x))
