"""Where a missing import goes, and that nothing else moves."""

from __future__ import annotations

import pytest

from mutagen.records.plan import Import
from mutagen.rewrite.imports import with_imports
from mutagen.source.file import encode, read_source

NN = Import("m.py", "torch", "nn")
TORCH = Import("m.py", "torch")
MATH = Import("m.py", "math")
F = Import("m.py", "torch.nn.functional", alias="F")
OWN = Import("m.py", ".eca", "ECA")
PARTIAL = Import("m.py", "functools", "partial")

CASES = {
    "plain above from": (TORCH, "from torch import nn\n", "import torch\nfrom torch import nn\n"),
    "joined to a from": (NN, "from torch import Tensor\n", "from torch import Tensor, nn\n"),
    "joined in the order of its names": (
        NN,
        "from torch import (\n    Tensor,\n    jit,\n    onnx,\n)\n",
        "from torch import (\n    Tensor,\n    jit,\n    nn,\n    onnx,\n)\n",
    ),
    "joined to rows of several": (
        NN,
        "from torch import (\n    Tensor, jit,\n    onnx\n)\n",
        "from torch import (\n    Tensor, jit,\n    nn, onnx\n)\n",
    ),
    "joined to what has no order": (NN, "from torch import jit, Tensor\n", "from torch import nn, jit, Tensor\n"),
    "among those of its package": (
        Import("m.py", "net.blocks.eca", "ECA"),
        "from net.blocks import A\nfrom net.tools import b\n\nx = 1\n",
        "from net.blocks import A\nfrom net.blocks.eca import ECA\nfrom net.tools import b\n\nx = 1\n",
    ),
    "joined to a from over lines": (
        NN,
        "from torch import (  # all\n    Tensor,\n    jit,  # last\n)\n",
        "from torch import (  # all\n    Tensor,\n    jit,\n    nn,  # last\n)\n",
    ),
    "stands there already": (NN, "from torch import Tensor, nn; x = 1\n", "from torch import Tensor, nn; x = 1\n"),
    "stands there by another name": (NN, "from torch import nn as net\n", "from torch import nn as net, nn\n"),
    "behind its kind": (F, "import torch\nimport torch.nn as nn\n\nx = 1\n", None),
    "joined to a relative from": (OWN, "from .eca import gate\n", "from .eca import ECA, gate\n"),
    "not joined to a star": (NN, "from torch import *\n", "from torch import *\nfrom torch import nn\n"),
    "first of the standard library": (MATH, "import torch\n", "import math\n\nimport torch\n"),
    "behind the standard library": (MATH, "import io\n\nimport torch\n", "import io\nimport math\n\nimport torch\n"),
    "in the order of the alphabet": (
        MATH,
        "import io\nimport sys\n\nimport torch\n",
        "import io\nimport math\nimport sys\n\nimport torch\n",
    ),
    "behind what has no order": (MATH, "import sys\nimport io\n", "import sys\nimport io\nimport math\n"),
    "above from of the standard library": (
        MATH,
        "from typing import List\n\nimport torch\n",
        "import math\nfrom typing import List\n\nimport torch\n",
    ),
    "only relative imports": (
        TORCH,
        "from .parts import *\n\nx = 1\n",
        "from .parts import *\nimport torch\n\nx = 1\n",
    ),
    "first of the own package": (OWN, "import torch\n\nx = 1\n", "import torch\n\nfrom .eca import ECA\n\nx = 1\n"),
    "first of the own package, in a file without groups": (
        OWN,
        "import math\nimport torch\n\nx = 1\n",
        "import math\nimport torch\nfrom .eca import ECA\n\nx = 1\n",
    ),
    "beside relative imports": (OWN, "import torch\nfrom .parts import A\n\n", None),
    "below the docstring": (TORCH, '"""Net."""\nx = 1\n', '"""Net."""\nimport torch\nx = 1\n'),
    "below a docstring of several lines": (TORCH, '"""Net.\n\nIt.\n"""\n\nx = 1\n', None),
    "below the future": (
        MATH,
        "from __future__ import annotations\n\nimport torch\n",
        "from __future__ import annotations\n\nimport math\n\nimport torch\n",
    ),
    "below the future alone": (
        TORCH,
        "from __future__ import annotations\n\nx = 1\n",
        "from __future__ import annotations\nimport torch\n\nx = 1\n",
    ),
    "__all__ above": (TORCH, '__all__ = ["Net"]\nfrom torch import nn\n', None),
    "only __all__": (TORCH, '__all__ = ["Net"]\n', 'import torch\n__all__ = ["Net"]\n'),
    "try": (
        MATH,
        "try:\n    import apex\nexcept ImportError:\n    apex = None\nimport torch\n",
        "try:\n    import apex\nexcept ImportError:\n    apex = None\nimport math\n\nimport torch\n",
    ),
    "no statement": (TORCH, "# only a comment\n", "# only a comment\nimport torch\n"),
    "no final newline": (TORCH, "# only a comment", "# only a comment\nimport torch\n"),
    "empty": (TORCH, "", "import torch\n"),
    "crlf": (TORCH, "from torch import nn\r\nx = 1\r\n", "import torch\r\nfrom torch import nn\r\nx = 1\r\n"),
    "comment on the import": (NN, "from torch import Tensor  # noqa\n", "from torch import Tensor, nn  # noqa\n"),
    "brackets": (PARTIAL, "from functools import (\n    reduce,\n)\n", None),
    "semicolon behind": (TORCH, "import os; import sys\nx = 1\n", "import os; import sys\nimport torch\nx = 1\n"),
    "last line without end": (F, "import torch", "import torch\nimport torch.nn.functional as F\n"),
}
WITHOUT_TEXT = {
    "behind its kind": "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\nx = 1\n",
    "beside relative imports": "import torch\nfrom .parts import A\nfrom .eca import ECA\n\n",
    "below a docstring of several lines": '"""Net.\n\nIt.\n"""\nimport torch\n\nx = 1\n',
    "__all__ above": '__all__ = ["Net"]\nimport torch\nfrom torch import nn\n',
    "brackets": "from functools import (\n    partial, reduce,\n)\n",
}


