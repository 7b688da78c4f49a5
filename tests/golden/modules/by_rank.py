"""Units that look their class up by its rank and keep the layer under two names, two in each stage of a loop."""

import torch.nn as nn


class Unit(nn.Module):
    def __init__(self, rank, in_channels, out_channels):
        super().__init__()
        class_name = "Conv{}d".format(rank)
        conv_class = getattr(nn, class_name)
        conv = conv_class(in_channels, out_channels, 3, padding=1)
        self.conv = conv
        class_name = "BatchNorm{}d".format(rank)
        self.layers = nn.Sequential(conv, getattr(nn, class_name)(out_channels), nn.ReLU())

    def forward(self, x):
        return self.layers(x)


class Stage(nn.Module):
    def __init__(self, rank, width):
        super().__init__()
        self.first = Unit(rank, width, width)
        self.second = Unit(rank, width, width)

    def forward(self, x):
        return self.second(self.first(x))


class Net(nn.Module):
    def __init__(self, rank=2, width=16, depth=3):
        super().__init__()
        self.stem = Unit(rank, 3, width)
        self.stages = nn.Sequential()
        for _ in range(depth):
            self.stages.append(Stage(rank, width))

    def forward(self, x):
        return self.stages(self.stem(x))
