import torch
import torch.nn as nn


class Up(nn.Module):
    """A level of the decoder joins two skips; the second one is as fine as what it is joined to all the way."""

    def __init__(self, in_channels, skip_channels, out_channels):
        super().__init__()
        self.resize = nn.Upsample(scale_factor=2)
        self.convs = nn.ModuleList()
        for channels in (in_channels, out_channels):
            self.convs.append(nn.Conv2d(channels + skip_channels, out_channels, 3, padding=1))
        self.norms = nn.ModuleList([nn.BatchNorm2d(out_channels) for _ in self.convs])

    def forward(self, x, skips):
        x = self.resize(x)
        for conv, norm in zip(self.convs, self.norms):
            # the finest comes last
            skip = skips[-1]
            skips = skips[:-1]
            x = torch.cat([skip, x], dim=1)
            x = norm(conv(x)).relu()
        return x, skips


class Net(nn.Module):
    def __init__(self, widths=(8, 16, 24)):
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.levels = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1) for width in widths[:-1]])
        self.downs = nn.ModuleList()
        self.ups = nn.ModuleList()
        for narrow, wide in zip(widths, widths[1:]):
            self.downs.append(nn.Conv2d(narrow, wide, 3, stride=2, padding=1))
            self.ups.insert(0, Up(wide, narrow, narrow))

    def forward(self, x):
        x = self.stem(x)
        skips = []
        for level, down in zip(self.levels, self.downs):
            skips += [x, level(x).relu()]
            x = down(skips[-1]).relu()
        for up in self.ups:
            x, skips = up(x, skips)
        return x
