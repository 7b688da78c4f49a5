"""Questions to a tensor that a stand-in for one answers wrongly."""

from typing import List

import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.act = nn.ReLU()

    def forward(self, x):
        if not torch.jit.isinstance(x, List[torch.Tensor]) and isinstance(x, torch.Tensor):
            x = [x]
        if len(x) != 1 or not torch.jit.isinstance(x, List[torch.Tensor]):
            raise ValueError("one image, please")
        x = self.norm(self.conv(x[0]))
        if x.shape[0] > 1:
            x = x - x.mean(0, keepdim=True) * 0.1
        return x + self.act(self.conv2(x))
