"""PyTorch ResNet, with the usual hooks for norm and activation layers."""
from typing import List, Optional, Type

import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(
            self,
            inplanes: int,
            planes: int,
            stride: int = 1,
            downsample: Optional[nn.Module] = None,
            act_layer: Type[nn.Module] = nn.ReLU,
            norm_layer: Type[nn.Module] = nn.BatchNorm2d,
    ):
        """
        Args:
            inplanes: Input channel dimensionality.
            planes: Used to determine output channel dimensionalities.
            stride: Stride used in convolution layers.
            downsample: Optional downsample layer for residual path.
            act_layer: Activation layer.
            norm_layer: Normalization layer.
        """
        super().__init__()
        outplanes = planes * self.expansion

        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = norm_layer(planes)
        self.act1 = act_layer(inplace=True)

        self.conv2 = nn.Conv2d(planes, outplanes, kernel_size=3, padding=1, bias=False)
        self.bn2 = norm_layer(outplanes)

        self.act2 = act_layer(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def zero_init_last(self):
        if getattr(self.bn2, 'weight', None) is not None:
            nn.init.zeros_(self.bn2.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x

        x = self.conv1(x)
        x = self.bn1(x)
        x = self.act1(x)

        x = self.conv2(x)
        x = self.bn2(x)

        if self.downsample is not None:
            shortcut = self.downsample(shortcut)
        x += shortcut
        x = self.act2(x)

        return x


class ResNet(nn.Module):
    """ResNet

    Args:
        layers: number of layers in each block
        in_chans: number of input channels, default 3
        num_classes: number of classification classes, default 10
        act_layer: activation layer
        norm_layer: normalization layer
    """

    def __init__(
            self,
            layers: List[int],
            in_chans: int = 3,
            num_classes: int = 10,
            stem_width: int = 32,
            act_layer: Type[nn.Module] = nn.ReLU,
            norm_layer: Type[nn.Module] = nn.BatchNorm2d,
            drop_rate: float = 0.0,
    ):
        super().__init__()
        self.num_classes = num_classes
        self.drop_rate = drop_rate

        self.inplanes = stem_width
        self.conv1 = nn.Conv2d(in_chans, stem_width, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = norm_layer(stem_width)
        self.act1 = act_layer(inplace=True)

        self.layer1 = self._make_layer(32, layers[0], 1, act_layer, norm_layer)
        self.layer2 = self._make_layer(64, layers[1], 2, act_layer, norm_layer)
        self.fc = nn.Linear(64, num_classes)

    def _make_layer(self, planes, blocks, stride, act_layer, norm_layer):
        downsample = None
        if stride != 1 or self.inplanes != planes:
            downsample = nn.Sequential(
                nn.Conv2d(self.inplanes, planes, 1, stride=stride, bias=False),
                norm_layer(planes),
            )
        layers = [BasicBlock(self.inplanes, planes, stride, downsample, act_layer=act_layer, norm_layer=norm_layer)]
        self.inplanes = planes
        for _ in range(1, blocks):
            layers.append(BasicBlock(self.inplanes, planes, act_layer=act_layer, norm_layer=norm_layer))
        return nn.Sequential(*layers)

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv1(x)
        x = self.bn1(x)
        x = self.act1(x)
        x = self.layer1(x)
        x = self.layer2(x)
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.forward_features(x)
        x = x.mean((2, 3))
        if self.drop_rate:
            x = F.dropout(x, p=self.drop_rate, training=self.training)
        return self.fc(x)


def resnet10(**kwargs):
    return ResNet([1, 1], **kwargs)
