"""A look at planned changes before they are proved, with the right to refuse some."""

from __future__ import annotations

from collections.abc import Callable, Collection

from mutagen.records.plan import Edit, Plan
from mutagen.records.result import FileChange

Review = Callable[[Plan, tuple[FileChange, ...]], Collection[Edit]]
"""Is shown a plan and the changes that it makes; returns the edits that are refused."""
