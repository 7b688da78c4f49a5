import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.head = nn.Conv2d(width, 4, 1)

    def forward(self, x):
        x = F.relu(self.conv(x), inplace=True)
        return {"features": (x, x.mean((2, 3))), "out": self.head(x)}
