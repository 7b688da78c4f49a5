from collections import OrderedDict

import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.body = nn.Sequential(OrderedDict([
            ("conv", nn.Conv2d(3, width, 3, padding=1)),
            ("norm", nn.BatchNorm2d(width)),  # one for each map
            ("act", nn.ReLU(inplace=True)),
        ]))

    def forward(self, x):
        return self.body(x)
