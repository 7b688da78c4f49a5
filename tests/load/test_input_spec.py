"""Example inputs as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mutagen.errors import TargetError
from mutagen.load.input_spec import format_input, parse_input
from mutagen.records.target import InputSpec


@pytest.mark.parametrize(
    ("text", "spec", "written"),
    [
        ("1x3x224x224", InputSpec((1, 3, 224, 224)), None),
        ("ids=1x128:int64", InputSpec((1, 128), "int64", "ids"), None),
        ("1x128:int64<1000", InputSpec((1, 128), "int64", None, 1000), None),
        ("7", InputSpec((7,)), None),
        (" x = 2x3 : torch.long < 5 ", InputSpec((2, 3), "int64", "x", 5), "x=2x3:int64<5"),
        ("1x3:half", InputSpec((1, 3), "float16"), "1x3:float16"),
    ],
)
def test_reads(text, spec, written):
    assert parse_input(text) == spec
    assert format_input(spec) == (written or text)


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("1,3,224", "1,3,224", "parted by x, not by ,"),
        ("1*3", "1*3", "parted by x"),
        ("1×3", "1×3", "parted by x"),
        ("1x3xHxW", "H", "not a whole number"),
        ("1x-3", "-3", "not a whole number"),
        ("1x0x3", "0", "above 0"),
        ("1x٣", "٣", "not a whole number"),
        ("1x3x", "", "missing beside an x"),
        ("", "", "sizes are missing"),
        ("x=:int64", ":", "sizes are missing"),
        ("1x3:flot32", "flot32", "did you mean float32?"),
        ("1x3:", "", "no dtype"),
        ("1x3:string", "string", "known are"),
        ("1x3<4", "<4", "only whole numbers"),
        ("1x3:int64<", "", "is not a whole number above 0"),
        ("1x3:int64<0", "0", "is not a whole number above 0"),
        ("a b=1x2", "a b", "cannot be the name"),
        ("=1x2", "=", "cannot be the name"),
    ],
)
def test_refuses(text, marked, says):
    with pytest.raises(TargetError) as caught:
        parse_input(text)
    error = caught.value
    assert error.code == "T030"
    assert says in error.message
    start = error.place.column - 1
    assert text[start : start + len(marked)] == marked
    assert error.place.length == max(1, len(marked))
    assert "1x3x224x224" in error.hint
    assert error.detail == f"{text}\n{' ' * start}{'^' * error.place.length}"


@given(
    st.builds(
        InputSpec,
        st.lists(st.integers(1, 10**6), min_size=1, max_size=5).map(tuple),
        st.sampled_from(["float32", "bfloat16", "bool"]),
        st.sampled_from([None, "x", "pixel_values"]),
    )
    | st.builds(
        InputSpec,
        st.lists(st.integers(1, 10**6), min_size=1, max_size=5).map(tuple),
        st.just("int64"),
        st.none(),
        st.integers(1, 10**9),
    )
)
def test_reading_undoes_writing(spec):
    assert parse_input(format_input(spec)) == spec
