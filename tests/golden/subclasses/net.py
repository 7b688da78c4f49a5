import torch
import torch.nn as nn
import torch.nn.functional as F


class ChannelGate(nn.Module):
    def __init__(self, channels, reduction=4):
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // reduction, 1)
        self.relu = nn.ReLU(inplace=True)
        self.expand = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        gate = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.expand(self.relu(self.reduce(gate))))


class Block(nn.Module):
    """Two convolutions around an activation, gated."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.act = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.gate = ChannelGate(out_channels)
        self.project = None
        if stride != 1 or in_channels != out_channels:
            self.project = nn.Conv2d(in_channels, out_channels, 1, stride)

    def forward(self, x):
        shortcut = x if self.project is None else self.project(x)
        out = self.act(self.norm1(self.conv1(x)))
        out = self.gate(self.norm2(self.conv2(out)))
        out += shortcut  # the shortcut is never gated
        return self.act(out)


class Net(nn.Module):
    def __init__(self, block, widths=(16, 32), classes=10):
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.norm = nn.BatchNorm2d(widths[0])
        self.stage1 = block(widths[0], widths[0])
        self.stage2 = block(widths[0], widths[1], stride=2)
        self.fc = nn.Linear(widths[1], classes)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        x = self.stage2(self.stage1(x))
        return self.fc(x.mean((2, 3)))


def net(**kwargs):
    return Net(Block, **kwargs)


def deep_net():
    stem = net().stem
    model = Net(Block, widths=(16, 64))
    model.stem = stem
    return model
