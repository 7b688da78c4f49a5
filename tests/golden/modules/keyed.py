import torch.nn as nn


def cell(width):
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU())


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.cells = nn.ModuleDict({str((i, j)): cell(width) for i in range(2) for j in range(2)})
        self.tail = nn.Sequential()
        self.tail.add_module("stem", nn.Conv2d(3, width, 1))
        for i in range(2):
            self.tail.add_module(str(i), cell(width))

    def forward(self, x):
        x = self.tail(x)
        for cell in self.cells.values():
            x = cell(x)
        return x
