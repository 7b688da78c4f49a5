import torch.nn as nn

from .ops import OPS


class Cell(nn.Module):
    def __init__(self, names, width):
        super().__init__()
        self.ops = nn.ModuleList(OPS[name](width, 1) for name in names)

    def forward(self, x):
        return sum(op(x) for op in self.ops)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.cell1 = Cell(["skip", "conv_3x3"], width)
        self.cell2 = Cell(["sep_3x3", "conv_3x3"], width)

    def forward(self, x):
        return self.cell2(self.cell1(self.stem(x)))
