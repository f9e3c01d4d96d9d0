"""Whether a JSON Schema takes nothing but what is of a shape: then what it takes need not be held against the shape too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.contract import Kind, Shape

_TYPES = {Kind.OBJECT: "object", Kind.INTEGER: "integer", Kind.DECIMAL: "number", Kind.BOOLEAN: "boolean"}
_MOST_REFERENCES = 20


def is_shown(shape: Shape, schema: Any, definitions: Mapping[str, Any]) -> bool:
    """Whether every value that a JSON Schema (2020-12) takes is of this very shape: of its fields and no others, each of its
    kind. Every word of a schema only narrows what it takes: the few that are looked at here hold whatever else it says."""
    schema = followed(schema, definitions)
    if not shape.repeated:
        return _one_is_shown(shape, schema, definitions)
    if shape.nullable or not _is_of(schema, "array") or "prefixItems" in schema:
        return False
    return _one_is_shown(shape, followed(schema.get("items"), definitions), definitions)


def _one_is_shown(shape: Shape, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> bool:
    kind = _TYPES.get(shape.kind, "string")
    if shape.kind is Kind.ANY or not _is_of(schema, kind, *["null"] if shape.nullable else []):
        return False
    if shape.kind is not Kind.OBJECT:
        return True
    fields, children = schema.get("properties") or {}, {child.name: child for child in shape.children if not child.location}
    is_closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    if fields.keys() != children.keys() or not (is_closed or shape.open):
        return False
    return all(is_shown(child, fields[name], definitions) for name, child in children.items())


def _is_of(schema: Mapping[str, Any], *types: str) -> bool:
    said = schema.get("type", [])
    return sorted([said] if isinstance(said, str) else said) == sorted(types)


def followed(schema: Any, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that references lead to; an empty one for what is none, and where they lead elsewhere."""
    for _ in range(_MOST_REFERENCES):
        if not isinstance(schema, Mapping) or "$id" in schema:
            return {}
        if "$ref" not in schema:
            return schema
        base, _, name = str(schema["$ref"]).rpartition("/")
        schema = definitions.get(name) if base == "#/$defs" else None
    return {}
