"""Classes that are made to take the place of modules of torch."""

import torch
import torch.nn as nn


class GhostConv(nn.Module):
    """Half of the maps by a convolution, half by cheap ones from these."""

    def __init__(self, inp, oup, kernel_size=1, stride=1, padding=0, bias=False):
        super().__init__()
        half = (oup + 1) // 2
        self.primary = nn.Conv2d(inp, half, kernel_size, stride, padding, bias=bias)
        self.cheap = nn.Conv2d(half, half, 3, 1, 1, groups=half, bias=bias)
        self.oup = oup

    def forward(self, x):
        y = self.primary(x)
        return torch.cat([y, self.cheap(y)], 1)[:, : self.oup]


class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class LowRank(nn.Module):
    def __init__(self, in_features, out_features, bias=True, rank=4):
        super().__init__()
        self.down = nn.Linear(in_features, rank, bias=False)
        self.up = nn.Linear(rank, out_features, bias=bias)

    def forward(self, x):
        return self.up(self.down(x))


class Mix(nn.Module):
    """Keeps channels: in the place of square convolutions alone."""

    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)

    def forward(self, x):
        return self.proj(x)


class Squared(nn.Module):
    def forward(self, x):
        return torch.relu(x) ** 2


class Needy(nn.Module):
    """Wants what no convolution has; as a block it would do."""

    def __init__(self, in_channels, out_channels, heads):
        super().__init__()
        self.mix = nn.Conv2d(in_channels, out_channels, 1, groups=heads)

    def forward(self, x):
        return self.mix(x)
