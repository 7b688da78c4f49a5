import torch.nn as nn


class Mlp(nn.Module):
    def __init__(self, width, act_layer=nn.ReLU):
        super().__init__()
        self.fc1 = nn.Conv2d(width, 2 * width, 1)
        self.act1 = act_layer(inplace=True)
        self.fc2 = nn.Conv2d(2 * width, width, 1)
        self.act2 = act_layer(True)

    def forward(self, x):
        return self.act2(self.fc2(self.act1(self.fc1(x))))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.mlp = Mlp(width)

    def forward(self, x):
        return self.mlp(self.stem(x))
