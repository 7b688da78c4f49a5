"""The files in which a model stands: where its modules are made, and where their classes are."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256

from mutagen.records.trace import Trace
from mutagen.source.project import Project


def where_it_stands(trace: Trace, project: Project) -> Mapping[str, str]:
    """The target, and the files of the model that may be edited, with their SHA-256."""
    chains = (site.span.file for it in trace.instances for site in it.chain)
    classes = (it.definition.file for it in trace.instances if it.definition)
    files = {path for path in (*chains, *classes) if path in project.files}
    found = {project.target}
    with suppress(OSError):  # a file beside the target that may not be read is none of its own
        found |= {path for path in files if project.editable(path)}
    return {path: sha256(project.read(path)).hexdigest() for path in sorted(found)}
