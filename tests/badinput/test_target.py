from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest


def test_missing_file_suggests_its_neighbour(desk: Any) -> None:
    done = desk.apply("nett.py")
    done.refuse("T010", hint="did you mean net.py?")
    assert "there is no file nett.py" in done.err


def test_missing_file_without_a_neighbour_says_what_a_target_is(desk: Any) -> None:
    desk.quick("entirely_else.py").refuse("T010", hint="a target is a .py file or a package.module")


def test_syntax_error_is_shown_at_its_character(desk: Any) -> None:
    desk.write("syn.py", "x = 1\nclass Net(:\n    pass\n")
    done = desk.quick("syn.py")
    done.refuse("T016", "syn.py:2:11")
    assert "2 | class Net(:\n  |           ^" in done.err


def test_python_2_is_named(desk: Any) -> None:
    desk.write("old.py", "print 'hello'\n")
    desk.quick("old.py").refuse("T016", "old.py:1:1", hint="this is Python 2")


def test_folder_lists_the_files_with_models(desk: Any) -> None:
    desk.write("zoo/small.py", "from torch import nn\n\nclass Small(nn.Module):\n    def forward(self, x): return x\n")
    done = desk.quick("zoo")
    done.refuse("T011", hint="give one of its files, such as zoo/small.py")
    assert "| zoo/small.py  (Small)" in done.err


def test_folder_without_models_says_so(desk: Any) -> None:
    desk.write("empty/a.py", "x = 1\n")
    desk.quick("empty").refuse("T011", hint="no model was found in it")


def test_file_without_a_model(desk: Any) -> None:
    desk.write("none.py", "x = 1\n")
    desk.quick("none.py").refuse("T040", "none.py", hint="--model 'package.Model(3)'")


def test_several_candidates_are_listed_ready_to_paste(desk: Any) -> None:
    desk.write(
        "two.py",
        """\
        from torch import nn


        class First(nn.Module):
            def forward(self, x):
                return x


        class Second(nn.Module):
            def __init__(self, channels, act=None):
                super().__init__()

            def forward(self, x):
                return x


        class Third(nn.Module):
            def forward(self, x):
                return x
        """,
    )
    done = desk.quick("two.py")
    done.refuse("T042", "two.py", hint="pass --model 'First()'")
    lines = [line.strip(" |") for line in done.err.splitlines() if "  line " in line]
    assert lines[:2] == ["--model 'First()'               line 4", "--model 'Third()'               line 17"]
    assert lines[2].startswith("--model 'Second(channels=...)'")
    desk.quick("two.py", "--model", "Second(channels=...)").refuse("T020", "--model:1:17", hint="put a value")


def test_model_that_needs_arguments_names_them(desk: Any) -> None:
    desk.write("net.py", (desk.folder / "net.py").read_text().replace("width=4", "width, depth"))
    desk.quick("net.py").refuse("T041", "net.py", hint="--model 'Net(width=..., depth=...)' with values")


@pytest.mark.parametrize(
    ("call", "place"), [("Net(width=", "--model:1:4"), ("Net(1 + 1)", "--model:1:5"), ("3", "--model:1:1")]
)
def test_model_call_that_is_none(call: str, place: str, desk: Any) -> None:
    done = desk.quick("net.py", "--model", call)
    done.refuse("T020", place, hint="such as --model 'UNet(3")
    assert f"| {call}\n" in done.err


@pytest.mark.parametrize(("text", "place"), [("1x3xax8", "--input:1:5"), ("1x3:floaty", "--input:1:5")])
def test_input_that_is_none(text: str, place: str, desk: Any) -> None:
    desk.quick("net.py", "--input", text).refuse("T030", place, hint="such as 1x3x224x224")


def test_missing_file_of_inputs(desk: Any) -> None:
    desk.quick("net.py", "--inputs-from", "absent.py:make").refuse("T113", hint="give --inputs-from FILE:FUNC")


def test_installed_packages_are_never_edited(desk: Any, tmp_path: Path) -> None:
    activation = Path(sysconfig.get_path("purelib")) / "torch/nn/modules/activation.py"
    before = activation.read_bytes()
    desk.quick(str(activation)).refuse("T019", str(activation), hint="copy the file")
    desk.quick("torch.nn.modules.activation").refuse("T019", str(activation), hint="copy the file")
    assert activation.read_bytes() == before


def test_wrong_flag_is_explained(desk: Any) -> None:
    done = desk.apply("net.py", "--scope", "fle")
    assert done.code == 2
    assert "'fle' is not one of 'file', 'package'" in done.err
    done.be_calm()
    assert (done.changed, done.left) == ((), ())


def test_torch_that_is_not_installed_is_one_sentence_and_a_command(desk: Any, shape: Any) -> None:
    desk.write(
        "../blocked/sitecustomize.py",
        """\
        import sys


        class NoTorch:
            def find_spec(self, name, path=None, target=None):
                if name == "torch":
                    raise ModuleNotFoundError("No module named 'torch'", name="torch")


        sys.meta_path.insert(0, NoTorch())
        """,
    )
    desk.extra["PYTHONPATH"] = str(desk.folder.parent / "blocked")
    check = subprocess.run(
        [sys.executable, "-c", "import torch"], env=desk.environment(), capture_output=True, check=False
    )
    assert check.returncode == 1
    done = desk.apply("net.py", *shape)
    done.refuse("T201", hint="pip install 'torch-mutagen[torch]'")
    assert done.err.count("\n") == 2


def test_a_smaller_configuration_that_is_no_call(desk: Any, shape: tuple[str, ...]) -> None:
    desk.quick("net.py", *shape, "--prove-with", "Net(1 + 1)").refuse("T020", "--prove-with:1:5", hint="UNet(3")


def test_a_smaller_configuration_that_cannot_be_built(desk: Any, shape: tuple[str, ...]) -> None:
    desk.apply("net.py", *shape, "--prove-with", "Net(widht=2)").refuse("T107", "net.py:5:1", hint="Net(width=4)")


def test_a_smaller_configuration_for_a_plan(desk: Any, shape: tuple[str, ...]) -> None:
    assert desk.run("plan", "relu-to-gelu", "net.py", *shape, "-o", "plan.json").code == 0
    desk.run("apply", "--plan", "plan.json", "--prove-with", "Net(2)").refuse("T212", hint="RULES and TARGET")


def test_copies_for_a_plan_or_a_smaller_configuration(desk: Any, shape: tuple[str, ...]) -> None:
    done = desk.run("apply", "--plan", "plan.json", "--vendor")
    assert done.code == 2 and "leave --vendor out" in done.err
    desk.apply("net.py", *shape, "--vendor", "--prove-with", "Net(2)").refuse("T226", hint="leave the smaller")


def test_a_device_that_is_none(desk: Any, shape: tuple[str, ...]) -> None:
    done = desk.quick("net.py", *shape, "--device", "cuda")
    assert done.code == 2 and "'cuda' is not one of 'cpu', 'meta'" in done.err and not done.changed


def test_nothing_is_proved_without_values(desk: Any, shape: tuple[str, ...]) -> None:
    desk.apply("net.py", *shape, "--device", "meta").refuse("T211", hint="--prove-with CALL")
