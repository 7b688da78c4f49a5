"""What the net found decides how its last part goes on: numbers are read out of tensors."""

import torch
import torch.nn as nn


class Refine(nn.Module):
    """Moves each sample's peak by a quarter towards its larger neighbour."""

    def forward(self, x):
        scores, places = x.flatten(1).max(1)
        moved = places.float()
        for sample in range(len(x)):
            place = int(places[sample])
            if 0 < place < x[0].numel() - 1:
                line = x[sample].flatten()
                moved[sample] += (line[place + 1] - line[place - 1]).sign() * 0.25
        return torch.stack([moved * scores.detach(), scores], 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.act1 = nn.ReLU()
        self.conv2 = nn.Conv2d(16, 1, 1)
        self.refine = Refine()

    def forward(self, x):
        x = self.act1(self.bn1(self.conv1(x)))
        return self.refine(self.conv2(x))
