import torch.nn as nn


ACT = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


class Block(nn.Module):
    def __init__(self, width, act):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.act = ACT.get(act, nn.Identity)()

    def forward(self, x):
        return self.act(self.conv(x))


class Net(nn.Module):
    def __init__(self, width=16, act="relu"):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block1 = Block(width, act)
        self.block2 = Block(width, act=act)

    def forward(self, x):
        return self.block2(self.block1(self.stem(x)))
