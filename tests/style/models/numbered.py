import torch
import torch.nn as nn
import torch.nn.functional as F


class ResidualUnit(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv1 = nn.Conv2d(ch, ch, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(ch)
        self.relu1 = nn.ReLU()

    def forward(self, x):
        return self.relu1(x + self.bn1(self.conv1(x)))


class TwoStageUnit(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv1 = nn.Conv2d(ch, ch, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(ch)
        self.conv2 = nn.Conv2d(ch, ch, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(ch)

    def forward(self, x):
        out1 = self.bn1(self.conv1(x))
        x = F.relu(x + out1)
        out2 = self.bn2(self.conv2(x))
        return F.relu(x + out2)


class SmallNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.unit1 = ResidualUnit(16)
        self.unit2 = ResidualUnit(16)
        self.fc1 = nn.Linear(16, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = self.unit2(self.unit1(x))
        return self.fc1(x.mean((2, 3)))


class TwoStageNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.unit1 = TwoStageUnit(16)
        self.unit2 = TwoStageUnit(16)
        self.fc1 = nn.Linear(16, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = self.unit2(self.unit1(x))
        return self.fc1(x.mean((2, 3)))
