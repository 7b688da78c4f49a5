import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16, words=11):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.words = nn.Embedding(words, width)

    def forward(self, image, ids):
        text = self.words(ids).mean(1)[:, :, None, None]
        return torch.relu(self.norm(self.conv(image)) + text)
