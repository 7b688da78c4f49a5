import torch
import torch.nn as nn


class Attention(nn.Module):
    """Attention whose biases are looked up once for evaluation."""

    def __init__(self, dim, size):
        super().__init__()
        self.qkv = nn.Linear(dim, dim * 3)
        self.biases = nn.Parameter(torch.zeros(size))
        self.register_buffer("places", torch.arange(size).flip(0), persistent=False)
        self.cache = {}

    @torch.no_grad()
    def train(self, mode=True):
        super().train(mode)
        if mode and self.cache:
            self.cache = {}
        return self

    def looked_up(self):
        if self.training:
            return self.biases[self.places]
        if "cpu" not in self.cache:
            self.cache["cpu"] = self.biases[self.places]
        return self.cache["cpu"]

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        return (q @ k.transpose(-2, -1) + self.looked_up()).softmax(-1) @ v


class Net(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.stem = nn.Conv2d(3, dim, 3, padding=1)
        self.conv = nn.Conv2d(dim, dim, 3, stride=2, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(4)
        self.attention = Attention(dim, 16)
        self.head = nn.Linear(dim, 10)

    def forward(self, x):
        x = self.pool(self.conv(self.stem(x))).flatten(2).transpose(1, 2)
        x = x + self.attention(x)
        return self.head(x.mean(1))
