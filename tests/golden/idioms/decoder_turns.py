import torch
import torch.nn as nn


class Net(nn.Module):
    """Not every turn of the loop joins a skip: the last one has none of another resolution."""

    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.down = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.same = nn.Conv2d(width, width, 3, padding=1)
        self.blocks = nn.ModuleList([nn.Conv2d(2 * width, width, 3, padding=1) for _ in range(2)])

        self.pairs = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1) for _ in range(2)])

    def forward(self, x):
        skips = [self.stem(x)]
        skips.append(self.down(skips[-1]).relu())
        x = self.same(skips[-1]).relu()
        for i, block in enumerate(self.blocks):
            skip = skips.pop()
            if x.shape[-1] != skip.shape[-1]:
                x = nn.functional.interpolate(x, scale_factor=2)
            x = torch.cat([skip, x], dim=1)
            x = block(x).relu()
        for block in self.pairs:
            x = x + block(x)
            x = x + block(x).relu()
        return x
