import torch.nn as nn


class Layer(nn.Module):
    """Where the width changes the shortcut is another tensor: the maximum over neighbours of a projection."""

    def __init__(self, width, out_width):
        super().__init__()
        self.width = width
        self.out_width = out_width
        self.norm = nn.BatchNorm2d(width)
        self.conv = nn.Conv2d(width, out_width, 3, stride=1 if width == out_width else 2, padding=1)
        self.drop = nn.Dropout(0.1)
        if width != out_width:
            self.proj = nn.Conv2d(width, out_width, 1)
            self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        y = self.norm(x)
        if self.width != self.out_width:
            x = self.pool(self.proj(y))
        y = self.conv(y.relu())
        return x + self.drop(y)


class Net(nn.Module):
    def __init__(self, widths=(8, 8, 16, 16)):
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.layers = nn.Sequential()
        for width, out_width in zip(widths, widths[1:]):
            self.layers.append(Layer(width, out_width))

    def forward(self, x):
        return self.layers(self.stem(x))
