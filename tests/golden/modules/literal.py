import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, width, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(
                width,
                width * 2,
                kernel_size=3,
                padding=(1, 1),
            ),
            nn.ReLU(inplace=True),
            nn.Conv2d(width * 2, width * 2, 3, 1, 1),
        )
        self.head = nn.Conv2d(width * 2, 4, 1)

    def forward(self, x):
        return self.head(self.features(x))
