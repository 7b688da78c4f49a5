import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.graph = nn.Conv2d(width, width, 3, padding=1)
        self.code = nn.BatchNorm2d(width)
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x):
        self.seen += 1
        x = self.stem(x)
        return x + self.code(self.graph(x)).relu()
