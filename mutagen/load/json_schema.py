"""JSON Schema (draft-07, which editors read) of what pydantic models validate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

DIALECT = "http://json-schema.org/draft-07/schema#"


@dataclass(frozen=True)
class Instead:
    """Annotation of a field whose own reader says what fits: the schema is this one."""

    schema: Mapping[str, Any]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema as it was given."""
        return dict(self.schema)


@dataclass(frozen=True)
class Or:
    """Annotation of a field that takes something short for what it holds: the schema is either."""

    schema: Mapping[str, Any]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Both schemas, the field's own first."""
        return {"anyOf": [handler(core), dict(self.schema)]}


@dataclass(frozen=True)
class OrOne:
    """Annotation of a list that may be left out where it has one item."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The list, or one of its items."""
        listed = handler(core)
        return {"anyOf": [listed, listed["items"]]}


class Draft07(GenerateJsonSchema):
    """Schemas in draft-07, in which a null that stands for "left out" is not a value."""

    schema_dialect = DIALECT

    def __init__(self, by_alias: bool = True, ref_template: str = "#/definitions/{model}", **more: Any) -> None:
        super().__init__(by_alias, ref_template, **more)

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """The schema with its definitions where draft-07 looks for them."""
        made = super().generate(schema, mode)
        definitions = made.pop("$defs", {})
        found: JsonSchemaValue = _plain({**made, "definitions": definitions})
        return found

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A key without value is an error in a rule file."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Without defaults: they are those of records, not what a user would write."""
        return self.generate_inner(schema["schema"])


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of what a model takes."""
    return model.model_json_schema(schema_generator=Draft07, ref_template="#/definitions/{model}")


def _plain(value: Any) -> Any:
    """The schema without the titles that pydantic makes out of names, and with references that stand alone.

    Draft-07 passes over whatever stands beside a ``$ref``.
    """
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _plain(each) for key, each in value.items() if not (key == "title" and isinstance(each, str))}
    if "$ref" in kept and len(kept) > 1:
        reference = kept.pop("$ref")
        return {**kept, "allOf": [{"$ref": reference}]}
    return kept
