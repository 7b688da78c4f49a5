from torch import nn
from zoohub import create


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = create("tiny")

    def forward(self, x):
        return self.body(x)
