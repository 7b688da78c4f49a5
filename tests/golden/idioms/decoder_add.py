import torch
import torch.nn as nn


class Net(nn.Module):
    """Skips that are added, and operands that have no name."""

    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.down1 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.down2 = nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1)
        self.up2 = nn.ConvTranspose2d(4 * width, 2 * width, 2, stride=2)
        self.up1 = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.head = nn.Conv2d(2 * width, 2, 1)

    def forward(self, x):
        skip1 = self.stem(x)
        skip2 = self.down1(skip1).relu()
        sum2 = self.up2(self.down2(skip2).relu()) + skip2
        return self.head(torch.cat([skip1, self.up1(sum2)], dim=1))
