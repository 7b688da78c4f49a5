"""A MobileNet (Howard et al., 2017) made of one helper, and a head that is built by name."""

from collections import OrderedDict

import torch.nn as nn


def conv_bn(cin, cout, stride):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, stride, 1, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
    )


def conv_dw(cin, cout, stride):
    return nn.Sequential(
        nn.Conv2d(cin, cin, 3, stride, 1, groups=cin, bias=False),
        nn.BatchNorm2d(cin),
        nn.ReLU(inplace=True),
        nn.Conv2d(cin, cout, 1, 1, 0, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
    )


class MobileNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(conv_bn(3, 16, 2), conv_dw(16, 32, 1), conv_dw(32, 32, 2))
        self.last = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(32, 64, 3, padding=1, bias=False),
                bn=nn.BatchNorm2d(64),
                act=nn.ReLU(inplace=True),
            )
        )
        self.fc = nn.Linear(64, num_classes)

    def forward(self, x):
        return self.fc(self.last(self.features(x)).mean((2, 3)))
