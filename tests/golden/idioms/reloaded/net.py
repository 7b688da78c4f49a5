import torch.nn as nn


class Block(nn.Module):
    """Attention and feed-forward side by side, as in GPT-J and ViT-22B."""

    def __init__(self, width):
        super().__init__()
        self.mix = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.feed = nn.Sequential(nn.Conv2d(width, 2 * width, 1), nn.GELU(), nn.Conv2d(2 * width, width, 1))

    def forward(self, x):
        return x + self.mix(x) + self.feed(x)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.left = nn.Conv2d(width, width, 1)
        self.right = nn.Conv2d(width, width, 3, padding=1)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(2)])

    def forward(self, x):
        x = self.stem(x)
        return self.blocks(self.left(x) + self.right(x))
