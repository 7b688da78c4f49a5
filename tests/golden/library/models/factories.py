"""Networks whose classes live in an installed package."""

import torch
from blockzoo import ResNet, blocks
from blockzoo.blocks import Bottleneck


def resnet10(weights=None, **kwargs):
    model = ResNet(blocks.BasicBlock, [1, 1], **kwargs)
    if weights is not None:
        model.load_state_dict(torch.load(weights))
    return model


def resnet14(**kwargs):
    return ResNet(Bottleneck, [1, 2], **kwargs)


def scaled10(**kwargs):
    return ResNet(blocks.ScaledBlock, [1, 2], **kwargs)
