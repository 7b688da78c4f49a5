"""What a rule with ``skip`` keeps from the rules that follow."""

from __future__ import annotations

from collections.abc import Iterable

from mutagen.records.match import AnyMatch, InstanceMatch, PatternMatch


class Reserved:
    """Modules with all that they hold, and single calls."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._nodes: set[int] = set()

    def add(self, matches: Iterable[AnyMatch]) -> None:
        """Reserve what a rule has selected."""
        for it in matches:
            if isinstance(it, InstanceMatch):
                self._paths.add(it.path)
            else:
                self._nodes.add(it.node)

    def holds(self, match: AnyMatch) -> bool:
        """Whether a match is reserved, or speaks of what a reserved module holds; of a chain any part."""
        if isinstance(match, PatternMatch):
            return any(self._is_held(it.path, it.node) for it in match.parts)
        return self._is_held(match.path, getattr(match, "node", None))

    def _is_held(self, path: str, node: int | None) -> bool:
        parts = path.split(".")
        around = {".".join(parts[:count]) for count in range(len(parts) + 1)}
        return not self._paths.isdisjoint(around) or node in self._nodes
