"""A branch is run by an autograd function of the file's own, which keeps no activations."""

import torch
import torch.nn as nn


class Frugal(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, branch):
        ctx.save_for_backward(x)
        ctx.branch = branch
        with torch.no_grad():
            return branch(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            y = ctx.branch(x)
        y.backward(grad)
        return x.grad, None


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.norm = nn.BatchNorm2d(width)
        self.branch = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU())
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.act(self.norm(self.stem(x)))
        return x + Frugal.apply(x, self.branch)
