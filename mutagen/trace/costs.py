"""What the modules of the open model cost."""

from __future__ import annotations

from mutagen.count.by_module import count_modules
from mutagen.trace.facts import module_paths
from mutagen.trace.session import live


def macs_by_path() -> dict[str, int] | None:
    """Multiply-adds of one sample by the first path of each module that costs any; None where none can be counted."""
    here = live()
    args, kwargs = here.example.layout.arguments(here.make_inputs())
    spent = count_modules(here.model, args, kwargs=kwargs)
    paths = module_paths(here.model)
    return None if spent is None else {paths[key]: macs for key, macs in spent.items() if macs and key in paths}
