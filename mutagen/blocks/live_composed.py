"""A composition as a live module for the reference: parts run by one general class, not by the text that is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

from mutagen.blocks.compose import SELECT, is_auto_norm, part_names
from mutagen.blocks.groups import num_groups
from mutagen.errors import RuleError
from mutagen.load.layers import CHANNELS, arguments_of, bare, layer
from mutagen.records.blocks import BODY, Composed, Part
from mutagen.records.rules import Value

Make = Callable[[str, Mapping[str, Value], int], nn.Module]
"""Makes the block of a name, with arguments of a rule, for a number of channels."""


class Composition(nn.Module):
    """Parts one behind the other, or side by side and brought together."""

    def __init__(self, composed: Composed, channels: int, rank: int, make: Make) -> None:
        super().__init__()
        self.names = part_names(composed)
        self.way, self.identity, self.wraps = composed.fuse, composed.identity, composed.wraps
        for name, part in zip(self.names, composed.parts, strict=True):
            if part.what != BODY:
                self.add_module(name, _part(part, channels, make))
        count, conv = len(self.names), {3: nn.Conv1d, 4: nn.Conv2d, 5: nn.Conv3d}[rank]
        if self.way == "concat-conv1x1":
            self.fuse = conv(count * channels, channels, 1)
        elif self.way == "gate":
            self.gate = conv(channels, count, 1)
        elif self.way == "select":
            hidden = max(channels // SELECT[0], SELECT[1])
            self.squeeze, self.select = conv(channels, hidden, 1), conv(hidden, count * channels, 1)
        if self.identity:
            self.gamma = nn.Parameter(torch.zeros(()))

    @property
    def prepares(self) -> bool:
        """Whether parts stand in front of the matched module."""
        return self.wraps and self.way is None and self.names[0] != BODY

    def prepare(self, x: torch.Tensor) -> torch.Tensor:
        """What the matched module is given."""
        return self._passed(x, self.names[: self.names.index(BODY)])

    def finish(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The result, where the matched module made ``y`` of ``x``, or of what ``prepare`` made of it."""
        behind = self.names[self.names.index(BODY) + 1 :]
        if not self.identity:
            return self._passed(y, behind) if self.way is None else self._joined(x, y)
        if self.way is None:
            return y + self.gamma * self._passed(y, behind)
        others = [self.get_submodule(name)(x) for name in self.names if name != BODY]
        return torch.as_tensor(y + self.gamma * sum(others[1:], others[0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The result for one tensor."""
        y = self._passed(x, self.names) if self.way is None else self._joined(x, None)
        return x + self.gamma * y if self.identity else y

    def _passed(self, x: torch.Tensor, names: Sequence[str]) -> torch.Tensor:
        for name in names:
            x = torch.as_tensor(self.get_submodule(name)(x))
        return x

    def _joined(self, x: torch.Tensor, body: torch.Tensor | None) -> torch.Tensor:
        branches = [
            body if name == BODY and body is not None else torch.as_tensor(self.get_submodule(name)(x))
            for name in self.names
        ]
        if self.way == "concat-conv1x1":
            return torch.as_tensor(self.fuse(torch.cat(branches, dim=1)))
        if self.way == "select":
            return self._selected(torch.stack(branches, dim=1))
        if self.way == "gate":
            gates = torch.sigmoid(self.gate(x)).chunk(len(branches), dim=1)
            branches = [gate * branch for gate, branch in zip(gates, branches, strict=True)]
        total = branches[0]
        for branch in branches[1:]:
            total = total + branch
        return total

    def _selected(self, branches: torch.Tensor) -> torch.Tensor:
        """The branches, on axis 1, weighed for each channel by a softmax over them."""
        mean = branches.sum(dim=1).mean(tuple(range(2, branches.dim() - 1)), keepdim=True)
        weights = torch.as_tensor(self.select(torch.relu(self.squeeze(mean))))
        shape = (*branches.shape[:3], *weights.shape[2:])
        return torch.mul(weights.reshape(shape).softmax(dim=1), branches).sum(dim=1)


def _part(part: Part, channels: int, make: Make) -> nn.Module:
    if layer(part.what) is None:
        return make(part.what, part.args, channels)
    if is_auto_norm(part):
        others = {name: value for name, value in part.args.items() if name != "num_groups"}
        return nn.GroupNorm(num_groups(channels), channels, **others)  # type: ignore[arg-type]
    found = arguments_of(part.what, part.args)
    if isinstance(found, str):
        raise RuleError("R145", found)
    leading, rest = found
    made: nn.Module = getattr(nn, bare(part.what))(
        *(_value(it, channels) for it in leading), **{name: _value(it, channels) for name, it in rest.items()}
    )
    return made


def _value(value: Value, channels: int) -> Value:
    return channels if value == CHANNELS else value
