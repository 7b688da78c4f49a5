import torch.nn as nn


norm = lambda c: nn.BatchNorm2d(c, eps=1e-3)
conv = lambda i, o, k: nn.Conv2d(i, o, k, padding=k // 2, bias=False)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv1, self.norm1 = conv(3, width, 3), norm(width)
        self.conv2, self.norm2 = conv(width, width, 3), norm(width)

    def forward(self, x):
        x = self.norm1(self.conv1(x))
        return x + self.norm2(self.conv2(x))
