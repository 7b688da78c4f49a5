"""The JSON Schema of rule files: what the models take, with what an editor should say and offer beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mutagen.load.json_schema import DIALECT, schema_of
from mutagen.load.rules_said import SAID
from mutagen.load.rules_schema import FilePart
from mutagen.load.rules_words import ACTIONS, MEANINGS, OPERATIONS

FILE_NAME = "rules.schema.json"

_SWITCH = {"required": ["enabled"], "maxProperties": 2}
_PATTERN = {"required": ["match"], "properties": {"match": {"required": ["pattern"]}}}
_NUMBER = {"type": "number"}
_CLASS = r"^([A-Za-z_]\w*\.)*[A-Z]\w*$"
# Closer than the types of the models: what rules_checks finds, as far as a schema can say it.
_CLOSER: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("RulePart", "id"): {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
    ("MatchPart", "block"): {"anyOf": [{"enum": [*MEANINGS]}, {"type": "string", "pattern": _CLASS}]},
    ("MatchPart", "op"): {"anyOf": [{"enum": sorted(OPERATIONS)}, {"type": "string", "minLength": 1}]},
    **{("ConditionPart", test): _NUMBER for test in ("gt", "ge", "lt", "le")},
    ("ConditionPart", "in"): {"type": "array", "minItems": 1},
    ("ConditionPart", "multiple_of"): {"type": "integer", "minimum": 1},
}


def rules_schema() -> dict[str, Any]:
    """The schema, draft-07."""
    made = schema_of(FilePart)
    definitions: dict[str, Any] = made["definitions"]
    for (part, key), closer in _CLOSER.items():
        definitions[part]["properties"][key] = dict(closer)
    for part, properties in [("FilePart", made["properties"]), *_properties(definitions)]:
        for key in properties:
            if (part, key) in SAID:
                properties[key] = _described(properties[key], SAID[part, key])
    rule = definitions["RulePart"]
    actions = [action for action in ACTIONS if action in rule["properties"]]
    one = {"oneOf": [*({"required": ["match", action]} for action in actions), _SWITCH]}
    some = {"anyOf": [{"required": [action]} for action in actions]}
    rule |= {"if": _PATTERN, "then": {**some, **_shapes("Parts")}, "else": {**one, **_shapes("Part")}}
    made["anyOf"] = [{"required": [key]} for key in ("rules", "include", "blocks", "templates")]
    title = "Rules of mutagen: what to change in a PyTorch model"
    return {"$schema": DIALECT, "title": title, **made, "definitions": dict(sorted(definitions.items()))}


def _shapes(ending: str) -> dict[str, Any]:
    """What actions look like: on parts by name for a pattern, else on all that is matched."""
    kinds = [kind for kind in ACTIONS if kind != "skip"]
    shapes: dict[str, Any] = {kind: {"$ref": f"#/definitions/{kind.capitalize()}{ending}"} for kind in kinds}
    if ending == "Part":
        shapes["remove"] = {"anyOf": [shapes["remove"], {"const": True}]}
    return {"properties": shapes}


def rules_schema_text() -> str:
    """The schema as it is shipped."""
    return json.dumps(rules_schema(), indent=2, ensure_ascii=False) + "\n"


def _properties(definitions: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, each["properties"]) for name, each in definitions.items() if "properties" in each]


def _described(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A schema with words of its own; draft-07 passes over what stands beside a reference."""
    if "$ref" in schema:
        return {"description": text, "allOf": [dict(schema)]}
    return {"description": text, **schema}
