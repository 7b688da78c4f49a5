"""Model calls are read by their syntax alone, and written back the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mutagen.errors import TargetError
from mutagen.load.model_call import call_from_parts, format_call, parse_call
from mutagen.records.target import Call, Collection, Name


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("Net", Call("Net")),
        (" Net() ", Call("Net")),
        ("pkg.models.Net", Call("pkg.models.Net")),
        ("UNet(3, n_classes=2)", Call("UNet", (3,), {"n_classes": 2})),
        ("Net(-1, -2.5, 'a', None, True)", Call("Net", (-1, -2.5, "a", None, True))),
        ("Net(act=nn.ReLU)", Call("Net", (), {"act": Name("nn.ReLU")})),
        (
            "Model(Config(depths=[2, 2]), size=(1,), extra={'a': b, 3: ()})",
            Call(
                "Model",
                (Call("Config", (), {"depths": Collection("list", (2, 2))}),),
                {
                    "size": Collection("tuple", (1,)),
                    "extra": Collection("dict", (("a", Name("b")), (3, Collection("tuple", ())))),
                },
            ),
        ),
        ("Net(\n  3,\n)", Call("Net", (3,))),
    ],
)
def test_reads(text, call):
    assert parse_call(text) == call
    assert parse_call(format_call(call)) == call


def test_writes_as_one_would_type_it():
    assert format_call(parse_call("m.Net( 3,act = nn.ReLU ,d={'a':[1,(2,)]})")) == (
        "m.Net(3, act=nn.ReLU, d={'a': [1, (2,)]})"
    )


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("Net(1 + 2)", "1 + 2", "an operation"),
        ("Net(not a)", "not a", "an operation"),
        ("Net(+1)", "+1", "an operation"),
        ("Net(é, lambda: 1)", "lambda: 1", "a lambda"),
        ("Net([i for i in x])", "[i for i in x]", "a comprehension"),
        ("Net(f'{x}')", "f'{x}'", "an f-string"),
        ("Net(*sizes)", "*sizes", "*"),
        ("Net(**sizes)", "sizes", "**"),
        ("Net({**sizes})", "{**sizes}", "**"),
        ("Net(x[0])", "x[0]", "subscript"),
        ("Net({1, 2})", "{1, 2}", "set"),
        ("Net(b'x')", "b'x'", "constant"),
        ("Net(...)", "...", "constant"),
        ("Net(2j)", "2j", "constant"),
        ("make().net", "make().net", "result"),
        ("make()()", "make()", "result"),
        ("Net(make().x)", "make().x", "result"),
        ("3", "3", "not a model"),
        ("[Net()]", "[Net()]", "not a model"),
        ("Net(a=(yield))", "yield", "yield"),
        ("__import__('os').system('x')", "__import__('os').system", "result"),
    ],
)
def test_refuses_what_would_have_to_be_evaluated(text, marked, says):
    with pytest.raises(TargetError) as caught:
        parse_call(text)
    error = caught.value
    assert error.code == "T020"
    assert says in error.message
    start = error.place.column - 1
    assert text[start : start + error.place.length] == marked
    assert error.detail.splitlines() == [text, " " * start + "^" * len(marked)]
    assert "--model" in error.hint


@pytest.mark.parametrize(
    ("text", "column"),
    [("", 1), ("Net(", 4), ("Net)", 4), ("a, = b", 4), ("Net(a=1, a=2)", 10), ("Net(\0)", 1), ("x = Net()", 3)],
)
def test_what_is_no_python_gets_a_caret_too(text, column):
    with pytest.raises(TargetError) as caught:
        parse_call(text)
    assert caught.value.code == "T020"
    assert abs(caught.value.place.column - column) <= 2
    assert "^" in caught.value.detail


def test_place_names_who_gave_the_text():
    with pytest.raises(TargetError, match=r"^rules\.yaml:1:5"):
        parse_call("Net(1 + 1)", source="rules.yaml")


def test_error_on_a_later_line():
    with pytest.raises(TargetError) as caught:
        parse_call("Net(\n  3,\n  1 + 1)")
    place = caught.value.place
    assert (place.line, place.column, place.length) == (3, 3, 5)


def test_too_deep_is_refused():
    with pytest.raises(TargetError):
        parse_call("f(" * 3000 + ")" * 3000)


_NAMES = st.sampled_from(["Net", "nn.ReLU", "a.b.c", "größe"])
_LITERALS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False).filter(lambda x: x == x)
    | st.text(max_size=5)
)
_VALUES = st.recursive(
    _LITERALS | st.builds(Name, _NAMES),
    lambda inner: (
        st.builds(Collection, st.sampled_from(["list", "tuple"]), st.lists(inner, max_size=3).map(tuple))
        | st.builds(Collection, st.just("dict"), st.lists(st.tuples(inner, inner), max_size=2).map(tuple))
        | st.builds(
            Call,
            _NAMES,
            st.lists(inner, max_size=2).map(tuple),
            st.dictionaries(st.sampled_from(["a", "ä", "n_classes"]), inner, max_size=2),
        )
    ),
    max_leaves=8,
)


@given(st.builds(Call, _NAMES, st.lists(_VALUES, max_size=3).map(tuple)))
def test_reading_undoes_writing(call):
    assert repr(parse_call(format_call(call))) == repr(call)


def test_parts_keep_strings_as_strings():
    call = call_from_parts("UNet", [3, "nn.ReLU", [1, "x"]], {"extra": {"a": None}, "size": (1, 2)})
    assert call == Call(
        "UNet",
        (3, "nn.ReLU", Collection("list", (1, "x"))),
        {"extra": Collection("dict", (("a", None),)), "size": Collection("tuple", (1, 2))},
    )
    assert format_call(call) == "UNet(3, 'nn.ReLU', [1, 'x'], extra={'a': None}, size=(1, 2))"


def test_parts_of_other_kinds_are_refused():
    with pytest.raises(TargetError, match="neither a number"):
        call_from_parts("UNet", [object()], {})