@pytest.mark.parametrize("name", CASES)
def test_import_goes_where_the_owner_would_put_it(name: str) -> None:
    wanted, before, after = CASES[name]
    file = read_source("m.py", before.encode())
    assert with_imports(file, file.utf8, [wanted]).decode() == (after if after is not None else WITHOUT_TEXT[name])


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        (".parts", "from .parts import B_  # both\n", "from .parts import B_, A  # both\n"),
        (".", "from . import _b\n", "from . import A, _b\n"),
        ("..x_y", "from ..x_y import Z\n", "from ..x_y import A, Z\n"),
    ],
)
def test_relative_imports_are_joined(module: str, before: str, after: str) -> None:
    file = read_source("m.py", before.encode())
    assert with_imports(file, file.utf8, [Import("m.py", module, "A")]).decode() == after


def test_an_import_is_written_once() -> None:
    file = read_source("m.py", b"import torch\n")
    assert with_imports(file, file.utf8, [NN, NN]) == b"import torch\nfrom torch import nn\n"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso-8859-15"])
def test_other_encodings_stay(encoding: str) -> None:
    text = f"# -*- coding: {encoding} -*-\nfrom torch import nn  # déjà vu\n"
    file = read_source("m.py", text.encode(encoding))
    result = encode(file, with_imports(file, file.utf8, [TORCH]))
    assert result == text.replace("from", "import torch\nfrom").encode(encoding)


def test_chinese_code_page_stays() -> None:
    text = "# coding: gbk\nfrom torch import nn  # 卷积\n"
    file = read_source("m.py", text.encode("gbk"))
    result = encode(file, with_imports(file, file.utf8, [TORCH]))
    assert result == text.replace("from", "import torch\nfrom").encode("gbk")
