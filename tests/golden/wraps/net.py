from collections import OrderedDict

import torch.nn as nn
import torch.nn.functional as F


def conv3x3(in_planes, out_planes, stride=1):
    """A convolution that keeps the size, but for its stride."""
    return nn.Conv2d(in_planes, out_planes, 3, stride, padding=1, bias=False)


def activation(kind):
    if kind == "gelu":
        return nn.GELU()
    return nn.ReLU()


class Unit(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, act=nn.ReLU):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.act = act()  # what the caller likes

    def forward(self, x):
        return self.act(self.conv(x))


class Block(nn.Module):
    def __init__(self, inplanes, planes, stride=1, kind="relu"):
        super().__init__()
        self.conv1: nn.Conv2d = conv3x3(inplanes, planes, stride)
        self.conv2 = conv3x3(planes, planes)
        self.body = nn.Sequential(
            Unit(planes, planes, 3),
            Unit(planes, planes, 1, nn.Identity),
        )
        self.act = activation(kind)
        self.down = conv3x3(inplanes, planes, stride) if stride != 1 else None

    def forward(self, x):
        y = self.body(self.conv2(F.relu(self.conv1(x))))
        return self.act(y + (x if self.down is None else self.down(x)))


class Net(nn.Module):
    def __init__(self, width=16, depth=3):
        super().__init__()
        self.stem = nn.Sequential(OrderedDict([("conv", nn.Conv2d(3, width, 1)), ("act", nn.ReLU())]))
        self.layer1 = self._make_layer(width, width, depth)
        self.layer2 = self._make_layer(width, 2 * width, depth, stride=2, kind="gelu")
        width = 2 * width
        self.stages = nn.Sequential(*[Unit(width, width, 3, nn.Sigmoid) for _ in range(depth)])
        self.mix = nn.Sequential()
        for i in range(depth):
            self.mix.add_module("unit{}".format(i + 1), Unit(
                in_channels=width,
                out_channels=width,
                kernel_size=1 if i == 1 else 3))
        self.ends = nn.ModuleDict({"left": self._end(width), "right": self._end(width)})

    def _make_layer(self, inplanes, planes, depth, stride=1, kind="relu"):
        layers = []
        layers.append(Block(inplanes, planes, stride, kind))
        for _ in range(1, depth):
            layers.append(Block(planes, planes, kind=kind))
        return nn.Sequential(*layers)

    def _end(self, width):
        return nn.Sequential(nn.BatchNorm2d(width),
                             nn.ReLU())

    def forward(self, x):
        x = self.layer2(self.layer1(self.stem(x)))
        x = self.mix(self.stages(x))
        return self.ends["left"](x) + self.ends["right"](x)


def net(**kwargs):
    return Net(**kwargs)
