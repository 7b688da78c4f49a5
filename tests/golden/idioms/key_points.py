import torch
import torch.nn as nn


class Scores(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.score = nn.Conv2d(width, 1, 1)

    def forward(self, x):
        return self.score(self.relu(self.conv(x)))[:, 0].sigmoid()


class Net(nn.Module):
    """A detector: how many points it returns follows from what it sees."""

    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.scores = Scores(width)

    def forward(self, x):
        scores = self.scores(self.stem(x))
        found = [one[one > one.mean()] for one in scores]
        longest = max(it.shape[0] for it in found)
        points = torch.zeros((len(found), longest), device=x.device)
        for i, it in enumerate(found):
            points[i, : it.shape[0]] = it
        return points
