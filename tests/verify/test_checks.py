"""Each check passes on a good pair and fails on a bad one."""

from __future__ import annotations

from dataclasses import replace

from mutagen.records.proof import CaseFacts, EditedRun, TensorFacts
from mutagen.records.result import Case, Weights
from mutagen.verify.checks import judge

OUT = TensorFacts("output", (2, 10), "float32")
CASE = CaseFacts(0, "eval", ((2, 3, 8, 8),), "case0.pt", "tensor", (OUT,))
RUN = EditedRun(Case("eval", ((2, 3, 8, 8),), True, 0.0), True, "tensor", (OUT,))
KEPT = Weights(("a",), {}, (), ())


def checks(case=CASE, run=RUN, weights=KEPT):
    return {check.name: check for check in judge([case], [run], weights)}


def test_all_pass():
    assert {check.status for check in checks().values()} == {"pass"}


def test_model_that_raises():
    found = checks(run=replace(RUN, error="ValueError: no"))
    assert found["forward"].status == "fail" and "ValueError" in found["forward"].detail
    assert found["outputs"].status == "n/a" and found["gradients"].status == "n/a"


def test_other_shape_type_and_structure():
    for bad in (replace(OUT, shape=(2, 9)), replace(OUT, dtype="float16")):
        assert checks(run=replace(RUN, outputs=(bad,)))["outputs"].status == "fail"
    found = checks(run=replace(RUN, structure="tuple(tensor)"))["outputs"]
    assert found.status == "fail" and "tuple" in found.detail


def test_parameter_that_is_reached_no_more():
    found = checks(run=replace(RUN, unreached=("m/gamma",)))["gradients"]
    assert found.status == "fail" and "m/gamma" in found.detail


def test_parameter_that_never_was_reached():
    found = checks(case=replace(CASE, unreached=("aux",)), run=replace(RUN, unreached=("aux",)))["gradients"]
    assert found.status == "info"


def test_a_new_parameter_where_none_was_reached_before():
    before, after = replace(CASE, unreached=("m.0.weight",)), replace(RUN, unreached=("m.0/pointwise.weight",))
    assert checks(case=before, run=after)["gradients"].status == "info"
    other = replace(RUN, unreached=("m/pointwise.weight",))
    assert checks(case=replace(CASE, unreached=("mm.weight",)), run=other)["gradients"].status == "fail"


def test_lost_keys_are_told():
    found = checks(weights=Weights(("a",), {"b": "b.0"}, (), ("c",)))["checkpoint"]
    assert found.status == "info" and found.detail == "1 kept, 1 moved, 0 new, 1 lost"
