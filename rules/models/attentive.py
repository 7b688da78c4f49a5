"""A plain network whose second stage weighs its channels, for tests of rules."""

import torch.nn as nn
import torch.nn.functional as F


class ChannelGate(nn.Module):
    def __init__(self, channels, reduction=4):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // reduction)
        self.fc2 = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        y = x.mean((2, 3))
        y = self.fc2(F.relu(self.fc1(y))).sigmoid()
        return x * y.view(x.size(0), -1, 1, 1)


class Net(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1)
        self.gate1 = ChannelGate(16)
        self.gate2 = ChannelGate(32)
        self.head = nn.Linear(32, num_classes)

    def forward(self, x):
        x = self.gate1(F.relu(self.conv1(x)))
        x = self.gate2(F.relu(self.conv2(x)))
        return self.head(x.mean((2, 3)))
