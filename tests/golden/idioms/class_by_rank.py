import torch
from torch import nn


class ConvBlock(nn.Module):
    """A block for images and volumes: the class of its layers follows from the number of dimensions."""

    def __init__(self, dimensions, in_channels, out_channels, kernel_size=3):
        super().__init__()
        conv_class = getattr(nn, "Conv{}d".format(dimensions))
        norm_class = getattr(nn, "BatchNorm{}d".format(dimensions))
        self.conv = conv_class(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.norm = norm_class(out_channels)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self, dimensions=2, width=16):
        super().__init__()
        self.stem = ConvBlock(dimensions, 3, width)
        self.block = ConvBlock(dimensions, width, width)
        self.last = ConvBlock(dimensions, width, 8, kernel_size=1)

    def forward(self, x):
        return self.last(self.block(self.stem(x)))


def volume():
    return Net(dimensions=3)
