import re

import torch.nn as nn


class InvertedResidual(nn.Module):
    def __init__(self, in_chs, out_chs, kernel_size=3, stride=1, exp_ratio=1, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d):
        super().__init__()
        mid_chs = in_chs * exp_ratio
        self.has_skip = in_chs == out_chs and stride == 1
        self.conv_pw = nn.Conv2d(in_chs, mid_chs, 1, bias=False)
        self.bn1 = norm_layer(mid_chs)
        self.act1 = act_layer(inplace=True)
        self.conv_dw = nn.Conv2d(mid_chs, mid_chs, kernel_size, stride, kernel_size // 2, groups=mid_chs, bias=False)
        self.bn2 = norm_layer(mid_chs)
        self.act2 = act_layer(inplace=True)
        self.conv_pwl = nn.Conv2d(mid_chs, out_chs, 1, bias=False)
        self.bn3 = norm_layer(out_chs)

    def forward(self, x):
        shortcut = x
        x = self.act1(self.bn1(self.conv_pw(x)))
        x = self.act2(self.bn2(self.conv_dw(x)))
        x = self.bn3(self.conv_pwl(x))
        if self.has_skip:
            x = x + shortcut
        return x


class ConvBnAct(nn.Module):
    def __init__(self, in_chs, out_chs, kernel_size=3, stride=1, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d):
        super().__init__()
        self.conv = nn.Conv2d(in_chs, out_chs, kernel_size, stride, kernel_size // 2, bias=False)
        self.bn1 = norm_layer(out_chs)
        self.act1 = act_layer(inplace=True)

    def forward(self, x):
        return self.act1(self.bn1(self.conv(x)))


def decode(text):
    kind, *options = text.split("_")
    found = {m[1]: int(m[2]) for m in (re.match(r"([a-z]+)(\d+)", it) for it in options) if m}
    return kind, found


class EfficientNetBuilder:
    def __init__(self, **kwargs):
        self.kwargs = kwargs

    def __call__(self, in_chs, arch_def):
        stages = []
        for stage in arch_def:
            blocks = []
            for text in stage:
                kind, opt = decode(text)
                for i in range(opt["r"]):
                    args = dict(kernel_size=opt["k"], stride=opt["s"] if i == 0 else 1, **self.kwargs)
                    if kind == "ir":
                        args["exp_ratio"] = opt["e"]
                        blocks.append(InvertedResidual(in_chs, opt["c"], **args))
                    else:
                        blocks.append(ConvBnAct(in_chs, opt["c"], **args))
                    in_chs = opt["c"]
            stages.append(nn.Sequential(*blocks))
        return stages
