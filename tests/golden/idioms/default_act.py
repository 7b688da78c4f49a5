import torch.nn as nn


class Conv(nn.Module):
    default_act = nn.ReLU()

    def __init__(self, inp, oup, k=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(inp, oup, k, padding=k // 2, bias=False)
        self.act = self.default_act if act is True else nn.Identity()

    def forward(self, x):
        return self.act(self.conv(x))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv1 = Conv(3, width, 3)
        self.conv2 = Conv(width, width, 3)
        self.head = Conv(width, 4, act=False)

    def forward(self, x):
        return self.head(self.conv2(self.conv1(x)))
