import torch.nn as nn

from . import decoder
from .encoder import Block


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.encoder = Block(width)
        self.decoder = decoder.Block(width)

    def forward(self, x):
        return self.decoder(self.encoder(self.stem(x)))
