"""Every sample builds without arguments, runs, and takes one training step."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

SAMPLES = Path(__file__).parents[2] / "samples"

CASES = [
    ("resnet_cifar", "resnet20", (2, 3, 32, 32), (2, 10)),
    ("resnet_cifar", "resnet32", (2, 3, 32, 32), (2, 10)),
    ("resnet_torchvision_style", "resnet18", (2, 3, 64, 64), (2, 1000)),
    ("resnet_torchvision_style", "resnet50", (2, 3, 64, 64), (2, 1000)),
    ("unet", "UNet", (2, 3, 36, 44), (2, 2, 36, 44)),
    ("unet.unet_model", "unet_bilinear", (2, 3, 32, 32), (2, 2, 32, 32)),
    ("mobilenet_like", "mobilenet", (2, 3, 64, 64), (2, 10)),
    ("vgg_plain", "vgg_a", (2, 3, 32, 32), (2, 10)),
    ("vgg_plain", "vgg_b", (2, 3, 32, 32), (2, 10)),
    ("vgg_plain", "PlainNet", (2, 3, 32, 32), (2, 10)),
    ("senet_like", "se_resnet", (2, 3, 32, 32), (2, 10)),
    ("vit_small", "vit_small", (2, 3, 32, 32), (2, 10)),
    ("legacy_tabs_crlf", "get_model", (2, 3, 32, 40), (2, 2, 32, 40)),
    ("latin1_cookie", "Reseau", (2, 3, 32, 32), (2, 10)),
]


@pytest.fixture(autouse=True)
def samples_on_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Import the samples by their own names, and forget them afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(SAMPLES))
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(SAMPLES)):
            del sys.modules[name]


def build(module: str, factory: str) -> nn.Module:
    torch.manual_seed(0)
    model = getattr(importlib.import_module(module), factory)()
    assert isinstance(model, nn.Module)
    return model


@pytest.mark.parametrize(("module", "factory", "shape", "result"), CASES, ids=lambda value: str(value))
def test_builds_runs_and_learns(module: str, factory: str, shape: tuple[int, ...], result: tuple[int, ...]) -> None:
    model = build(module, factory)
    inputs = torch.randn(shape)
    assert model.eval()(inputs).shape == result
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    loss = model(inputs).square().mean()
    loss.backward()
    assert torch.isfinite(loss)
    assert all(p.grad is not None for p in model.parameters())
    before = [p.detach().clone() for p in model.parameters()]
    optimizer.step()
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_every_sample_is_covered() -> None:
    names = {path.stem for path in SAMPLES.glob("*.py")} | {path.parent.name for path in SAMPLES.glob("*/__init__.py")}
    assert names == {module.partition(".")[0] for module, *_ in CASES}


def test_no_sample_imports_the_tool() -> None:
    for path in SAMPLES.rglob("*.py"):
        assert b"mutagen" not in path.read_bytes(), path


def test_bytes_that_matter() -> None:
    legacy = (SAMPLES / "legacy_tabs_crlf.py").read_bytes()
    assert legacy.count(b"\r\n") == legacy.count(b"\n") > 60
    assert not legacy.endswith(b"\n")
    assert b"\n\t\t" in legacy
    legacy.decode("utf-8")
    with pytest.raises(UnicodeDecodeError):
        (SAMPLES / "latin1_cookie.py").read_bytes().decode("utf-8")
