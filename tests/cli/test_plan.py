from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import main
from mutagen.load.plan_file import dump_plan, read_plan

Made = Callable[..., Any]


def test_plan_is_printed(api: Any, make_plan: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.plan = make_plan()
    assert main(["plan", "r.yaml", "model.py", "--input", "1x3"]) == 0
    assert capsys.readouterr().out == dump_plan(api.plan)
    assert (api.asked[0].write, api.asked[0].inputs) == (False, ("1x3",))


def test_plan_goes_to_a_file_that_can_be_read(api: Any, make_plan: Made, in_folder: Path) -> None:
    api.plan = make_plan()
    assert main(["plan", "r.yaml", "model.py", "-o", "p.json"]) == 0
    assert read_plan("p.json") == api.plan


def test_refusals_go_aside_and_end_with_1(
    api: Any, make_plan: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.plan = make_plan(refused=True)
    assert main(["plan", "r.yaml", "model.py"]) == 1
    assert "refused[no-edit] conv: no exact edit exists" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["plan"], ["plan", "r.yaml"], ["plan", "r.yaml", "a.py", "b.py"]])
def test_plan_takes_one_target(arguments: list[str], api: Any) -> None:
    assert main(arguments) == 2
