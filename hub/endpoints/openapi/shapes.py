"""The shape of a document, as a JSON Schema: what the hub takes, no narrower than the contract that it was made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.contract import Kind, Shape

Schema = dict[str, Any]

_LEAVES: dict[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.DECIMAL: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.DATETIME: {"type": "string", "format": "date-time"},
    Kind.TIME: {"type": "string", "format": "time"},
    Kind.BASE64: {"type": "string", "contentEncoding": "base64"},
}
_SEARCHED = "(?s:.*)(?:", ")(?s:.*)"
"""What stands around a pattern that was made to fit a whole value."""


def schema_of(shape: Shape) -> Schema:
    """The schema of a JSON body; parameters (path, query, header) are no part of it."""
    bare = shape.child("#text")
    return _field(bare) if bare else _field(shape)


def parameters_of(shape: Shape) -> list[Schema]:
    """The parameters that stand outside the body, as OpenAPI writes them; a path's are the caller's own and left out."""
    return [
        {
            "name": child.name.removeprefix("@"),
            "in": child.location,
            "required": child.required,
            "schema": _field(child),
            **_described(child),
        }
        for child in shape.children
        if child.location in ("query", "header")
    ]


def _field(shape: Shape) -> Schema:
    if not shape.repeated:
        return _one(shape)
    listed: Schema = {"type": "array", "items": _one(shape, nullable=False)}
    return _or_null(listed) if shape.nullable else listed


def _one(shape: Shape, *, nullable: bool | None = None) -> Schema:
    if shape.kind is Kind.ANY:
        return _described(shape)
    schema = _object(shape) if shape.kind is Kind.OBJECT else _leaf(shape)
    wanted = shape.nullable if nullable is None else nullable
    return {**(_or_null(schema) if wanted else schema), **_described(shape)}


def _object(shape: Shape) -> Schema:
    if items := shape.child("#items"):
        return {"type": "array", "items": _one(items)}
    children = [child for child in shape.children if not child.location]
    required = [child.name for child in children if child.required]
    return {
        "type": "object",
        "properties": {child.name: _field(child) for child in children},
        **({"required": required} if required else {}),
        **({} if shape.open else {"additionalProperties": False}),
    }


def _leaf(shape: Shape) -> Schema:
    number = shape.kind in (Kind.INTEGER, Kind.DECIMAL)
    facets = {
        "enum": [_value(value, shape.kind) for value in shape.values],
        "minLength": shape.shortest,
        "maxLength": shape.longest,
        "minimum": _value(shape.lowest, shape.kind) if number and shape.lowest else None,
        "maximum": _value(shape.highest, shape.kind) if number and shape.highest else None,
    }
    patterns = [{"pattern": _pattern(each)} for each in shape.patterns]
    return {
        **_LEAVES[shape.kind],
        **{name: value for name, value in facets.items() if value not in (None, [])},
        **(patterns[0] if len(patterns) == 1 else {"anyOf": patterns} if patterns else {}),
    }


def _pattern(pattern: str) -> str:
    """A pattern that a whole value must fit, as JSON Schema searches for it."""
    before, after = _SEARCHED
    if pattern.startswith(before) and pattern.endswith(after):
        return pattern[len(before) : -len(after)]
    return f"^(?:{pattern})$"


def _value(text: str, kind: Kind) -> Any:
    match kind:
        case Kind.INTEGER:
            return int(text)
        case Kind.DECIMAL:
            return float(text)
        case Kind.BOOLEAN:
            return text == "true"
        case _:
            return text


def _or_null(schema: Schema) -> Schema:
    return {
        **schema,
        "type": [schema["type"], "null"],
        **({"enum": [*schema["enum"], None]} if "enum" in schema else {}),
    }


def _described(shape: Shape) -> Schema:
    return {"description": shape.note} if shape.note else {}


def has_files(shapes: Iterable[Shape]) -> bool:
    """Whether a file may stand in one of these documents."""
    return any(leaf.kind is Kind.BASE64 for shape in shapes for _, leaf in shape.leaves())
