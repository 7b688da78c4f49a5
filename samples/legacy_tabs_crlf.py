# -*- coding: utf-8 -*-
import torch
import torch.nn as nn
import torch.nn.functional as F


class ResBlock(nn.Module):
	"""残差块：两层卷积加一条直连"""
	def __init__(self, inch, outch, stride = 1):
		super(ResBlock, self).__init__()
		"""主支路""" ; self.conv1 = nn.Conv2d(inch, outch, 3, stride, 1, bias = False)	# 第一层卷积
		"""归一化""" ; self.bn1 = nn.BatchNorm2d(outch)
		self.conv2 = nn.Conv2d(outch, outch, 3, 1, 1, bias = False)	# 第二层卷积，步长恒为 1
		self.bn2 = nn.BatchNorm2d(outch)
		self.short = None
		if stride != 1 or inch != outch:
			self.short = nn.Sequential(
				nn.Conv2d(inch, outch, 1, stride, bias = False),	# 通道对齐
				nn.BatchNorm2d(outch)
			)

	def forward(self, x):
		名 = '中间结果' ; y = F.relu(self.bn1(self.conv1(x)), inplace = True)
		y = self.bn2(self.conv2(y))
		s = x if self.short is None else self.short(x)
		return F.relu(y + s)	# 先相加，再激活


class Encoder(nn.Module):
	def __init__(self, ch = 16):
		super(Encoder, self).__init__()
		self.stem = nn.Conv2d(3, ch, 3, 1, 1)
		self.stage1 = ResBlock(ch, ch)
		self.stage2 = ResBlock(ch, ch * 2, 2)	# 下采样
		self.stage3 = ResBlock(ch * 2, ch * 4, 2)

	def forward(self, x):
		x = F.relu(self.stem(x))
		f1 = self.stage1(x)
		f2 = self.stage2(f1)
		f3 = self.stage3(f2)
		return f1, f2, f3


class SegNet(nn.Module):
	"""用于分割的小网络"""
	def __init__(self, ch = 16, classes = 2):
		super(SegNet, self).__init__()
		self.enc = Encoder(ch)
		# 解码器
		self.dec2 = nn.Conv2d(ch * 6, ch * 2, 3, 1, 1)
		self.dec1 = nn.Conv2d(ch * 3, ch, 3, 1, 1)
		self.out = nn.Conv2d(ch, classes, 1)

	def forward(self, x):
		f1, f2, f3 = self.enc(x)
		u = F.interpolate(f3, size = f2.shape[2:], mode = 'bilinear', align_corners = False)
		u = F.relu(self.dec2(torch.cat([u, f2], 1)))	# 拼接跳跃连接
		u = F.interpolate(u, size = f1.shape[2:], mode = 'bilinear', align_corners = False)
		u = F.relu(self.dec1(torch.cat([u, f1], 1)))
		return self.out(u)


def get_model():
	return SegNet()	# 默认参数