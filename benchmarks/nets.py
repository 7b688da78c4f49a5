"""The models of the benchmarks, copied from the samples or made up."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import ROOT

SAMPLES = ROOT / "samples"

CHAIN = """\
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 1)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self, blocks, width=4):
        super().__init__()
        self.blocks = nn.Sequential(*[Block(width) for _ in range(blocks)])

    def forward(self, x):
        return self.blocks(x)
"""
"""A chain of blocks with four modules each, as long as one likes."""


@dataclass(frozen=True)
class Net:
    """A model: the file or package that is copied, the file to change in it, how it is built and run."""

    name: str
    source: Path
    file: str
    call: str
    shape: str
    rule: str

    def copy(self, folder: Path, name: str) -> Path:
        """The file to change, in a copy called ``name``."""
        if self.source.is_dir():
            shutil.copytree(self.source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            return folder / name / self.file
        shutil.copy(self.source, folder / f"{name}.py")
        return folder / f"{name}.py"

    @property
    def flags(self) -> tuple[str, ...]:
        """How mutagen is told."""
        return ("--model", self.call, "--input", self.shape)

    def floor(self, folder: Path, names: tuple[str, ...]) -> str:
        """A program that imports torch, builds and runs the model of each of the copies once."""
        inside = f".{Path(self.file).stem}" if self.source.is_dir() else ""
        shape = tuple(int(size) for size in self.shape.split("x"))
        return f"""
import importlib, sys
import torch
sys.path.insert(0, {str(folder)!r})
for name in {names!r}:
    module = importlib.import_module(name + {inside!r})
    with torch.no_grad():
        eval({self.call!r}, vars(module)).eval()(torch.randn({shape}))
"""


RESNET18 = Net(
    "ResNet-18",
    SAMPLES / "resnet_torchvision_style.py",
    "",
    "resnet18()",
    "1x3x224x224",
    "eca-after-blocks",
)
RESNET18_DSC = Net(
    "ResNet-18",
    SAMPLES / "resnet_torchvision_style.py",
    "",
    "resnet18()",
    "1x3x224x224",
    "conv-to-dsc",
)
UNET = Net("U-Net", SAMPLES / "unet", "unet_model.py", "UNet(3, 2)", "1x3x128x128", "conv-to-dsc")
THOUSAND = Net(
    "1,000 modules",
    SAMPLES / "resnet_cifar.py",
    "",
    "ResNet(BasicBlock, [55, 55, 55])",
    "1x3x32x32",
    "relu-to-gelu",
)
"""A residual net of 332 layers."""
