from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plan", "plan.json"], "a plan alone cannot be taken in parts"),
        (["r.yaml", "m.py", "-j", "2"], "questions come one after the other"),
        (["r.yaml", "m.py", "--lock"], "--lock puts down what whole rules leave"),
    ],
)
def test_what_does_not_go_with_questions(
    arguments: list[str], said: str, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["apply", *arguments, "--interactive"]) == 2
    assert said in capsys.readouterr().err


def test_each_target_is_reviewed_by_the_same_questions(
    api: Any, make_report: Any, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.outcomes = [make_report("unchanged"), make_report("unchanged")]
    reviews: list[Any] = []
    plain = api.run

    def run(options: Any, host: Any, *, review: Any = None) -> Any:
        reviews.append(review)
        return plain(options, host)

    monkeypatch.setattr(sys.modules["mutagen.api"], "run", run)
    assert main(["apply", "r.yaml", "a.py", "b.py", "-i"]) == 0
    assert reviews[0] is reviews[1] is not None
