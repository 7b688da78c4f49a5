"""How a script uses the library; mypy reads it in `make types`, and a test runs it in a folder with ``net.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import assert_type

import mutagen


def main() -> None:
    with mutagen.Host() as host:
        planned = mutagen.plan("rules.yaml", "net.py", model="Net(4)", input="2x3x8x8", host=host)
        assert_type(planned, mutagen.Planned)
        assert_type(planned.diff, str)
        result = mutagen.apply(Path("rules.yaml"), "net.py", model="Net(4)", input=["2x3x8x8"], host=host)
        assert_type(result, mutagen.Result)
        assert_type(result.diff, str)
        assert_type(result.patch, bytes)
        assert planned.diff == result.diff
        assert result.status == "would_change"
        assert result.report.verdict is not None and result.report.verdict.proof.equal
        before = Path("net.py").read_bytes()
        assert result.files[0].before == before
        written = result.write()
        assert_type(written, mutagen.Result)
        assert written.status == "applied"
        assert Path("net.py").read_bytes() == result.files[0].after != before
        again = mutagen.apply("rules.yaml", "net.py", model="Net(4)", input="2x3x8x8", host=host)
        assert again.status == "unchanged" and not again.files and again.diff == ""
        assert again.write() is again
    try:
        mutagen.apply("no-such-rules", "net.py")
    except mutagen.MutagenError as error:
        assert_type(error.code, str)
        assert isinstance(error, mutagen.RuleError) and error.code == "R100"


if __name__ == "__main__":
    main()
    assert "torch" not in sys.modules, "models run in other processes"
