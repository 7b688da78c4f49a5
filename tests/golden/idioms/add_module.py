import torch
import torch.nn as nn


class Layer(nn.Sequential):
    def __init__(self, inp, oup):
        super().__init__()
        self.add_module("norm1", nn.BatchNorm2d(inp)),
        self.add_module("relu1", nn.ReLU(inplace=True)),
        self.add_module("conv1", nn.Conv2d(inp, oup, kernel_size=3,
                                           stride=1, padding=1, bias=False)),

    def forward(self, x):
        return torch.cat([x, super().forward(x)], 1)


class Net(nn.Module):
    def __init__(self, growth=16):
        super().__init__()
        self.stem = nn.Conv2d(3, growth, 1)
        self.layer1 = Layer(growth, growth)
        self.layer2 = Layer(2 * growth, growth)

    def forward(self, x):
        return self.layer2(self.layer1(self.stem(x)))
