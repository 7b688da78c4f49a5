import torch.nn as nn


class ChannelGate(nn.Module):
    def __init__(self, channels, reduction=4):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, channels // reduction, 1)
        self.relu = nn.ReLU(inplace=True)
        self.expand = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        gate = self.expand(self.relu(self.reduce(self.pool(x))))
        return x * gate.sigmoid()


class GatedUnit(nn.Module):
    """A convolution whose channels are gated."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.gate = ChannelGate(out_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.gate(self.norm(self.conv(x))))


def make_units(widths):
    pairs = zip(widths[:-1], widths[1:])
    return nn.Sequential(*[GatedUnit(before, after, stride=2) for before, after in pairs])
