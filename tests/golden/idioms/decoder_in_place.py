import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.downs = nn.ModuleList([nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in range(2)])
        self.ups = nn.ModuleList([nn.ConvTranspose2d(width, width, 2, stride=2) for _ in range(2)])

    def forward(self, x):
        x = self.stem(x)
        skips = []
        for down in self.downs:
            skips.append(x)
            x = down(x).relu()
        for up in self.ups:
            x = up(x)
            x += skips.pop()
        return x
