"""The filter for editors: a text in, a text out, and no file is written."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import main

SAMPLES = Path(__file__).parents[2] / "samples"
MODEL = ("--model", "resnet20()", "--input", "1x3x32x32")
UNET = ("--model", "UNet(3, 2)", "--input", "1x3x64x64")
Ask = Callable[..., tuple[int, bytes, str]]


class Stdin(io.TextIOWrapper):
    """Standard input with some bytes in it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))


@pytest.fixture
def ask(bench: Any, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Ask:
    """Run the command on a text: exit code, standard output, standard error. No file changes, and none is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.chdir(bench.folder)
    monkeypatch.setattr("mutagen.cli.stdin.host_for", lambda flags: nullcontext(bench.host))

    def ask(content: bytes, rules: str, *flags: str) -> tuple[int, bytes, str]:
        monkeypatch.setattr("sys.stdin", Stdin(content))
        with monkeypatch.context() as patch:
            patch.setattr(tempfile, "tempdir", str(temporary))
            code = main(["apply", rules, "-", *flags])
        bench.host.close_sessions()
        out, err = capfdbinary.readouterr()
        bench.check_untouched()
        assert list(temporary.iterdir()) == []
        assert b"mutagen-stdin" not in out + err
        return code, out, err.decode()

    return ask


def test_what_is_not_saved_yet_is_changed_and_goes_to_standard_output(bench: Any, ask: Ask) -> None:
    saved = bench.copy(SAMPLES / "resnet_cifar.py").read_bytes()
    content = saved.replace(b'"""ResNets', b'"""Unsaved \xe2\x80\x93 ResNets').replace(b"\n", b"\r\n")
    code, out, err = ask(content, "bn-to-gn", "--stdin-filename", "resnet_cifar.py", *MODEL)
    assert code == 0
    assert b'"""Unsaved \xe2\x80\x93 ResNets' in out and b"nn.GroupNorm(8, 16)\r\n" in out
    assert b"nn.BatchNorm2d(16)" not in out
    assert "resnet_cifar.py:66:20: bn-to-gn" in err
    assert "3 sites in 1 file changed" in err


def test_looking_gives_the_patch_or_the_exit_code(bench: Any, ask: Ask) -> None:
    content = bench.copy(SAMPLES / "resnet_cifar.py").read_bytes()
    code, out, _ = ask(content, "bn-to-gn", "--stdin-filename", "resnet_cifar.py", *MODEL, "--diff")
    assert code == 1
    assert out.startswith(b"diff --git a/resnet_cifar.py b/resnet_cifar.py\n")


def test_a_refusal_gives_the_text_back(bench: Any, ask: Ask) -> None:
    content = bench.copy(SAMPLES / "resnet_cifar.py").read_bytes()
    (bench.folder / "rule.yaml").write_text(
        "version: 1\nrules:\n  - {id: r, match: {path: layer1.0.conv1}, set: {nonsense: 2}}\n"
    )
    code, out, err = ask(content, "rule.yaml", "--stdin-filename", "resnet_cifar.py", *MODEL)
    assert (code, out) == (1, content)
    assert "refused[unknown-argument] layer1.0.conv1" in err


def test_a_change_of_other_files_cannot_be_told(bench: Any, ask: Ask) -> None:
    folder = bench.copy(SAMPLES / "unet")
    content = (folder / "unet_model.py").read_bytes()
    code, out, err = ask(content, "bn-to-gn", "--stdin-filename", "unet/unet_model.py", *UNET)
    assert (code, out) == (2, b"")
    assert "error[C112]" in err and "unet/unet_parts.py" in err


def test_errors_show_the_lines_of_the_text(bench: Any, ask: Ask) -> None:
    bench.copy(SAMPLES / "resnet_cifar.py")
    code, out, err = ask(b"def broken(:\n    pass\n", "bn-to-gn", "--stdin-filename", "resnet_cifar.py", *MODEL)
    assert (code, out) == (2, b"")
    assert "error[T016]" in err and "--> resnet_cifar.py:1:12" in err and "1 | def broken(:" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["r", "-"], "say which file standard input is"),
        (["r", "-", "m.py", "--stdin-filename", "m.py"], "standard input is one target"),
        (["r", "m.py", "--stdin-filename", "m.py"], "--stdin-filename goes with the target -"),
        (["r", "-", "--stdin-filename", "m.py", "--lock"], "--lock does not go with standard input"),
        (["r", "-", "--stdin-filename", "m.py", "-i"], "--interactive does not go with standard input"),
        (["r", "-", "--stdin-filename", "m.py", "--output-format", "json"], "both want standard output"),
    ],
)
def test_what_does_not_go_with_standard_input(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["apply", *arguments]) == 2
    assert said in capsys.readouterr().err
