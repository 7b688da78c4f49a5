import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.branches = nn.ModuleDict({
            "plain": nn.Conv2d(width, width, 3, padding=1),
            "normed": nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()),
        })
        self.branches["late"] = nn.Conv2d(width, width, 5, padding=2)

    def forward(self, x):
        x = self.stem(x)
        for name, branch in self.branches.items():
            x = x + branch(x)
        return x
