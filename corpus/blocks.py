"""The catalogue's blocks, written a second time from their formulas and from the tensors found in the edited model.

Nothing here is read from the templates: a fault there must show as a difference. A tensor's role follows from its
shape where that is enough, else from its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2

import torch
from torch import Tensor, nn
from torch.nn import functional

Weights = Mapping[str, Tensor]


class Unfit(Exception):
    """The edited model's block does not have the tensors that the rule's block has."""


class Separable(nn.Module):
    """Each channel convolved alone, then mixed by a 1x1 convolution that carries the bias."""

    def __init__(self, conv: nn.Conv2d, weights: Weights) -> None:
        super().__init__()
        self.conv = conv
        shape = (conv.in_channels, 1, *conv.kernel_size)
        left = dict(weights)
        self.depthwise = nn.Parameter(_take(left, shape), requires_grad=False)
        self.pointwise = nn.Parameter(_take(left, (conv.out_channels, conv.in_channels, 1, 1)), requires_grad=False)
        bias = _take(left, (conv.out_channels,)) if conv.bias is not None else None
        self.bias = nn.Parameter(bias, requires_grad=False) if bias is not None else None
        _none_left(left)

    def forward(self, x: Tensor) -> Tensor:
        conv, padding = self.conv, self.conv.padding
        if conv.padding_mode != "zeros":
            x = functional.pad(x, conv._reversed_padding_repeated_twice, mode=conv.padding_mode)
            padding = (0, 0)
        x = functional.conv2d(x, self.depthwise, None, conv.stride, padding, conv.dilation, conv.in_channels)
        return functional.conv2d(x, self.pointwise, self.bias)


class Groups(nn.Module):
    """Normalisation over groups of channels: as many as divide C, at most 32, at least two channels in each."""

    def __init__(self, norm: nn.BatchNorm2d, weights: Weights) -> None:
        super().__init__()
        channels = norm.num_features
        self.count = max([n for n in range(2, 33) if channels % n == 0 and channels // n >= 2], default=1)
        self.eps = norm.eps
        expected = {"weight", "bias"} if norm.affine else set()
        names = {name.rpartition(".")[2]: tensor for name, tensor in weights.items()}
        if set(names) != expected or any(tensor.shape != (channels,) for tensor in names.values()):
            raise Unfit(f"a norm of {channels} channels with tensors {_listed(weights)}")
        self.scale, self.shift = names.get("weight"), names.get("bias")

    def forward(self, x: Tensor) -> Tensor:
        grouped = x.reshape(x.shape[0], self.count, -1)
        mean = grouped.mean(-1, keepdim=True)
        variance = (grouped - mean).square().mean(-1, keepdim=True)
        y = ((grouped - mean) / (variance + self.eps).sqrt()).reshape(x.shape)
        if self.scale is None or self.shift is None:
            return y
        shape = (1, -1) + (1,) * (x.dim() - 2)
        return y * self.scale.view(shape) + self.shift.view(shape)


class ChannelAttention(nn.Module):
    """x * sigmoid(mean over space, convolved along the channels with an odd kernel that grows with log2 C)."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        if len(weights) != 1:
            raise Unfit(f"one kernel was expected, not {_listed(weights)}")
        self.kernel = next(iter(weights.values())).flatten()

    def forward(self, x: Tensor) -> Tensor:
        channels, size = x.shape[1], len(self.kernel)
        t = int(abs((log2(channels) + 1) / 2))
        if size != max(t + 1 - t % 2, 3):
            raise Unfit(f"a kernel of {size} for {channels} channels")
        means = functional.pad(x.mean(tuple(range(2, x.dim()))), (size // 2, size // 2))
        gate = sum(self.kernel[i] * means[:, i : i + channels] for i in range(size))
        return x * torch.as_tensor(gate).sigmoid().reshape(x.shape[:2] + (1,) * (x.dim() - 2))


class Factor(nn.Module):
    """One learned number times x."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        if len(weights) != 1 or next(iter(weights.values())).numel() != 1:
            raise Unfit(f"one number was expected, not {_listed(weights)}")
        self.factor = next(iter(weights.values())).reshape(())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


class SkipGate(nn.Module):
    """x * (1 + gamma * (2 a - 1)), a = sigmoid(psi relu(norm W_x x + norm W_g g)), g resized to x."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        expected = {"w_x.weight", "w_g.weight", "psi.weight", "psi.bias", "gamma"} | {
            f"norm_{side}.{name}" for side in "xg" for name in ("weight", "bias", "running_mean", "running_var")
        }
        given = {name: tensor for name, tensor in weights.items() if not name.endswith("num_batches_tracked")}
        if set(given) != expected or given["gamma"].numel() != 1:
            raise Unfit(f"an attention gate with tensors {_listed(weights)}")
        self.weights = given

    def forward(self, x: Tensor, g: Tensor) -> Tensor:
        own = self.weights
        if own["w_x.weight"].shape[:2] != (max(x.shape[1] // 2, 8), x.shape[1]):
            raise Unfit(f"a gate of {tuple(own['w_x.weight'].shape)} for {x.shape[1]} channels")
        left = self._norm(torch.einsum("oi,bihw->bohw", own["w_x.weight"].flatten(1), x), "x")
        right = self._norm(torch.einsum("oi,bihw->bohw", own["w_g.weight"].flatten(1), g), "g")
        hidden = (left + functional.interpolate(right, size=x.shape[2:], mode="bilinear")).clamp(min=0)
        a = (torch.einsum("oi,bihw->bohw", own["psi.weight"].flatten(1), hidden) + own["psi.bias"]).sigmoid()
        return x * (1 + own["gamma"] * (2 * a - 1))

    def _norm(self, x: Tensor, side: str) -> Tensor:
        own = {name: self.weights[f"norm_{side}.{name}"] for name in ("weight", "bias", "running_mean", "running_var")}
        mean = x.mean((0, 2, 3)) if self.training else own["running_mean"]
        var = x.var((0, 2, 3), unbiased=False) if self.training else own["running_var"]
        shape = (1, -1, 1, 1)
        y = (x - mean.view(shape)) / (var.view(shape) + 1e-5).sqrt()
        return y * own["weight"].view(shape) + own["bias"].view(shape)


def _take(left: dict[str, Tensor], shape: tuple[int, ...]) -> Tensor:
    for name, tensor in left.items():
        if tuple(tensor.shape) == shape:
            return left.pop(name).clone()
    raise Unfit(f"no tensor of shape {shape} among {_listed(left)}")


def _none_left(left: Weights) -> None:
    if left:
        raise Unfit(f"more tensors than expected: {_listed(left)}")


def _listed(weights: Weights) -> str:
    return ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in weights.items()) or "none"
