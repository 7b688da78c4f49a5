import torch.nn as nn


class Unit(nn.Sequential):
    def __init__(self, inp, oup, norm_layer, act_layer):
        super().__init__(nn.Conv2d(inp, oup, 3, padding=1, bias=False), norm_layer(oup), act_layer(inplace=True))


class Builder:
    def __init__(self, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d):
        self.act_layer = act_layer
        self.norm_layer = norm_layer

    def _make(self, inp, code):
        options = {part[0]: int(part[1:]) for part in code.split("_")}
        layers = []
        for _ in range(options["r"]):
            layers.append(Unit(inp, options["c"], self.norm_layer, act_layer=self.act_layer))
            inp = options["c"]
        return layers, inp

    def __call__(self, inp, codes):
        found = []
        for code in codes:
            layers, inp = self._make(inp, code)
            found.extend(layers)
        return found


class Net(nn.Module):
    def __init__(self, codes=("r1_c16", "r2_c24"), norm_layer=nn.BatchNorm2d):
        super().__init__()
        builder = Builder(norm_layer=norm_layer)
        self.features = nn.Sequential(*builder(3, codes))

    def forward(self, x):
        return self.features(x)
