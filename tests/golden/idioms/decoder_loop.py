import torch
import torch.nn as nn


class UNet(nn.Module):
    def __init__(self, widths=(8, 16, 32)):
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.downs = nn.ModuleList()
        self.ups = nn.ModuleList()
        self.blocks = nn.ModuleList()
        for narrow, wide in zip(widths, widths[1:]):
            self.downs.append(nn.Conv2d(narrow, wide, 3, stride=2, padding=1))
            self.ups.insert(0, nn.ConvTranspose2d(wide, narrow, 2, stride=2))
            self.blocks.insert(0, nn.Conv2d(2 * narrow, narrow, 3, padding=1))

    def forward(self, x):
        skips = [self.stem(x)]
        for down in self.downs:
            skips.append(down(skips[-1]).relu())
        x = skips.pop()
        for up, block in zip(self.ups, self.blocks):
            x = torch.cat([skips.pop(), up(x)], dim=1)
            x = block(x).relu()
        return x


class Net(nn.Module):
    def __init__(self, width=16, depth=3):
        super().__init__()
        self.unet = UNet()
        self.grow = nn.Conv2d(8, width, 1)
        self.mixers = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1, groups=width) for _ in range(depth)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(width) for _ in range(depth)])

    def forward(self, x):
        x = self.grow(self.unet(x))
        for i, mixer in enumerate(self.mixers):
            x = x + self.norms[i](mixer(x))
        for mixer in self.mixers:
            x = x + mixer(x).relu()
        for (mixer, norm), scale in zip(zip(self.mixers, self.norms), [0.5, 1.0, 2.0]):
            x = x + norm(mixer(x)).relu() * scale
        return x
