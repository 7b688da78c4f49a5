from dataclasses import dataclass

import torch.nn as nn

REGISTRY = {}


def register(name):
    def keep(cls):
        REGISTRY[name] = cls
        return cls

    return keep


@register("block")
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_module("conv", nn.Conv2d(width, width, 3, padding=1))
        self.register_module("norm", nn.BatchNorm2d(width))
        self.register_module("act", nn.ReLU())

    def forward(self, x):
        return x + self.act(self.norm(self.conv(x)))


@dataclass(eq=False)
class Mix(nn.Module):
    width: int
    kernel_size: int = 3

    def __post_init__(self):
        super().__init__()
        self.conv = nn.Conv2d(self.width, self.width, self.kernel_size, padding=self.kernel_size // 2)
        self.norm = nn.BatchNorm2d(self.width)

    def forward(self, x):
        return x + self.norm(self.conv(x))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block = REGISTRY["block"](width)
        self.mix = Mix(width)

    def forward(self, x):
        return self.mix(self.block(self.stem(x)))
