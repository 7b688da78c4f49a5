"""The part of SARIF 2.1.0 (OASIS, 2020) that is written here, as a JSON Schema of our own that allows nothing else.

The sections of the standard stand behind what they ask for.
"""

from __future__ import annotations

from typing import Any


def closed(needed: str, may: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others; ``needed`` names those that must be there."""
    return {
        "type": "object",
        "required": needed.split(),
        "properties": {**properties, **(may or {})},
        "additionalProperties": False,
    }


def several(items: dict[str, Any], *, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


TEXT = {"type": "string", "minLength": 1}
MESSAGE = closed("text", text=TEXT)  # 3.11
COUNT = {"type": "integer", "minimum": 1}
REGION = closed(
    "startLine startColumn endLine endColumn", startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT
)  # 3.30
ARTIFACT = closed("uri", uri={"type": "string", "format": "uri-reference"}, uriBaseId=TEXT)  # 3.4
LOCATION = closed(
    "physicalLocation",
    physicalLocation=closed("artifactLocation", artifactLocation=ARTIFACT, region=REGION),  # 3.29
    logicalLocations=several(closed("fullyQualifiedName kind", fullyQualifiedName=TEXT, kind=TEXT), least=1),  # 3.33
)
REPLACEMENT = closed(
    "deletedRegion", deletedRegion=REGION, insertedContent=closed("text", text={"type": "string"})
)  # 3.57
FIX = closed(
    "artifactChanges",  # 3.55
    description=MESSAGE,
    artifactChanges=several(
        closed("artifactLocation replacements", artifactLocation=ARTIFACT, replacements=several(REPLACEMENT, least=1)),
        least=1,
    ),
)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RESULT = {
    **closed(
        "ruleId message locations partialFingerprints",  # 3.27
        ruleId=TEXT,
        kind={"enum": ["fail", "informational"]},
        level=LEVEL,
        message=MESSAGE,
        locations=several(LOCATION, least=1),
        partialFingerprints=closed("mutagenTarget/v1", {"mutagenTarget/v1": {"pattern": "^[0-9a-f]{64}$"}}),
        fixes=several(FIX, least=1),
    ),
    # 3.27.10: what is no failure has the level "none"
    "if": {"properties": {"kind": {"const": "informational"}}},
    "then": {"properties": {"level": {"const": "none"}}},
}
NOTIFICATION = closed(
    "message level", descriptor=closed("id", id=TEXT), message=MESSAGE, level=LEVEL, locations=several(LOCATION)
)  # 3.58
RULE = closed("id", id=TEXT, shortDescription=MESSAGE, help=MESSAGE)  # 3.49
RUN = closed(
    "tool results columnKind",  # 3.14
    tool=closed("driver", driver=closed("name version rules", name=TEXT, version=TEXT, rules=several(RULE))),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=several(
        closed(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=several(NOTIFICATION),
        )
    ),
    results=several(RESULT),
)
SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **closed("version runs", {"$schema": TEXT}, version={"const": "2.1.0"}, runs=several(RUN, least=1)),  # 3.13
}
