"""Which classes go through their children as a container does."""

from __future__ import annotations

import ast

import pytest

from mutagen.source.children import goes_through_children

HEAD = """\
class A(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.conv = f()

    def forward(self, x):
        """


def owner(line: str) -> ast.ClassDef:
    node = ast.parse(HEAD + line).body[0]
    assert isinstance(node, ast.ClassDef)
    return node


@pytest.mark.parametrize(
    "line",
    [
        "return x + super().forward(x)",
        "return x + super(A, self).forward(x)",
        "return nn.Sequential.forward(self, x)",
        "return [layer(x) for layer in self]",
        "return self[0](x)",
        "return run(*self)",
        "return len(self)",
        "return run(list(self.children()))",
        "return self._modules['conv'](x)",
    ],
)
def test_through_all(line: str) -> None:
    assert goes_through_children(owner(line))


@pytest.mark.parametrize(
    "line",
    [
        "return x + self.conv(x)",
        "return self.conv(x) if isinstance(self, B) else getattr(self, 'conv')(x)",
        "return [m for m in self.modules()]",
    ],
)
def test_by_name(line: str) -> None:
    assert not goes_through_children(owner(line))
