import torch.nn as nn


class Stage(nn.Sequential):
    def __init__(self, channels, depth, kernel_size=3):
        super(Stage, self).__init__()
        for i in range(depth):
            self.add_module(
                "conv%d" % (i + 1), nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2, bias=False)
            )
            self.add_module("norm%d" % (i + 1), nn.BatchNorm2d(channels))
            self.add_module("relu%d" % (i + 1), nn.ReLU(inplace=True))


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.add_module("stem", nn.Conv2d(3, 16, kernel_size=3, padding=1))
        self.fine = Stage(16, 2)
        self.coarse = Stage(16, 2, kernel_size=5)

    def forward(self, x):
        return self.coarse(self.fine(self.stem(x)))
