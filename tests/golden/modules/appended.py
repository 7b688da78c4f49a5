import torch.nn as nn


class Net(nn.Module):
    def __init__(self, widths=(16, 32, 32)):
        super().__init__()
        layers = []
        channels = 3
        for width in widths:
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            layers.append(nn.ReLU())
            channels = width
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return self.body(x)
