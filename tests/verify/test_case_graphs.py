"""One graph serves all cases where it can; what looks at the mode, or at sizes, gets its own."""

from __future__ import annotations

import pytest

from mutagen.trace.session import Graphs, open_again
from mutagen.verify import session

PLAIN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))
"""


def graphs_of(bench, source):
    open_again(bench.target(source))
    session.prepare(1)
    found = session._graphs[0]
    return [found.graph(number, Graphs) for number in range(len(session._prepared[0].cases))]


def test_what_looks_at_no_mode_has_one_graph(bench):
    found = graphs_of(bench, PLAIN)
    assert len(found) == 4 and all(graph is found[0] for graph in found)
    assert found[0].taken is not None and not found[0].taken.modal


@pytest.mark.parametrize(
    "changed",
    [
        "F.dropout(self.bn(self.conv(x)), 0.5, self.training)",
        "self.bn(self.conv(x)) * (2.0 if self.conv.training else 1.0)",
        "self.bn(self.conv(x.detach() if self.training else x))",
    ],
)
def test_what_looks_at_the_mode_has_a_graph_for_each(bench, changed):
    found = graphs_of(bench, PLAIN.replace("F.relu(self.bn(self.conv(x)))", changed))
    assert len(found) == 4 and found[0] is found[1] and found[2] is found[3]
    assert found[0] is not found[2]


def test_what_looks_at_sizes_has_a_graph_for_each(bench):
    counted = "F.relu(self.bn(self.conv(x))) * float(torch.zeros(x.shape[2]).numel())"
    found = graphs_of(bench, PLAIN.replace("F.relu(self.bn(self.conv(x)))", counted))
    assert len({id(graph) for graph in found}) == 4
    assert {graph.method for graph in found} == {"recorded"}


def test_other_weights_are_checked_anew(bench):
    before = graphs_of(bench, PLAIN)
    session._prepared[0].advance()
    after = [session._graphs[0].graph(number, Graphs) for number in range(4)]
    assert all(one is not other for one, other in zip(before, after, strict=True))


def test_no_case_beyond_the_last(bench):
    graphs_of(bench, PLAIN)
    session.look_ahead(9)
