import torch.nn as nn


NORMS = {"bn": nn.BatchNorm2d, "in": nn.InstanceNorm2d}
ACTS = {"relu": nn.ReLU, "silu": nn.SiLU}


class Net(nn.Module):
    def __init__(self, width=16, norm="bn", act="relu"):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.norm = NORMS[norm](width)
        self.act = ACTS[act]()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))
