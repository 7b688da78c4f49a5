"""Blocks of a shared file that the target never names, or names for some that have nothing to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BLOCKS = """\
import torch
import torch.nn as nn


class Tokens(nn.Module):
    \"\"\"Mixes the positions of (batch, position, channel).\"\"\"

    def __init__(self, width, project=True):
        super().__init__()
        self.mix = nn.Linear(width, width)
        self.out = nn.Sequential(nn.Linear(width, width), nn.Dropout(0.1)) if project else nn.Identity()

    def forward(self, x):
        return self.out(torch.tanh(self.mix(x)))


class Attend(nn.Module):
    def __init__(self, width, project=True):
        super().__init__()
        self.norm = nn.GroupNorm(4, width)
        self.tokens = Tokens(width, project)

    def forward(self, x):
        y = self.norm(x).flatten(2).transpose(1, 2)
        y = self.tokens(y)
        y = y.transpose(1, 2).reshape(x.shape)
        return x + y


class Watched(Attend):
    def forward(self, x):
        y = self.tokens(self.norm(x).flatten(2).transpose(1, 2))
        weight = y.mean((1, 2))[:, None, None, None]
        y = y.transpose(1, 2).reshape(x.shape)
        return (x + y) * weight


class Unit(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(4, width)
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return x + self.conv(torch.relu(self.norm(x)))


class Scaled(Unit):
    def forward(self, x):
        return x + 0.5 * self.conv(torch.relu(self.norm(x)))


class ConvUnit(nn.Module):
    def __init__(self, wide, width):
        super().__init__()
        self.conv = nn.Conv2d(wide, width, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.conv(x))


class Double(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        x = x + 0.5 * self.first(x)
        return x + 0.5 * self.second(x)


class Up(nn.Module):
    def __init__(self, mode, wide, side, width, act=nn.SiLU):
        super().__init__()
        self.mode, self.side = mode, side
        self.up = nn.ConvTranspose2d(wide, wide // 2, 2, stride=2)
        self.conv = nn.Conv2d(wide // 2 + side, width, 3, padding=1)
        self.act = act()

    def forward(self, x, skip=None):
        y = self.up(x)
        if skip is not None:
            y = nn.functional.pad(y, (0, skip.shape[3] - y.shape[3], 0, skip.shape[2] - y.shape[2]))
            y = torch.cat([skip, y], dim=1)
        elif self.side:
            y = nn.functional.pad(y, (0, 0, 0, 0, 0, self.side))
        return self.act(self.conv(y))


class Encoder(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList([])
        for n in range(depth):
            feed = nn.Sequential(nn.Linear(width, width), nn.GELU())
            self.layers.append(nn.ModuleList([Tokens(width, n > 0), Feed(feed)]))

    def forward(self, x):
        for tokens, feed in self.layers:
            x = tokens(x) + x
            x = feed(x) + x
        return x


class Feed(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)


class Ladder(nn.Module):
    \"\"\"Down, up again, and what was there joined to it.\"\"\"

    def __init__(self, down, up):
        super().__init__()
        self.down = down
        self.up = up

    def forward(self, x):
        return self.up(self.down(x), x)


def doubles(width):
    return nn.Sequential(Double(width), Double(width))


def stage(width, depth, kind=Attend):
    return nn.Sequential(*[it for n in range(depth) for it in (Unit(width), kind(width, n > 0))])
"""
OTHER = """\
from .blocks import ConvUnit, Encoder, Ladder, Scaled, Up, doubles, stage


def make():
    return stage(8, 1)
"""
STAGES = """\
import torch.nn as nn

from .blocks import Watched, doubles, stage


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.stages = nn.Sequential(STAGES)
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        return self.head(self.stages(self.stem(x)).mean((2, 3)))
"""
LADDER = """\
import torch.nn as nn

from .blocks import Ladder, Up


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.down = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(width, 2 * width, 1))
        self.up = Up("deconv", 2 * width, width, width)
        self.ladder = Ladder(self.down, self.up)
        self.head = nn.Conv2d(width, 5, 1)

    def forward(self, x):
        return self.head(self.ladder(self.stem(x)))
"""
ENCODER = """\
import torch.nn as nn

from .blocks import Encoder


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 4, stride=4)
        self.encoders = nn.Sequential(Encoder(width, 1), Encoder(width, 2))
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        return self.head(self.encoders(self.stem(x).flatten(2).transpose(1, 2)).mean(1))
"""
DECODER = """\
import torch.nn as nn

from .blocks import Up


class Net(nn.Module):
    def __init__(self, widths=(12, 24, 48)):
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 2, stride=2)
        self.downs = nn.ModuleList([nn.Conv2d(a, b, 2, stride=2) for a, b in zip(widths, widths[1:])])
        self.thin = nn.ModuleList([nn.Conv2d(it, it // 2, 1) for it in widths[:-1]])
        sides = [12, 6, LAST]
        self.ups = nn.ModuleList([Up("deconv", wide, side, wide // 2) for wide, side in zip(widths[::-1], sides)])
        self.head = nn.Conv2d(widths[0] // 2, 5, 1)

    def forward(self, x):
        skips = []
        x = self.stem(x)
        for down, thin in zip(self.downs, self.thin):
            skips.append(thin(x))
            x = down(x)
        for number, up in enumerate(self.ups):
            x = up(x, skips.pop() if number < len(self.downs) else None)
        return self.head(x)
"""
KINDS = """\
import torch.nn as nn

from .blocks import Scaled, Unit


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.units = nn.Sequential(Unit(width), *[Scaled(width) for name in "abc"])
        self.head = nn.Conv2d(width, 5, 1)

    def forward(self, x):
        return self.head(self.units(self.stem(x)))
"""
SOME = """\
version: 1
rules:
  - id: some
    match: {edge: residual, path: units.1}
    insert: {block: ECA, at: branch}
"""
CHAIN = """\
import torch.nn as nn

from .blocks import ConvUnit


class Net(nn.Sequential):
    def __init__(self, width=16, depth=2):
        super().__init__()
        self.add_module("stem", ConvUnit(3, width))
        for n in range(depth):
            self.add_module(f"{n}", ConvUnit(width, width))
"""
BEHIND = """\
version: 1
rules:
  - id: behind
    match: {path: "1.conv"}
    insert: {block: ECA, at: after}
"""
SHAPE = ("1x3x16x16",)
CASES = {
    "gates-behind-shapes": (STAGES.replace("STAGES", "stage(width, 2), stage(width, 1)"), "gated-residuals"),
    "blocks-that-end-otherwise": (ENCODER, "gated-residuals"),
    "convs-of-shared-blocks": (LADDER, "conv-to-dsc"),
    "skips-of-shared-blocks": (LADDER, "gated-skips"),
    "tokens-read-elsewhere": (STAGES.replace("STAGES", "stage(width, 2, Watched)"), "gated-residuals"),
    "blocks-of-another-class": (STAGES.replace("STAGES", "stage(width, 2)"), "eca-after-blocks"),
    "one-of-another-class": (KINDS, SOME),
    "a-number-that-is-a-name": (CHAIN, BEHIND),
    "some-turns": (KINDS.replace('name in "abc"', "number in range(3)"), SOME),
    "idle-instances": (DECODER.replace("LAST", "0"), "gated-skips"),
}
BARRED = {
    "two joins in a class": (STAGES.replace("STAGES", "doubles(width)"), "eca-after-blocks"),
    "a convolution that two hold": (
        LADDER.replace("self.head", "self.again = self.up.conv\n        self.head", 1),
        "conv-to-dsc",
    ),
    "an idle one that has channels": (DECODER.replace("LAST", "4"), "gated-skips"),
}


def write(bench: Any, net: str) -> Any:
    bench.write("pkg/__init__.py", "")
    bench.write("pkg/blocks.py", BLOCKS)
    bench.write("pkg/other.py", OTHER)
    return bench.write("pkg/net.py", net)


def rules_of(bench: Any, rule: str) -> str:
    """The name of a shipped rule, or a file with the text of one of our own."""
    if "\n" not in rule:
        return rule
    file = bench.folder / "rules.yaml"
    file.write_text(rule)
    return str(file)


@pytest.mark.parametrize("name", CASES)
def test_the_edit_is_in_the_target(bench: Any, name: str) -> None:
    net, rule = CASES[name]
    path = write(bench, net)
    rules = rules_of(bench, rule)
    report = bench.run(rules, path, "Net", SHAPE)
    bench.check_applied(report, f"two-levels-{name}--{report.plan.rules[0].rule}")
    assert [it.path for it in report.files] == [str(path)]
    assert bench.run(rules, path, "Net", SHAPE).status == "unchanged"


@pytest.mark.parametrize("name", BARRED)
def test_what_stays_refused(bench: Any, name: str) -> None:
    net, rule = BARRED[name]
    report = bench.run(rules_of(bench, rule), write(bench, net), "Net", SHAPE)
    assert report.status == "refused"
    assert {it.code for it in report.plan.rules[0].refused} == {"out-of-scope"}
    bench.check_untouched()


def test_every_patch_has_a_case() -> None:
    stored = {
        it.name.split("--")[0].removeprefix("two-levels-")
        for it in (Path(__file__).parent / "patches").glob("two-levels-*")
    }
    assert stored == set(CASES)
