"""Several changes behind one construction bind its result once, return it once, and share a loop."""

from __future__ import annotations

from mutagen.actions.draft import Draft
from mutagen.planning.bound_results import share_bound
from mutagen.records.plan import Edit
from mutagen.records.span import Span

WHOLE, END = Span("/m.py", 5, 4, 5, 16), Span("/m.py", 5, 16, 5, 16)
HEAD = "\n    for parent in (\n        net.a,\n        net.b,\n    ):"
OTHER = "\n    for parent in (\n        net.c,\n    ):"
RETURN = "\n    return net"


def change(*lines: str, paths: tuple[str, ...] = ("a",), bound: str = "net = Net()") -> Draft:
    text = "".join(lines) + RETURN
    return Draft(
        edits=(
            Edit(WHOLE, "return Net()", bound, "r", "override", "why", paths),
            Edit(END, "", text, "r", "override", "why", paths),
        )
    )


def written(*drafts: Draft) -> list[list[str]]:
    return [[edit.new for edit in draft.edits] for draft in share_bound(drafts)]


def test_one_loop_and_one_return() -> None:
    first, second = "\n        parent.x = X()", "\n        parent.y = Y()"
    assert written(change(HEAD, first), change(HEAD, second, paths=("b",))) == [
        ["net = Net()", HEAD + first],
        [second + RETURN],
    ]
    kept = share_bound([change(HEAD, first), change(HEAD, second, paths=("b",))])[0].edits[0]
    assert kept.instances == ("a", "b")


def test_loops_over_other_modules_stay_apart() -> None:
    line = "\n        parent.x = X()"
    found = written(change(HEAD, line), change(OTHER, line), change(HEAD, line))
    assert found == [["net = Net()", HEAD + line], [OTHER + line], [HEAD + line + RETURN]]


def test_lines_behind_a_loop_end_it() -> None:
    loop, line = "\n        parent.x = X()", "\n    net.d = D()"
    assert written(change(HEAD, loop, line), change(HEAD, loop))[1] == [HEAD + loop + RETURN]


def test_one_change_stays_as_it_is() -> None:
    alone = change(HEAD, "\n        parent.x = X()")
    assert share_bound([alone, Draft()]) == [alone, Draft()]


def test_other_names_are_no_such_binding() -> None:
    both = [change("\n    net.a = A()"), change("\n    model.b = B()", bound="model = Net()")]
    assert share_bound(both) == both, "these meet, and are told as a conflict"
