import torch.nn as nn


class ConvUnit(nn.Sequential):
    def __init__(self, inp, oup, k=3, act=True):
        layers = [nn.Conv2d(inp, oup, k, padding=k // 2, bias=False)]
        layers.append(nn.BatchNorm2d(oup))
        if act:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.unit1 = ConvUnit(3, width)
        self.unit2 = ConvUnit(width, width, act=False)

    def forward(self, x):
        x = self.unit1(x)
        return x + self.unit2(x)
