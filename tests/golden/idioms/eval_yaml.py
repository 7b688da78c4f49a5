"""Layers come from a table of strings, as in detection models that are written in YAML."""

import torch
import torch.nn as nn

SPEC = """
# from, number, module, args
-1, 1, ConvUnit, 16, 3
-1, 2, ConvUnit, 16, 3
-1, 1, nn.ReLU,
[-1, 1], 1, Concat, 1
-1, 1, ConvUnit, 32, 1
"""


class ConvUnit(nn.Module):
    def __init__(self, inp, oup, k=1):
        super().__init__()
        self.conv = nn.Conv2d(inp, oup, k, padding=k // 2, bias=False)
        self.bn = nn.BatchNorm2d(oup)
        self.act = nn.SiLU()

    def forward(self, x):
        return x + self.act(self.bn(self.conv(x))) if self.conv.in_channels == self.conv.out_channels else self.bn(self.conv(x))


class Concat(nn.Module):
    def __init__(self, dimension=1):
        super().__init__()
        self.d = dimension

    def forward(self, x):
        return torch.cat(x, self.d)


def parse_model(text, ch):
    layers, save, channels = [], [], [ch]
    rows = [line.replace("[-1, 1]", "-1;1").split(",") for line in text.split("\n") if line and line[0] != "#"]
    for i, (f, n, m, *args) in enumerate(rows):
        f = [int(x) for x in f.split(";")]
        args = [eval(a) for a in args if a.strip()]
        name, m = m.strip(), eval(m.strip())
        if m is ConvUnit:
            args = [channels[-1], *args]
            c2 = args[1]
        else:
            c2 = sum(channels[x] if x < 0 else channels[x + 1] for x in f)
        made = [m(*args)]
        for _ in range(int(n) - 1):
            made.append(m(*[c2, *args[1:]]))
        m_ = nn.Sequential(*made) if len(made) > 1 else made[0]
        m_.i, m_.f, m_.type = i, f, name
        layers.append(m_)
        channels.append(c2)
        save.extend(x for x in f if x != -1)
    return nn.Sequential(*layers), save


class Net(nn.Module):
    def __init__(self, spec=SPEC):
        super().__init__()
        self.model, self.save = parse_model(spec, 3)

    def forward(self, x):
        y = []
        for m in self.model:
            if m.f != [-1]:
                x = [x if j == -1 else y[j] for j in m.f]
            x = m(x)
            y.append(x if m.i in self.save else None)
        return x
