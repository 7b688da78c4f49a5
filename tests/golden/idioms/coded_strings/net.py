import torch.nn as nn

from .builder import EfficientNetBuilder


class Net(nn.Module):
    def __init__(self, arch_def=(("cn_r1_k3_s1_c16",), ("ir_r2_k3_s2_e2_c24", "cn_r2_k3_s1_c32"))):
        super().__init__()
        self.conv_stem = nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False)
        self.blocks = nn.Sequential(*EfficientNetBuilder(act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d)(16, arch_def))

    def forward(self, x):
        return self.blocks(self.conv_stem(x))
