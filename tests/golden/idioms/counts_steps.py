import torch
import torch.nn as nn


class Counter(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.register_buffer("seen", torch.zeros(1))
        self.register_buffer("steps", torch.zeros(1, dtype=torch.long))

    def forward(self, x):
        self.seen += 1
        if self.training:
            self.steps.add_(1)
        return x + self.norm(self.conv(x)).relu()


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.body = Counter(width)

    def forward(self, x):
        return self.body(self.stem(x))
