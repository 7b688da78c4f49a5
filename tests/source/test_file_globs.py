from __future__ import annotations

import pytest

from mutagen.source.file_globs import any_matches, full_pattern


@pytest.mark.parametrize(
    ("pattern", "path", "taken"),
    [
        ("legacy", "/p/legacy/a.py", True),
        ("legacy", "/p/x/legacy/y/a.py", True),
        ("legacy", "/q/legacy/a.py", False),
        ("legacy", "/p/legacy2/a.py", False),
        ("legacy/", "/p/legacy/a.py", True),
        ("a.py", "/p/x/a.py", True),
        ("x/*.py", "/p/x/a.py", True),
        ("x/*.py", "/p/x/y/a.py", False),
        ("x/**/*.py", "/p/x/y/z/a.py", True),
        ("x/**/*.py", "/p/x/a.py", True),
        ("x/**", "/p/x/y/a.py", True),
        ("./x?.py", "/p/xy.py", True),
        ("x/?.py", "/p/x/a.py", True),
        ("x/a+b.py", "/p/x/a+b.py", True),
        ("/q/a.py", "/q/a.py", True),
    ],
)
def test_patterns_take_files_and_folders_below_the_configuration(pattern: str, path: str, taken: bool) -> None:
    assert any_matches([full_pattern(pattern, "/p")], path) is taken


def test_no_pattern_takes_nothing() -> None:
    assert not any_matches([], "/p/a.py")
