import torch.nn as nn


class Block(nn.Module):
    def __init__(self, width, act=nn.ReLU(inplace=True)):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.act = act

    def forward(self, x):
        return self.act(self.conv(x))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block1 = Block(width)
        self.block2 = Block(width)

    def forward(self, x):
        return self.block2(self.block1(self.stem(x)))
