"""The graph of the original in each case of a proof."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mutagen.trace.graphs import Drawing, LiveGraph
from mutagen.trace.session import Graphs
from mutagen.verify.observe import Leaves
from mutagen.verify.prepared import Prepared
from mutagen.verify.streams import module_paths, streams


class CaseGraphs:
    """Graphs by the numbers of cases, each held against the model in its case; one may serve several of a mode."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._drawn = prepared.drawn
        self._known: dict[int, LiveGraph] = {}

    def look_ahead(self, number: int, graphs: Callable[[], Graphs]) -> None:
        """Find the graph of a case before it is known what will be changed, if symbolic tracing gives it."""
        if number not in self._known:
            found = self._symbolic(number, graphs())
            if found is not None:
                self._known[number] = found

    def graph(self, number: int, graphs: Callable[[], Graphs]) -> LiveGraph:
        """The graph of a case; ``graphs`` is called where one must be taken, with the weights that the model has."""
        if self._drawn != self._prepared.drawn:  # what was checked, was checked with other weights
            self._known.clear()
            self._drawn = self._prepared.drawn
        if number not in self._known:
            source = graphs()
            found = self._symbolic(number, source) or source(*self._case(number), drawing=self._drawing(number))
            self._known[number] = found
        return self._known[number]

    def _symbolic(self, number: int, graphs: Graphs) -> LiveGraph | None:
        return self._shared(number, graphs) or graphs.symbolic(*self._case(number))

    def _shared(self, number: int, graphs: Graphs) -> LiveGraph | None:
        """The graph of an earlier case in the same mode, or in whatever mode, if it holds for this one too."""
        mode, leaves, expected = self._case(number)
        cases = self._prepared.cases
        same = [graph for other, graph in self._known.items() if cases[other].mode == mode]
        any_mode = [graph for graph in self._known.values() if graph.taken is not None and not graph.taken.modal]
        known = next(iter([*same, *any_mode]), None)
        return known if known is not None and graphs.holds(known, mode, leaves, expected) else None

    def _drawing(self, number: int) -> Drawing | None:
        """What draws the numbers of the proof, where chance has a part in the case."""
        case, original = self._prepared.cases[number], self._prepared.original
        chance = original.has_chance(case.mode, case.shapes)
        return partial(streams, original.seed, module_paths(original.model)) if chance else None

    def _case(self, number: int) -> tuple[str, Leaves, Any]:
        case, original = self._prepared.cases[number], self._prepared.original
        chance = original.has_chance(case.mode, case.shapes)
        output = list(original.seen[case.mode, case.shapes].outputs.tensors.values())
        return case.mode, case.leaves, None if chance else output
