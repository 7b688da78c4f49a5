"""What a file could mean by its model."""

import textwrap
from pathlib import Path

import pytest

from mutagen.errors import TargetError
from mutagen.load.candidates import Candidate, choose_model, model_candidates
from mutagen.records.target import Call

SAMPLES = Path(__file__).parents[2] / "samples"


def found(source):
    return model_candidates(textwrap.dedent(source).encode(), "net.py")


def names(source):
    return [each.name for each in found(source)]


@pytest.mark.parametrize(
    "head",
    [
        "import torch.nn as nn\nclass Net(nn.Module):",
        "import torch\nclass Net(torch.nn.Module):",
        "from torch import nn\nclass Net(nn.Module):",
        "from torch.nn import Module\nclass Net(Module):",
        "from torch.nn import Module as M\nclass Net(M):",
        "from torch import nn\nclass Net(nn.Sequential):",
        "from lightning import LightningModule\nclass Net(LightningModule):",
        "from .base import Base\nclass Net(Base):",
        "from typing import Generic\nfrom torch import nn\nclass Net(nn.Module, Generic[T]):",
    ],
)
def test_ways_to_be_a_module(head):
    assert names(f"{head}\n    def forward(self, x):\n        return x\n") == ["Net"]


@pytest.mark.parametrize(
    "source",
    [
        "class Net:\n    def forward(self, x):\n        return x\n",
        "from torch.utils.data import Dataset\nclass Net(Dataset):\n    pass\n",
        "from torch import nn\nclass Net(nn.Parameter):\n    pass\n",
        "from enum import Enum\nclass Kind(Enum):\n    A = 1\n",
        "def f():\n    from torch import nn\n    class Net(nn.Module):\n        def forward(self, x): return x\n",
        "x = 1\n",
        "from torch import nn\nclass Base(nn.Module):\n    pass\n",
    ],
)
def test_what_is_none(source):
    assert names(source) == []


def test_parts_are_not_candidates():
    assert found("""
        from torch import nn

        class Block(nn.Module):
            def __init__(self, planes, stride=1):
                super(Block, self).__init__()
            def forward(self, x): return x

        class Stem(nn.Module):
            def forward(self, x): return x

        class ResNet(nn.Module):
            def __init__(self, block, layers, *, width, classes=10, **rest):
                super(ResNet, self).__init__()
                self.stem = Stem()
            def forward(self, x): return x

        def _resnet(block, layers):
            return ResNet(block, layers, width=1)

        def resnet18(pretrained=False):
            model = _resnet(Block, [2, 2])
            return model

        def resnet(depth):
            return _resnet(Block, [depth]).eval()

        def main():
            print(resnet18())
    """) == (
        Candidate("resnet18", "factory", (), 21),
        Candidate("ResNet", "class", ("block", "layers", "width"), 12),
        Candidate("resnet", "factory", ("depth",), 25),
    )


def test_subclasses_of_local_modules():
    assert found("""
        from torch import nn

        class Net(nn.Module):
            def __init__(self, width):
                super().__init__()
            def forward(self, x): return x

        class Wide(Net):
            pass

        class Ready(Net):
            def __init__(self):
                super().__init__(3)
    """) == (
        Candidate("Ready", "class", (), 12),
        Candidate("Net", "class", ("width",), 4),
        Candidate("Wide", "class", ("width",), 9),
    )


def test_classes_under_conditions_count():
    assert names("""
        from torch import nn
        try:
            import apex
        except ImportError:
            class Net(nn.Module):
                def forward(self, x): return x
    """) == ["Net"]


def test_annotated_factory_and_losses_and_private_names():
    assert names("""
        from torch import nn

        class FocalLoss(nn.Module):
            def forward(self, x, y): return x

        class _Helper(nn.Module):
            def forward(self, x): return x

        def build() -> nn.Module:
            return registry["unet"]
    """) == ["build"]
    assert names("from torch import nn\nclass _Net(nn.Module):\n    def forward(self, x): return x\n") == ["_Net"]


def test_syntax_error():
    with pytest.raises(TargetError) as caught:
        model_candidates(b"class (", "net.py")
    assert caught.value.place.line == 1


@pytest.mark.parametrize(
    ("sample", "callee"),
    [
        ("unet/unet_model.py", "UNet"),
        ("mobilenet_like.py", "MobileNet"),
        ("vit_small.py", "VisionTransformer"),
        ("latin1_cookie.py", "Reseau"),
    ],
)
def test_samples_choose_themselves(sample, callee):
    file = str(SAMPLES / sample)
    assert choose_model(model_candidates(Path(file).read_bytes(), file), file) == Call(callee)


def test_only_class_wins_over_factories():
    chosen = choose_model((Candidate("Net", "class", (), 1), Candidate("net", "factory", (), 9)), "net.py")
    assert chosen == Call("Net")


def test_only_factory_wins_where_classes_do_not_decide():
    several = (Candidate("A", "class", (), 1), Candidate("B", "class", (), 2), Candidate("build", "factory", (), 9))
    assert choose_model(several, "net.py") == Call("build")
    assert choose_model((Candidate("A", "class", ("n",), 1), several[2]), "net.py") == Call("build")


@pytest.mark.parametrize(
    ("candidates", "code", "hint", "detail"),
    [
        ((), "T040", "name what builds it: --model 'package.Model(3)'", ""),
        (
            (Candidate("UNet", "class", ("channels", "classes"), 7),),
            "T041",
            "pass --model 'UNet(channels=..., classes=...)' with values for ...",
            "--model 'UNet(channels=..., classes=...)'  line 7",
        ),
        (
            (Candidate("resnet18", "factory", (), 5), Candidate("resnet152", "factory", (), 8)),
            "T042",
            "pass --model 'resnet18()'",
            "--model 'resnet18()'   line 5\n--model 'resnet152()'  line 8",
        ),
    ],
)
def test_no_choice_lists_what_there_is(candidates, code, hint, detail):
    with pytest.raises(TargetError) as caught:
        choose_model(candidates, "net.py")
    assert (caught.value.code, caught.value.hint, caught.value.detail) == (code, hint, detail)
    assert caught.value.place.file == "net.py"
