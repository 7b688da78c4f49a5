import torch.nn as nn


def get_norm_layer(name):
    if name == "instance":
        return nn.InstanceNorm2d
    elif name == "batch":
        return nn.BatchNorm2d
    raise ValueError(name)


def get_activation_layer(activation):
    if isinstance(activation, str):
        if activation == "relu":
            return nn.ReLU(inplace=True)
        elif activation == "sigmoid":
            return nn.Sigmoid()
    return activation()


class Block(nn.Module):
    def __init__(self, width, norm="batch", activation=lambda: nn.ReLU(inplace=True)):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = get_norm_layer(norm)(width)
        self.activ = get_activation_layer(activation)

    def forward(self, x):
        return self.activ(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block1 = Block(width)
        self.block2 = Block(width, activation="relu")

    def forward(self, x):
        return self.block2(self.block1(self.stem(x)))
