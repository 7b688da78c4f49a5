import torch.nn as nn


class Sum(nn.Module):
    def forward(self, x, branch):
        return x + branch(x)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.sum = Sum()

    def forward(self, x):
        return self.sum(self.stem(x), self.conv)
