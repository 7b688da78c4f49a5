import torch.nn as nn


class Residual(nn.Sequential):
    def __init__(self, width):
        super().__init__(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width))

    def forward(self, x):
        return x + super().forward(x)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block = Residual(width)

    def forward(self, x):
        return self.block(self.stem(x))
