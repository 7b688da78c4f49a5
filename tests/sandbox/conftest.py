"""A host without torch, and a session that can import modules written by a test."""

import textwrap

import pytest

from mutagen.sandbox.runner import Host


@pytest.fixture
def host():
    with Host(preload=(), timeout=20.0) as started:
        yield started


@pytest.fixture
def user(host, tmp_path):
    """Writes a module of the user and opens a session that finds it: ``user(source)`` -> session, file."""

    def write(source, name="user_module"):
        file = tmp_path / f"{name}.py"
        file.write_text(textwrap.dedent(source))
        session = host.session("the model")
        session.call("builtins:exec", f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
        return session, str(file)

    return write
