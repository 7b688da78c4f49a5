import torch.nn as nn


class Residual(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x):
        return self.fn(x) + x


class PreNorm(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.norm = nn.BatchNorm2d(dim)
        self.fn = fn

    def forward(self, x, **kwargs):
        return self.fn(self.norm(x), **kwargs)


def FeedForward(dim, mult=2):
    def conv(inp, oup):
        return nn.Conv2d(inp, oup, 3, padding=1)

    return nn.Sequential(conv(dim, dim * mult), nn.ReLU(), conv(dim * mult, dim))


class Net(nn.Module):
    def __init__(self, width=16, depth=2):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.layers = nn.ModuleList([])
        for _ in range(depth):
            self.layers.append(nn.ModuleList([
                Residual(PreNorm(width, FeedForward(width))),
                Residual(PreNorm(width, nn.Conv2d(width, width, 1))),
            ]))

    def forward(self, x):
        x = self.stem(x)
        for ff, mix in self.layers:
            x = mix(ff(x))
        return x
