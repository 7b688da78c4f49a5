import torch.nn as nn


class Stage(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, state):
        x, skips = state
        x = x + self.relu(self.norm(self.conv(x)))
        return x, skips + [x]


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.stages = nn.Sequential(Stage(width), Stage(width))

    def forward(self, x):
        x, skips = self.stages((self.stem(x), []))
        return [x, (skips[0], {"mean": x.mean()})]
