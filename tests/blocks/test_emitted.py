"""The text that goes into the user's file: formatted, typed, short, and on its own."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from mutagen.blocks.catalogue import Names, load_blocks, render

SPELLINGS = [Names(), Names(nn="torch.nn", F="torch.nn.functional"), Names(F="nn.functional")]
HEADER = """from __future__ import annotations

import math

import torch
import torch.nn.functional
import torch.nn.functional as F
from torch import nn


"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("emitted")
    for block in load_blocks().values():
        for number, names in enumerate(SPELLINGS):
            for name in (block.name, f"{block.name}_2"):
                (folder / f"{name}_by_{number}.py").write_text(HEADER + render(block, names, name))
    return folder


def tool(*command: str, cwd) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False)


def test_ruff_would_not_change_it(folder):
    command = ("ruff", "format", "--isolated", "--check", "--line-length", "100", ".")
    assert tool(*command, cwd=folder).returncode == 0, tool(*command, "--diff", cwd=folder).stdout


def test_ruff_check_sees_a_wrong_format(tmp_path):
    (tmp_path / "wrong.py").write_text("x = ( 1 )\n")
    assert tool("ruff", "format", "--isolated", "--check", ".", cwd=tmp_path).returncode == 1


def test_mypy_finds_nothing(folder, request):
    cache = request.config.cache.mkdir("mypy_of_emitted_code")  # torch takes long to analyse
    (folder / "mypy.ini").write_text("[mypy]\ncheck_untyped_defs = True\n")
    command = ("mypy", "--config-file", "mypy.ini", "--cache-dir", str(cache), ".")
    result = tool(*command, cwd=folder)
    assert result.returncode == 0, result.stdout
    (folder / "wrong.py").write_text('import torch\n\nx: torch.Tensor = ""\n')
    assert tool(*command[:-1], "wrong.py", cwd=folder).returncode == 1
    (folder / "wrong.py").unlink()


@pytest.mark.parametrize("name", load_blocks())
def test_needs_only_the_names_it_lists(name):
    block = load_blocks()[name]
    tree = ast.parse(render(block, Names(), "Thing"))
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    stored |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - stored - set(dir(__builtins__))
    used -= set(__builtins__) if isinstance(__builtins__, dict) else set()
    assert used == set(block.imports)
    assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree))


@pytest.mark.parametrize("name", load_blocks())
def test_is_short_and_says_where_it_comes_from(name):
    text = render(load_blocks()[name], Names(), name)
    node = ast.parse(text).body[0]
    docstring = ast.get_docstring(node)
    assert 3 <= len(docstring.splitlines()) <= 6
    assert "https://arxiv.org/abs/" in docstring
    assert len(text.splitlines()) <= 60
    assert text == text.strip() + "\n"
    assert "mutagen" not in text


@pytest.mark.parametrize("name", load_blocks())
def test_arguments_are_those_of_the_constructor(name):
    block = load_blocks()[name]
    node = ast.parse(render(block, Names(), name)).body[0]
    function = next(it for it in ast.walk(node) if isinstance(it, ast.FunctionDef) and it.name in ("__init__", name))
    assert [arg.arg for arg in function.args.args if arg.arg != "self"] == list(block.arguments)


def test_class_name_and_spellings_are_used():
    text = render(load_blocks()["ECA"], Names(torch="th", nn="th.nn", math="m"), "ChannelGate")
    assert text.startswith("class ChannelGate(th.nn.Module):")
    assert "m.log2(channels)" in text
    assert "x: th.Tensor) -> th.Tensor" in text
