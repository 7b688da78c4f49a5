import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(
        self,
        *,
        in_channels: int = 3,
        hidden_channels: int = 32,
        out_channels: int = 64,
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(
            in_channels=in_channels,
            out_channels=hidden_channels,
            kernel_size=3,
            padding=1,
        )
        self.middle = nn.Sequential(
            nn.Conv2d(
                in_channels=hidden_channels,
                out_channels=hidden_channels,
                kernel_size=(3, 3),
                stride=(2, 2),
                padding=(1, 1),
                bias=False,
            ),
            nn.BatchNorm2d(
                num_features=hidden_channels,
                eps=1e-3,
                momentum=0.01,
            ),
            nn.ReLU(
                inplace=True,
            ),
        )
        self.project = nn.Conv2d(
            in_channels=hidden_channels,
            out_channels=out_channels,
            kernel_size=3,
            padding="same",
            padding_mode="reflect",
        )

    def forward(
        self,
        x: torch.Tensor,
    ) -> torch.Tensor:
        x = self.stem(x)
        x = self.middle(x)
        return self.project(x)
