"""Units that several networks of the package are made of."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def conv3x3(in_channels, out_channels):
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)


class ConvBody(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = conv3x3(channels, channels)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.bn(self.conv(x))


class PlainUnit(nn.Module):
    """A body and what went into it, told to the next unit as well.

    Args:
        channels: of the input, and of the output.
        scale: a factor on the branch.
    """

    def __init__(self, channels, scale=1.0):
        super().__init__()
        self.body = ConvBody(channels)
        self.scale = scale

    def forward(self, x, state=None):
        out, state = self.join(self.body(x), state)
        out = out * self.scale
        return F.relu(out + x), state

    def join(self, out, state):
        pooled = out.mean((2, 3), keepdim=True)
        state = pooled if state is None else torch.tanh(state + pooled)
        return out, state


class WideUnit(nn.Module):
    """Two convolutions side by side."""

    def __init__(self, channels):
        super().__init__()
        self.left = conv3x3(channels, channels)
        self.right = conv3x3(channels, channels)

    def forward(self, x):
        # Both look at the same input.
        return F.relu(x + (self.left(x) + self.right(x)) * 0.5)


class DeepUnit(nn.Module):
    def __init__(self, channels, depth=2):
        super().__init__()
        self.layers = nn.Sequential(*[conv3x3(channels, channels) for _ in range(depth)])
        self.conv = conv3x3(channels, channels)

    def forward(self, x):
        return F.relu(x + torch.tanh(self.conv(self.layers(x))))
