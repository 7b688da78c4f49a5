"""Targets are found, with the way to import them, and nothing is imported for it."""

import os
import sys

import pytest

from mutagen.errors import TargetError
from mutagen.load.target_file import find_target

MODEL = "from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n"


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def refused(target):
    with pytest.raises(TargetError) as caught:
        find_target(str(target))
    return caught.value


def test_lone_script(tmp_path, monkeypatch):
    write(tmp_path, {"net.py": MODEL})
    monkeypatch.chdir(tmp_path)
    found = find_target("net.py")
    folder = str(tmp_path)
    assert (found.file, found.module, found.paths, found.root) == (f"{folder}/net.py", "net", (folder,), folder)


def test_file_of_a_package(tmp_path):
    write(tmp_path, {"lib/__init__.py": "raise SystemExit", "lib/nets/__init__.py": "", "lib/nets/unet.py": MODEL})
    found = find_target(str(tmp_path / "lib" / "nets" / "unet.py"))
    assert (found.module, found.paths, found.root) == ("lib.nets.unet", (str(tmp_path),), str(tmp_path))
    assert find_target(str(tmp_path / "lib" / "nets" / "__init__.py")).module == "lib.nets"


def test_relative_imports_without_init_file(tmp_path):
    write(tmp_path, {"lib/nets/unet.py": "from ..parts import Down\n" + MODEL, "lib/parts.py": ""})
    found = find_target(str(tmp_path / "lib" / "nets" / "unet.py"))
    assert (found.module, found.root) == ("lib.nets.unet", str(tmp_path))


def test_neighbours_imported_from_the_top_of_the_project(tmp_path):
    write(
        tmp_path,
        {
            "pyproject.toml": "",
            "models/unet.py": "import os\nimport torch\nfrom layers.conv import Conv\nfrom nowhere import x\n" + MODEL,
            "layers/conv.py": "",
        },
    )
    found = find_target(str(tmp_path / "models" / "unet.py"))
    assert found.paths == (str(tmp_path / "models"), str(tmp_path))
    assert found.module == "unet"


def test_nothing_above_the_project_is_searched(tmp_path):
    write(tmp_path, {"layers/conv.py": "", "project/pyproject.toml": "", "project/net.py": "import layers\n" + MODEL})
    assert find_target(str(tmp_path / "project" / "net.py")).paths == (str(tmp_path / "project"),)


def test_dotted_module_is_found_without_importing_its_parents(tmp_path, monkeypatch):
    write(tmp_path, {"lib_a/__init__.py": "raise SystemExit", "lib_a/nets/unet.py": MODEL})
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    found = find_target("lib_a.nets.unet")
    assert found.file == str(tmp_path / "lib_a" / "nets" / "unet.py")
    assert {name for name in set(sys.modules) - before if name.startswith("lib_a")} == set()


def test_dotted_module_in_the_working_folder(tmp_path, monkeypatch):
    write(tmp_path, {"lib_b/__init__.py": "", "lib_b/unet.py": MODEL})
    monkeypatch.chdir(tmp_path)
    found = find_target("lib_b.unet")
    assert (found.module, found.root) == ("lib_b.unet", str(tmp_path))


def test_installed_module_adds_nothing_to_the_path():
    found = find_target("click.core")
    assert found.module == "click.core"
    assert found.paths == ()


def test_link_stays_a_link(tmp_path):
    write(tmp_path, {"store/abc": MODEL})
    os.symlink(tmp_path / "store" / "abc", tmp_path / "net.py")
    assert find_target(str(tmp_path / "net.py")).file == str(tmp_path / "net.py")


def test_missing_file_suggests_near_names(tmp_path):
    write(tmp_path, {"unet_model.py": MODEL, "vgg.py": MODEL})
    error = refused(tmp_path / "unet_mdel.py")
    assert error.code == "T010"
    assert "unet_model.py?" in error.hint
    assert f"did you mean {tmp_path / 'vgg.py'}?" == refused(tmp_path / "vgg").hint
    assert refused(tmp_path / "nothing" / "like.py").code == "T010"


def test_model_behind_a_colon(tmp_path):
    write(tmp_path, {"vgg.py": MODEL})
    assert (
        refused(tmp_path / "vgg.py:Net(3)").hint == f"give file and model apart: {tmp_path / 'vgg.py'} --model 'Net(3)'"
    )


def test_folder_lists_what_could_be_meant(tmp_path):
    write(tmp_path, {"a/net.py": MODEL, "a/train.py": "print(1)\n", "a/bad.py": "def (", "tests/test_net.py": MODEL})
    error = refused(tmp_path)
    assert error.code == "T011"
    assert error.detail == f"{tmp_path / 'a' / 'net.py'}  (Net)"
    assert str(tmp_path / "a" / "net.py") in error.hint


def test_folder_without_models(tmp_path):
    assert refused(tmp_path).hint == "no model was found in it; give the .py file"


def test_other_kinds_of_file(tmp_path):
    write(tmp_path, {"net.ipynb": "{}", "net.v2.py": MODEL})
    assert refused(tmp_path / "net.ipynb").code == "T012"
    error = refused(tmp_path / "net.v2.py")
    assert error.code == "T013"
    assert "net_v2" in error.hint


@pytest.mark.parametrize(
    ("source", "line", "column", "length", "says"),
    [
        ("import torch\nclass Net(:\n    pass\n", 2, 11, 1, "invalid syntax"),
        ("x = (1,\n", 1, 5, 1, "never closed"),
        ("é = 1 +* 2\n", 1, 8, 1, "invalid syntax"),
    ],
)
def test_syntax_error_has_a_place(tmp_path, source, line, column, length, says):
    write(tmp_path, {"net.py": source})
    error = refused(tmp_path / "net.py")
    assert error.code == "T016"
    assert says in error.message
    place = error.place
    assert (place.file, place.line, place.column, place.length) == (str(tmp_path / "net.py"), line, column, length)


def test_python_2(tmp_path):
    write(tmp_path, {"net.py": "print 'hello'\n"})
    assert "Python 2" in refused(tmp_path / "net.py").hint


def test_null_bytes(tmp_path):
    write(tmp_path, {"net.py": "x = 1\0\n"})
    assert refused(tmp_path / "net.py").code == "T016"


def test_bytes_that_are_not_the_encoding(tmp_path):
    write(tmp_path, {"net.py": "# ok\n# café\n".encode("latin-1"), "odd.py": "# -*- coding: klingon -*-\n"})
    error = refused(tmp_path / "net.py")
    assert error.code == "T015"
    assert error.place.line == 2
    assert "0xe9" in error.message
    assert "coding: latin-1" in error.hint
    assert "klingon" in refused(tmp_path / "odd.py").message


def test_declared_encodings_are_fine(tmp_path):
    write(
        tmp_path,
        {"a.py": "# -*- coding: latin-1 -*-\n# café\n".encode("latin-1"), "b.py": b"\xef\xbb\xbf# caf\xc3\xa9\r\n"},
    )
    assert find_target(str(tmp_path / "a.py")).module == "a"
    assert find_target(str(tmp_path / "b.py")).module == "b"


def test_missing_module_suggests_near_names():
    error = refused("mutagen.erors")
    assert error.code == "T018"
    assert "errors" in error.hint
    assert refused("no_such_package_at_all.net").code == "T018"


def test_module_without_source():
    assert refused("math").code in {"T017", "T018"}
    assert refused("sys").code == "T017"
