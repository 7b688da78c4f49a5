import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        x = self.norm(self.conv(x))
        if x.mean() > 1e6:
            x = x / x.mean()
        return x.relu()
