import torch.nn as nn


class LayerFactory:
    def __init__(self):
        self.makers = {}

    def add(self, name, maker):
        self.makers[name] = maker

    def __getitem__(self, key):
        name, *rest = key
        return self.makers[name](*rest)


Conv = LayerFactory()
Conv.CONV = "conv"
Conv.add("conv", lambda dims: (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1])
Norm = LayerFactory()
Norm.add("batch", lambda dims: (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[dims - 1])


class Block(nn.Module):
    def __init__(self, dims, width):
        super().__init__()
        conv_type = Conv[Conv.CONV, dims]
        self.conv1 = conv_type(width, width, kernel_size=3, padding=1)
        self.conv2 = conv_type(width, width, kernel_size=3, padding=1)
        self.norm = Norm["batch", 2](width)

    def forward(self, x):
        return self.norm(self.conv2(self.conv1(x)))


class Net(nn.Module):
    def __init__(self, dims=2, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block1 = Block(dims, width)
        self.block2 = Block(dims, width)

    def forward(self, x):
        return self.block2(self.block1(self.stem(x)))
