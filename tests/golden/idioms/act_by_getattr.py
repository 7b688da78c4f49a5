import torch.nn as nn


class Block(nn.Module):
    def __init__(self, width, act, gate):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.act = getattr(nn, act)(inplace=True)
        self.gate = eval(gate)()

    def forward(self, x):
        return self.gate(self.conv(self.act(x)))


class Net(nn.Module):
    def __init__(self, width=16, act="ReLU", gate='nn.ReLU'):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block = Block(width, act, gate)

    def forward(self, x):
        return self.block(self.stem(x))
