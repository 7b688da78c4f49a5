from dataclasses import dataclass

import torch.nn as nn


@dataclass
class Config:
    width: int = 16
    norm: type = nn.BatchNorm2d
    act: type = nn.Identity


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.conv = nn.Conv2d(config.width, config.width, 3, padding=1)
        self.norm = self.config.norm(config.width)
        self.act = config.act()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        config = Config(act=nn.ReLU)
        self.stem = nn.Conv2d(3, config.width, 1)
        self.block = Block(config)

    def forward(self, x):
        return self.block(self.stem(x))
