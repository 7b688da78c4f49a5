import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        x = self.stem(x)
        y = F.relu(x, inplace=True)
        return x + self.conv(y)
