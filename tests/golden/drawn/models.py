"""The models that random rule files change: all samples, and the ways in which real models are written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GOLDEN = Path(__file__).parents[1]
SAMPLES = GOLDEN.parents[1] / "samples"


@dataclass(frozen=True)
class Model:
    """A model to change: ``files`` by their place in the working folder, and what rules may name in them.

    ``words`` are all that its source consists of, by which it is told what there may be to change.
    """

    target: str
    call: str
    inputs: tuple[str, ...]
    files: tuple[tuple[str, Path], ...]
    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    words: frozenset[str]

    def __str__(self) -> str:
        return f"{self.target} {self.call} {' '.join(self.inputs)}"


def _model(source: Path, target: str, call: str, inputs: tuple[str, ...]) -> Model:
    """The model in ``source``, a file or a folder; ``target`` is as seen from the folder that holds it."""
    folder = source.parent
    found = [source] if source.is_file() else sorted(source.rglob("*.py"))
    files = tuple((it.relative_to(folder).as_posix(), it) for it in found)
    text = "\n".join(it.read_bytes().decode("latin-1") for it in found)
    return Model(
        target,
        call,
        inputs,
        files,
        tuple(dict.fromkeys(re.findall(r"^class (\w+)", text, re.MULTILINE))),
        tuple(dict.fromkeys(re.findall(r"self\.([A-Za-z]\w*) = ", text))),
        frozenset(re.findall(r"[A-Za-z_]\w*|[+*]", text)),
    )


def _idioms() -> Iterator[Model]:
    for case in tomllib.loads((GOLDEN / "idioms.toml").read_text())["case"]:
        name, inputs = case["model"], tuple(case.get("inputs", ["1x3x16x16"]))
        file = GOLDEN / "idioms" / f"{name}.py"
        if file.exists():
            yield _model(file, file.name, "Net", inputs)
        else:
            yield _model(file.with_suffix(""), f"{name}/net.py", "Net", inputs)


SOME = tuple(
    _model(SAMPLES / target.partition("/")[0], target, call, (shape,))
    for target, call, shape in (
        ("resnet_cifar.py", "resnet20()", "2x3x16x16"),
        ("unet/unet_model.py", "UNet(3, 2)", "1x3x32x32"),
        ("vgg_plain.py", "PlainNet()", "2x3x32x32"),
        ("senet_like.py", "se_resnet()", "2x3x32x32"),
        ("mobilenet_like.py", "mobilenet()", "2x3x32x32"),
        ("latin1_cookie.py", "Reseau()", "1x3x16x16"),
        ("legacy_tabs_crlf.py", "get_model()", "1x3x32x40"),
        ("vit_small.py", "vit_small()", "2x3x32x32"),
        ("resnet_torchvision_style.py", "resnet18(num_classes=10)", "1x3x32x32"),
        ("vgg_plain.py", "vgg_a()", "1x3x32x32"),
        ("resnet_torchvision_style.py", "resnet50(num_classes=10)", "1x3x32x32"),
    )
)
MODELS = (*SOME, *_idioms(), _model(GOLDEN / "own/net.py", "net.py", "Net", ("1x3x16x16",)))
"""Those that are drawn from where nobody asks for more, and all."""
