import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.to_qkv = nn.Linear(dim, dim * 3, bias = False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x):
        q, k, v = self.to_qkv(self.norm(x)).chunk(3, dim = -1)
        return self.to_out((q @ k.transpose(-1, -2)).softmax(dim = -1) @ v)


class Transformer(nn.Module):
    """One attention for region tokens, and again for these with all others."""

    def __init__(self, dim, depth):
        super().__init__()
        self.layers = nn.ModuleList([])
        for _ in range(depth):
            self.layers.append(nn.ModuleList([Attention(dim), nn.Linear(dim, dim)]))

    def forward(self, x, regions):
        for attn, ff in self.layers:
            regions = attn(regions) + regions
            both = torch.cat((regions, x), dim = 1)
            both = attn(both) + both
            both = ff(both) + both
            regions, x = both[:, :1], both[:, 1:]

        return x


class Net(nn.Module):
    def __init__(self, dim = 16, depth = 2):
        super().__init__()
        self.patch = nn.Conv2d(3, dim, 4, stride = 4)
        self.transformer = Transformer(dim, depth)
        self.head = nn.Linear(dim, 10)

    def forward(self, img):
        x = self.patch(img).flatten(2).transpose(1, 2)
        x = self.transformer(x, x.mean(1, keepdim = True))
        return self.head(x.mean(1))
