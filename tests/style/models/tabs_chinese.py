# -*- coding: utf-8 -*-
# 作者自用的小型残差网络
import torch
import torch.nn as nn
import torch.nn.functional as F


# 基本残差块
class ResBlock(nn.Module):
	def __init__(self, 输入, 输出, stride=1):
		super(ResBlock, self).__init__()
		# 左边: 两个卷积
		self.left = nn.Sequential(
			nn.Conv2d(输入, 输出, 3, stride, 1, bias=False),	# 第一个卷积
			nn.BatchNorm2d(输出),
			nn.ReLU(inplace=True),
			nn.Conv2d(输出, 输出, 3, 1, 1, bias=False),
			nn.BatchNorm2d(输出),
		)
		# 右边: 捷径
		self.shortcut = nn.Sequential()
		if stride != 1 or 输入 != 输出:
			self.shortcut = nn.Sequential(
				nn.Conv2d(输入, 输出, 1, stride, bias=False),
				nn.BatchNorm2d(输出),
			)

	def forward(self, x):
		out = self.left(x)	# 主干
		out += self.shortcut(x)	# 相加
		return F.relu(out)	# 激活


class 网络(nn.Module):
	def __init__(self, 类别=10):
		super(网络, self).__init__()
		self.stem = nn.Conv2d(3, 16, 3, 1, 1)
		self.body = nn.Sequential(ResBlock(16, 16), ResBlock(16, 32, 2))
		self.fc = nn.Linear(32, 类别)

	def forward(self, x):
		x = F.relu(self.stem(x), inplace=True)
		x = self.body(x)
		x = F.adaptive_avg_pool2d(x, 1).flatten(1)
		return self.fc(x)


def get_net():
	return 网络(类别=10)
