"""From a variable back to where the class enters."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from mutagen.records.span import Span
from mutagen.records.target import Call, Name
from mutagen.records.trace import CallSite
from mutagen.source.file import SourceFile, read_source
from mutagen.source.following import Follower
from mutagen.source.origin import find_origin

HEAD = "import torch.nn as nn\nfrom torch.nn import BatchNorm2d as BN\n"

# name: (source, line of the origin or None). Marks: `@0`, `@1` ... follow the calls of the chain, innermost first.
CASES = {
    "default": ("def f(c, norm=nn.BatchNorm2d):\n    norm(c)@0\n\nf(3)@1\n", 1),
    "default by another name": ("def f(c, norm=BN):\n    norm(c)@0\n\nf(3)@1\n", 1),
    "passed": ("def f(c, norm=nn.ReLU):\n    norm(c)@0\n\nf(3, nn.BatchNorm2d)@1\n", 4),
    "passed by name": ("def f(c, *, norm=nn.ReLU):\n    norm(c)@0\n\nf(3, norm=nn.BatchNorm2d)@1\n", 4),
    "passed through two": (
        "def f(c, norm):\n    norm(c)@0\n\ndef g(c, n):\n    f(c, n)@1\n\ng(3, nn.BatchNorm2d)@2\n",
        7,
    ),
    "None then assigned": (
        "def f(c, norm=None):\n    if norm is None:\n        norm = nn.BatchNorm2d\n    norm(c)@0\n\nf(3)@1\n",
        3,
    ),
    "or": ("def f(c, norm=None):\n    norm = norm or nn.BatchNorm2d\n    norm(c)@0\n\nf(3)@1\n", 2),
    "attribute": (
        "class A:\n    def __init__(self):\n        self.norm = nn.BatchNorm2d\n        self.norm(3)@0\n\nA()@1\n",
        3,
    ),
    "attribute set twice": (
        "class A:\n    def __init__(self):\n        self.norm = nn.BatchNorm2d\n        self.norm = nn.ReLU\n"
        "        self.norm(3)@0\n\nA()@1\n",
        None,
    ),
    "module level": ("Norm = nn.BatchNorm2d\n\ndef f(c):\n    Norm(c)@0\n\nf(3)@1\n", 1),
    "module level twice": (
        "Norm = nn.BatchNorm2d\nif fast:\n    Norm = BN\n\ndef f(c):\n    Norm(c)@0\n\nf(3)@1\n",
        None,
    ),
    "from a dict": ("NORMS = {'bn': nn.BatchNorm2d}\n\ndef f(c):\n    NORMS['bn'](c)@0\n\nf(3)@1\n", 1),
    "from a dict by a name": (
        "NORMS = {\n    'in': nn.ReLU,\n    'bn': nn.BatchNorm2d,\n}\n\ndef f(c, name='bn'):\n"
        "    NORMS[name](c)@0\n\nf(3)@1\n",
        3,
    ),
    "from a dict that calls make": (
        "NORMS = dict(bn=nn.BatchNorm2d)\n\ndef f(c):\n    NORMS.get('bn')(c)@0\n\nf(3)@1\n",
        1,
    ),
    "the default of get": ("NORMS = {}\n\ndef f(c):\n    NORMS.get('bn', nn.BatchNorm2d)(c)@0\n\nf(3)@1\n", 4),
    "from a dict with two of it": (
        "NORMS = {'a': nn.BatchNorm2d, 'b': BN}\n\ndef f(c):\n    NORMS[g()](c)@0\n\nf(3)@1\n",
        None,
    ),
    "from a dict that is filled elsewhere": ("NORMS = load()\n\ndef f(c):\n    NORMS['bn'](c)@0\n\nf(3)@1\n", 4),
    "from a call of something unknown": ("def f(c):\n    get('bn')(c)@0\n\nf(3)@1\n", 2),
    "another class": ("def f(c, norm=nn.ReLU):\n    norm(c)@0\n\nf(3)@1\n", None),
    "two assignments": (
        "def f(c):\n    norm = nn.BatchNorm2d\n    if g():\n        norm = BN\n    norm(c)@0\n\nf(3)@1\n",
        None,
    ),
    "two assignments under a condition that is known": (
        "def f(c):\n    norm = nn.BatchNorm2d\n    if c:\n        norm = BN\n    norm(c)@0\n\nf(3)@1\n",
        4,
    ),
    "assigned again": ("def f(c, norm=BN):\n    norm = nn.BatchNorm2d\n    norm(c)@0\n\nf(3)@1\n", 2),
    "assigned again below": ("def f(c, norm=BN):\n    norm(c)@0\n    norm = nn.BatchNorm2d\n\nf(3)@1\n", 1),
    "assigned again in a loop": (
        "def f(c, norm=BN):\n    for i in c:\n        norm(c)@0\n        norm = nn.BatchNorm2d\n\nf(3)@1\n",
        None,
    ),
    "None is passed": (
        "def f(c, norm=BN):\n    if norm is None:\n        norm = nn.BatchNorm2d\n    norm(c)@0\n\nf(3, None)@1\n",
        3,
    ),
    "a class is passed in place of None": (
        "def f(c, norm=None):\n    if norm is None:\n        norm = nn.BatchNorm2d\n    norm(c)@0\n\nf(3, BN)@1\n",
        6,
    ),
    "one of two": ("def f(c, deep):\n    norm = BN if deep else nn.BatchNorm2d\n    norm(c)@0\n\nf(3, False)@1\n", 2),
    "partial": ("from functools import partial\nf = partial(nn.BatchNorm2d, eps=1e-3)\nf(3)@0\n", 2),
    "bound by partial": (
        "from functools import partial\ndef f(c, norm=None):\n    norm(c)@0\n\ndef g(make):\n    make(3)@1\n\n"
        "g(partial(f, norm=nn.BatchNorm2d))@2\n",
        8,
    ),
    "kwargs": ("def f(c, **kw):\n    kw['norm'](c)@0\n\nf(3, norm=nn.BatchNorm2d)@1\n", 4),
    "kwargs with a default": (
        "def f(c, **kw):\n    kw.setdefault('norm', nn.BatchNorm2d)\n    kw['norm'](c)@0\n\nf(3)@1\n",
        2,
    ),
    "kwargs handed on": (
        "def f(c, norm=None):\n    norm(c)@0\n\ndef g(c, **kw):\n    f(c, **kw)@1\n\ng(3, norm=nn.BatchNorm2d)@2\n",
        7,
    ),
    "a dict that is spread": (
        "def f(c, norm=None):\n    norm(c)@0\n\ndef g():\n    common = dict(norm=nn.BatchNorm2d)\n"
        "    f(3, **common)@1\n\ng()@2\n",
        5,
    ),
    "what is spread is not known": ("def f(c, norm=BN):\n    norm(c)@0\n\nf(3, **load())@1\n", None),
    "positions that are spread": ("def f(c, norm=BN):\n    norm(c)@0\n\nf(*load())@1\n", None),
    "around a function": (
        "def f(c, norm=nn.BatchNorm2d):\n    def g():\n        norm(c)@0\n    g()@1\n\nf(3)@2\n",
        1,
    ),
    "in a lambda": ("make = lambda c, norm=nn.BatchNorm2d: norm(c)@0\n\nmake(3)@1\n", 1),
    "returned": (
        "def get(name):\n    if name == 'bn':\n        return nn.BatchNorm2d\n    return BN\n\n"
        "def f(c):\n    get('bn')(c)@0\n\nf(3)@1\n",
        3,
    ),
    "returned under a name that is not known": (
        "def get(name):\n    if name == 'bn':\n        return nn.BatchNorm2d\n    return BN\n\n"
        "def f(c):\n    get(g())(c)@0\n\nf(3)@1\n",
        None,
    ),
    "by a string": ("def f(c, name='BatchNorm2d'):\n    getattr(nn, name)(c)@0\n\nf(3)@1\n", 2),
    "by eval": ("def f(c, name='nn.BatchNorm2d'):\n    eval(name)(c)@0\n\nf(3)@1\n", 2),
    "a class attribute": (
        "class A:\n    norm = nn.BatchNorm2d\n    def __init__(self):\n        self.norm(3)@0\n\nA()@1\n",
        2,
    ),
    "a class attribute of a subclass": (
        "class A:\n    norm = BN\n    def __init__(self):\n        self.norm(3)@0\n\nclass B(A):\n"
        "    norm = nn.BatchNorm2d\n\nB()@1\n",
        7,
    ),
    "an attribute that the base sets": (
        "class A:\n    def __init__(self, norm):\n        self.norm = norm\n\nclass B(A):\n    def __init__(self):\n"
        "        super().__init__(nn.BatchNorm2d)\n        self.norm(3)@0\n\nB()@1\n",
        7,
    ),
    "an attribute of another object": (
        "class C:\n    def __init__(self, norm=BN):\n        self.norm = norm\n\ndef f(config):\n"
        "    config.norm(3)@0\n\n"
        "f(C(norm=nn.BatchNorm2d))@1\n",
        8,
    ),
    "a helper object": (
        "class C:\n    def __init__(self, norm=BN):\n        self.norm = norm\n"
        "    def make(self):\n        self.norm(3)@0\n\n"
        "def f():\n    made = C(nn.BatchNorm2d)\n    made.make()@1\n\nf()@2\n",
        8,
    ),
    "round in a circle": (
        "def f(c, norm=None):\n    norm = norm or f.norm\n    norm(c)@0\n\nf.norm = f.norm\nf(3)@1\n",
        None,
    ),
}


def chain_of(file: SourceFile, marks: list[tuple[int, int]]) -> tuple[CallSite, ...]:
    found = []
    for line, column in marks:
        calls = [it for it in ast.walk(file.tree) if isinstance(it, ast.Call)]
        call = max((it for it in calls if (it.end_lineno, it.end_col_offset) == (line, column)), key=ast.dump)
        function = file.function(call)
        owner = file.class_of(call)
        name = function.name if function else "<module>"
        name = f"{owner.name}.{name}" if owner else name
        found.append(CallSite(file.span(call), name, len(found)))
    return tuple(found)


@pytest.mark.parametrize("name", CASES)
def test_origin(name: str) -> None:
    text, line = CASES[name]
    marks: dict[int, tuple[int, int]] = {}
    lines = []
    for number, written in enumerate((HEAD + text).split("\n"), start=1):
        code, _, mark = written.partition("@")
        if mark:
            marks[int(mark)] = (number, len(code))
        lines.append(code)
    file = read_source("m.py", "\n".join(lines).encode())
    chain = chain_of(file, [marks[index] for index in sorted(marks)])
    call = file.node_at(chain[0].span)
    assert isinstance(call, ast.Call)
    origin = find_origin(call.func, chain, "torch.nn.BatchNorm2d", Follower(lambda _: file))
    assert (origin.node.lineno - HEAD.count("\n") if origin else None) == line
    if origin and origin.followed:
        assert file.text(origin.node) in ("nn.BatchNorm2d", "BN", "getattr(nn, name)", "eval(name)")


def test_a_span_that_is_no_call() -> None:
    file = read_source("m.py", b"x = 1\n")
    assert file.node_at(Span("m.py", 1, 0, 1, 4)) is None


@pytest.mark.parametrize("line", ["from .layers import Norm", "from pkg.layers import Norm", "from .layers import *"])
def test_a_name_of_another_file(line: str, tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "layers.py").write_text(HEAD + "Norm = nn.BatchNorm2d\n")
    net = folder / "net.py"
    net.write_text(line + "\n\ndef f(c, norm=Norm):\n    norm(c)\n\nf(3)\n")
    follower = Follower(cache(lambda path: read_source(path, Path(path).read_bytes())))
    file = follower.open_file(str(net))
    chain = chain_of(file, [(4, 11), (6, 4)])
    call = file.node_at(chain[0].span)
    assert isinstance(call, ast.Call)
    origin = find_origin(call.func, chain, "torch.nn.BatchNorm2d", follower)
    assert origin is not None and origin.file.path == str(folder / "layers.py")
    assert [origin.file.text(origin.node), origin.way[1].act.file.path] == ["nn.BatchNorm2d", str(net)]


def test_what_the_model_call_gives_is_not_in_the_source() -> None:
    file = read_source("m.py", (HEAD + "def f(c, norm=nn.BatchNorm2d):\n    norm(c)\n").encode())
    chain = chain_of(file, [(HEAD.count("\n") + 2, 11)])
    call = file.node_at(chain[0].span)
    assert isinstance(call, ast.Call)
    follower = Follower(lambda _: file)
    given = Call("f", (3,), {"norm": Name("torch.nn.BatchNorm2d")})
    assert find_origin(call.func, chain, "torch.nn.BatchNorm2d", follower, model=given) is None
    assert (
        find_origin(call.func, chain, "torch.nn.BatchNorm2d", Follower(lambda _: file), model=Call("f", (3,)))
        is not None
    )
