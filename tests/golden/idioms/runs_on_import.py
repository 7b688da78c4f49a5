import argparse

import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=16)
args = parser.parse_args()


class Net(nn.Module):
    def __init__(self, width=args.width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu_(self.norm(self.conv(x)))


net = Net()
print("parameters:", sum(p.numel() for p in net.parameters()))
