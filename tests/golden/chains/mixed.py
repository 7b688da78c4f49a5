import torch
import torch.nn as nn
import torch.nn.functional as F


class Down(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(cout)

    def forward(self, x):
        return self.norm(self.conv(x)).relu_()


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.stem_bn = nn.BatchNorm2d(width)
        self.body = nn.Sequential(Down(width, 2 * width), nn.Identity(), Down(2 * width, 4 * width))
        self.point = nn.Conv2d(4 * width, 4 * width, 1)
        self.point_bn = nn.BatchNorm2d(4 * width)
        self.drop = nn.Identity()
        self.head = nn.Linear(4 * width, 10)

    def forward(self, x):
        x = torch.relu(self.drop(self.stem_bn(self.stem(x))))
        x = self.body(x)
        x = F.relu(self.point_bn(self.point(x)), inplace=True)
        return self.head(x.mean((2, 3)))
