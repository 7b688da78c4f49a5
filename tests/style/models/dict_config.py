import torch
import torch.nn as nn

CONFIGS = {
    "tiny": dict(width=16, depths=(1, 1), norm_layer=nn.BatchNorm2d, act_layer=nn.ReLU),
    "small": dict(width=24, depths=(2, 2), norm_layer=nn.BatchNorm2d, act_layer=nn.ReLU),
}


class ConvNormAct(nn.Sequential):
    def __init__(self, in_chs, out_chs, stride=1, *, norm_layer, act_layer):
        super().__init__(
            nn.Conv2d(in_chs, out_chs, 3, stride, 1, bias=False),
            norm_layer(out_chs),
            act_layer(),
        )


class PlainNet(nn.Module):
    def __init__(self, width, depths, norm_layer, act_layer, num_classes=10):
        super().__init__()
        kwargs = dict(norm_layer=norm_layer, act_layer=act_layer)
        self.stem = ConvNormAct(3, width, 2, **kwargs)
        stages = []
        for i, depth in enumerate(depths):
            out = width * 2 ** i
            stages.append(ConvNormAct(width if i == 0 else out // 2, out, 2, **kwargs))
            for _ in range(depth):
                stages.append(ConvNormAct(out, out, **kwargs))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(out, num_classes)

    def forward(self, x):
        x = self.stages(self.stem(x))
        return self.head(torch.flatten(x.mean((2, 3)), 1))


def create_model(variant="tiny", **kwargs):
    return PlainNet(**{**CONFIGS[variant], **kwargs})
