"""What the configuration says reaches the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mutagen.records.config import Entry

SAMPLES = Path(__file__).parents[2] / "samples"
MODEL, INPUTS = "resnet20()", ("1x3x32x32",)


def test_an_excluded_file_is_refused_and_stays(bench: Any) -> None:
    target = bench.copy(SAMPLES / "resnet_cifar.py")
    report = bench.run("eca-after-blocks", target, MODEL, INPUTS, exclude=(str(target),))
    assert report.status == "refused"
    assert {it.code for it in report.plan.rules[0].refused} == {"excluded"}
    bench.check_untouched()


def test_the_entry_says_how_to_build_what_nothing_else_says(bench: Any) -> None:
    target = bench.copy(SAMPLES / "resnet_cifar.py")
    entry = Entry(str(target), model="resnet32()", inputs=("2x3x16x16",))
    report = bench.run("eca-after-blocks", target, None, (), write=False, entry=entry)
    assert (report.status, report.plan.call.callee) == ("would_change", "resnet32")
    assert report.plan.inputs[0].shape == (2, 3, 16, 16)
    bench.check_untouched()
