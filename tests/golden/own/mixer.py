from functools import partial

import torch
import torch.nn as nn


class Layer(nn.Module):
    def __init__(self, dim, norm_layer=nn.LayerNorm):
        super().__init__()
        self.norm = norm_layer(dim)
        self.fc1 = nn.Linear(dim, 2 * dim)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(2 * dim, dim, bias=False)

    def forward(self, x):
        return x + self.fc2(self.act(self.fc1(self.norm(x))))


class Mixer(nn.Module):
    def __init__(self, dim=16, depth=2, norm_layer=partial(nn.LayerNorm, eps=1e-6)):
        super().__init__()
        self.stem = nn.Conv2d(3, dim, 4, stride=4)
        self.mid = nn.Conv2d(dim, dim, 3, padding=2, dilation=2)
        self.square = nn.Conv2d(dim, dim, (3, 3), padding=(1, 1))
        self.point = nn.Conv2d(dim, dim, 1)
        self.layers = nn.Sequential(*[Layer(dim, norm_layer) for _ in range(depth)])
        self.out = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 10)

    def forward(self, x):
        x = torch.relu(self.point(self.square(self.mid(self.stem(x)))))
        x = self.layers(x.flatten(2).transpose(1, 2))
        return self.head(self.out(x).mean(1))
