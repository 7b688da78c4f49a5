import torch.nn as nn

OPS = {
    "skip": lambda c, stride: nn.Identity() if stride == 1 else nn.AvgPool2d(stride),
    "conv_3x3": lambda c, stride: ReLUConvBN(c, c, 3, stride, 1),
    "sep_3x3": lambda c, stride: nn.Sequential(
        nn.Conv2d(c, c, 3, stride, 1, groups=c, bias=False),
        nn.Conv2d(c, c, 1, bias=False),
        nn.BatchNorm2d(c),
    ),
}


class ReLUConvBN(nn.Module):
    def __init__(self, c_in, c_out, kernel_size, stride, padding):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(inplace=False),
            nn.Conv2d(c_in, c_out, kernel_size, stride=stride, padding=padding, bias=False),
            nn.BatchNorm2d(c_out),
        )

    def forward(self, x):
        return self.op(x)
