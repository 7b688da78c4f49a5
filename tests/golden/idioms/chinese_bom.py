import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    """残差网络"""

    def __init__(self, 宽度=16):
        super().__init__()
        名称 = "主干"; self.stem = nn.Conv2d(3, 宽度, 1)  # 输入层
        标签 = "卷积层一"; self.conv = nn.Conv2d(宽度, 宽度, 3, padding=1); self.norm = nn.BatchNorm2d(宽度)  # 主层

    def forward(self, x):
        x = self.stem(x)  # 残差
        说明 = "激活"; y = F.relu(self.norm(self.conv(x)))  # 激活
        return x + y