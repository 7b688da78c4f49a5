from functools import partial

import torch.nn as nn


class Block(nn.Module):
    def __init__(self, width, **kwargs):
        super().__init__()
        norm_layer = kwargs.pop("norm_layer", nn.Identity)
        act_layer = kwargs.get("act_layer", nn.Identity)
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = norm_layer(width)
        self.act = act_layer()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Stage(nn.Sequential):
    def __init__(self, width, depth, **kwargs):
        super().__init__(*(Block(width, **kwargs) for _ in range(depth)))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        common = dict(norm_layer=nn.BatchNorm2d, act_layer=partial(nn.ReLU, inplace=True))
        self.stem = nn.Conv2d(3, width, 1)
        self.stage = Stage(width, 2, **common)

    def forward(self, x):
        return self.stage(self.stem(x))
