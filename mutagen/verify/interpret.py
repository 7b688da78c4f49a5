"""Runs an edited graph, telling the streams of randomness whose forward makes each call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import fx

from mutagen.trace.graph_module import GraphRun
from mutagen.verify.patient import Patient
from mutagen.verify.streams import Streams


class _Run(GraphRun):
    def __init__(self, patient: Patient, active: Streams) -> None:
        super().__init__(patient.root, patient.graph)
        self._scopes = patient.scopes()
        self._active = active

    def run_node(self, n: fx.Node) -> Any:
        """Run one node within its scope."""
        with self._active.within(self._scopes.get(n, "")):
            return super().run_node(n)


def runner(patient: Patient, active: Streams | None) -> Callable[..., Any]:
    """Return the edited graph as a function of the flat inputs; None where no random numbers are drawn."""
    run = GraphRun(patient.root, patient.graph) if active is None else _Run(patient, active)
    return run.run
