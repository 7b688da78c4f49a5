"""
Helpers of a paper's repository.

Copyright (c) 2021 Somebody. All rights reserved.
"""

from torch import nn


def conv1x1(channels, groups=1):
    return nn.Conv2d(channels, channels, 1, groups=groups, bias=False)
