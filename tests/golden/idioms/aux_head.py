import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.head = nn.Conv2d(width, 4, 1)
        self.aux = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.Conv2d(width, 4, 1))

    def forward(self, x):
        x = self.norm(self.conv(x))
        out = self.head(x)
        if self.training:
            return out, self.aux(x)
        return out
