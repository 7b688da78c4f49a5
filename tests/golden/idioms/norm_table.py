import torch.nn as nn

norms = dict(
    batch=nn.BatchNorm2d,
    instance=nn.InstanceNorm2d
)
acts = {
    'relu': nn.ReLU,  # the usual one
    'silu': nn.SiLU,
}


class Block(nn.Module):
    def __init__(self, width, norm, act):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = norms[norm](width, momentum=0.05)
        self.act = acts[act](inplace=True)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.block1 = Block(width, norm='batch', act='relu')
        self.block2 = Block(width, norm='batch', act='relu')

    def forward(self, x):
        return self.block2(self.block1(self.stem(x)))
