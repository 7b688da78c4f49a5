import torch
import torch.nn as nn


def conv3x3(in_planes, out_planes, stride=1, groups=1, dilation=1):
    """3x3 convolution with padding"""
    return nn.Conv2d(
        in_planes,
        out_planes,
        kernel_size=3,
        stride=stride,
        padding=dilation,
        groups=groups,
        bias=False,
        dilation=dilation,
    )


class Bottleneck(nn.Module):
    def __init__(self, inplanes, planes, stride=1, dilation=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 1)
        self.conv2 = conv3x3(planes, planes, stride, 1, dilation)
        self.conv3 = nn.Conv2d(planes, planes, 1)

    def forward(self, x):
        out = torch.relu(self.conv1(x))
        out = torch.relu(self.conv2(out))
        return self.conv3(out)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(Bottleneck(3, 8), Bottleneck(8, 8))
        self.layer2 = nn.Sequential(Bottleneck(8, 16, 2), Bottleneck(16, 16))

    def forward(self, x):
        return self.layer2(self.layer1(x))
