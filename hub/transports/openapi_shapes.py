"""Shapes from JSON Schema 2020-12 (as `openapi_schemas` makes it), for the JSON codec to read and write by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.contract import Kind, Shape

LEVELS = 2
DEEPEST = 40
MOST_FIELDS = 20_000

_SCALARS = {"string": Kind.TEXT, "integer": Kind.INTEGER, "number": Kind.DECIMAL, "boolean": Kind.BOOLEAN}
_FORMATS = {"date": Kind.DATE, "date-time": Kind.DATETIME, "time": Kind.TIME, "byte": Kind.BASE64, "binary": Kind.BASE64}
_ALTERNATIVES = ("anyOf", "oneOf")
_LONGEST_NOTE = 300


class Shaper:
    """Makes shapes. A schema within itself is followed twice, then left open (ANY)."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._left = MOST_FIELDS

    def body(self, schema: Any) -> Shape:
        """The shape of a whole body, always an OBJECT: a list is its child `#items`, a bare value its child `#text`."""
        shape = self.field("", schema, ())
        if shape.repeated:
            items = replace(shape, name="#items", required=True)
            return Shape("", Kind.OBJECT, required=True, children=(items,))
        if shape.kind is not Kind.OBJECT:
            return Shape("", Kind.OBJECT, required=True, children=(replace(shape, name="#text", required=True),))
        return replace(shape, required=True)

    def field(self, name: str, schema: Any, above: tuple[str, ...]) -> Shape:
        """The shape of one field."""
        self._left -= 1
        schema, above = self._merged(schema, above)
        endless = any(above.count(each) > LEVELS for each in above)
        if endless or len(above) > DEEPEST or self._left <= 0:
            return Shape(name, Kind.ANY, open=True)
        for word in _ALTERNATIVES:
            if word in schema:
                return self._alternatives(name, schema, word, above)
        return self._plain(name, schema, above)

    def _plain(self, name: str, schema: Mapping[str, Any], above: tuple[str, ...]) -> Shape:
        types = _types(schema)
        nullable = "null" in types or None in schema.get("enum", ())
        match [each for each in types if each != "null"]:
            case ["object"]:
                shape = self._object(name, schema, above)
            case ["array"]:
                shape = self._list(name, schema, above)
            case [scalar] if scalar in _SCALARS:
                shape = _leaf(name, schema, _SCALARS[scalar])
            case [*several] if set(several) == {"integer", "number"}:
                shape = _leaf(name, schema, Kind.DECIMAL)
            case _:
                shape = Shape(name, Kind.ANY, open=True)
        return replace(shape, nullable=nullable or shape.nullable, note=_note(schema) or shape.note)

    def _object(self, name: str, schema: Mapping[str, Any], above: tuple[str, ...]) -> Shape:
        fields = schema.get("properties") or {}
        required = set(schema.get("required") or ())
        unclosed = schema.get("additionalProperties", True) is not False and schema.get("unevaluatedProperties") is not False
        if not fields and unclosed and name:
            return Shape(name, Kind.ANY, open=True)
        children = tuple(replace(self.field(key, each, above), required=key in required) for key, each in fields.items())
        return Shape(name, Kind.OBJECT, children=children, open=unclosed)

    def _list(self, name: str, schema: Mapping[str, Any], above: tuple[str, ...]) -> Shape:
        if "prefixItems" in schema:
            return Shape(name, Kind.ANY, open=True)
        items = self.field(name, schema.get("items", True), above)
        if items.repeated:
            inner = replace(items, name="#items", required=True)
            items = Shape(name, Kind.OBJECT, children=(inner,))
        return replace(items, repeated=True)

    def _alternatives(self, name: str, schema: dict[str, Any], word: str, above: tuple[str, ...]) -> Shape:
        """Several schemas for one field: null makes it nullable, objects are laid over each other, the rest is ANY."""
        base = {key: value for key, value in schema.items() if key != word}
        members = [self._merged({"allOf": [base, each]}, above)[0] for each in schema[word]]
        real = [each for each in members if _types(each) != ["null"] and each.get("type") != "null"]
        nullable = len(real) < len(members)
        if len(real) == 1:
            shape = self.field(name, real[0], above)
        else:
            shape = _common(name, [self.field(name, each, above) for each in real])
        return replace(shape, nullable=nullable or shape.nullable, note=_note(schema) or shape.note)

    def _merged(self, schema: Any, above: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """A schema with its `$ref` and `allOf` folded in, and the definitions that were passed on the way."""
        if not isinstance(schema, dict):
            return {}, above
        found = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        parts = list(schema.get("allOf", ()))
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            if above.count(name) > LEVELS:
                return {}, above
            above = (*above, name)
            parts.insert(0, self._definitions.get(name, {}))
        passed: dict[str, None] = {}
        for part in parts:
            inner, way = self._merged(part, above)
            passed.update(dict.fromkeys(way[len(above) :]))
            found = _together(inner, found)
        return found, (*above, *passed)


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two schemas that both hold, as one: the narrower of each word."""
    found = {**one, **other}
    if "properties" in one and "properties" in other:
        shared = one["properties"].keys() & other["properties"].keys()
        both = {key: {"allOf": [one["properties"][key], other["properties"][key]]} for key in shared}
        found["properties"] = {**one["properties"], **other["properties"], **both}
    if "required" in one and "required" in other:
        found["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    if "enum" in one and "enum" in other:
        found["enum"] = [each for each in one["enum"] if each in other["enum"]]
    for word, narrower in (("maxLength", min), ("maximum", min), ("minLength", max), ("minimum", max)):
        if word in one and word in other:
            found[word] = narrower(one[word], other[word])
    for word in _ALTERNATIVES:
        if word in one and word in other:
            found[word] = [{"allOf": [first, second]} for first in one[word] for second in other[word]]
    return found


def _common(name: str, shapes: list[Shape]) -> Shape:
    """What alternatives have in common."""
    kinds = {shape.kind for shape in shapes}
    if not shapes or len({shape.repeated for shape in shapes}) > 1 or Kind.ANY in kinds:
        return Shape(name, Kind.ANY, open=True)
    if kinds == {Kind.OBJECT}:
        return _laid_over(name, shapes)
    if any(shape.repeated for shape in shapes):
        return Shape(name, Kind.ANY, open=True)
    if kinds == {Kind.INTEGER, Kind.DECIMAL}:
        return Shape(name, Kind.DECIMAL)
    textual = {Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.BASE64}
    if len(kinds) > 1 and not kinds <= textual:
        return Shape(name, Kind.ANY, open=True)
    listed = all(shape.values for shape in shapes)
    values = tuple(dict.fromkeys(value for shape in shapes for value in shape.values)) if listed else ()
    lengths = [shape.longest for shape in shapes if shape.longest is not None]
    longest = max(lengths) if len(lengths) == len(shapes) else None
    return Shape(name, kinds.pop() if len(kinds) == 1 else Kind.TEXT, values=values, longest=longest)


def _laid_over(name: str, shapes: list[Shape]) -> Shape:
    """Alternative objects as one: a field is required where each requires it; what tells them apart is a choice."""
    fields: dict[str, list[Shape]] = {}
    for shape in shapes:
        for child in shape.children:
            fields.setdefault(child.name, []).append(child)
    children = tuple(_overlaid(key, found, len(shapes)) for key, found in fields.items())
    firsts = [_mark(shape, fields) for shape in shapes]
    choices = (tuple(firsts),) if all(firsts) and len(set(firsts)) == len(firsts) else ()
    return replace(shapes[0], name=name, children=children, choices=choices, open=any(each.open for each in shapes))


def _overlaid(name: str, found: list[Shape], alternatives: int) -> Shape:
    required = len(found) == alternatives and all(each.required for each in found)
    if len(found) == 1 or all(each == found[0] for each in found):
        return replace(found[0], required=required)
    return replace(_common(name, found), required=required, repeated=found[0].repeated)


def _mark(shape: Shape, fields: Mapping[str, list[Shape]]) -> str:
    """The first required field that only this alternative has, "" for none."""
    return next((child.name for child in shape.children if child.required and len(fields[child.name]) == 1), "")


def _types(schema: Mapping[str, Any]) -> list[str]:
    """The types that a schema says, or lets one see by its other words."""
    said = schema.get("type")
    if said:
        return [said] if isinstance(said, str) else list(said)
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if values:
        return list(dict.fromkeys(_type_of(value) for value in values))
    for words, kind in (
        (("properties", "additionalProperties", "required"), "object"),
        (("items", "prefixItems"), "array"),
        (("pattern", "maxLength", "minLength", "format"), "string"),
        (("minimum", "maximum", "multipleOf"), "number"),
    ):
        if any(word in schema for word in words):
            return [kind]
    return []


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _leaf(name: str, schema: Mapping[str, Any], kind: Kind) -> Shape:
    if kind is Kind.TEXT:
        kind = _FORMATS.get(str(schema.get("format")), Kind.TEXT)
    values = tuple(_word(value) for value in schema.get("enum", ()) if value is not None)
    if "const" in schema:
        values = (_word(schema["const"]),)
    pattern = schema.get("pattern")
    return Shape(
        name,
        kind,
        values=values,
        fixed=values[0] if "const" in schema else None,
        shortest=schema.get("minLength") if kind is Kind.TEXT else None,
        longest=schema.get("maxLength") if kind is Kind.TEXT else None,
        lowest=_bound(kind, schema, "minimum", "exclusiveMinimum", 1),
        highest=_bound(kind, schema, "maximum", "exclusiveMaximum", -1),
        patterns=(_whole(pattern),) if isinstance(pattern, str) else (),
        decimals=_decimals(kind, schema.get("multipleOf")),
    )


def _bound(kind: Kind, schema: Mapping[str, Any], inclusive: str, exclusive: str, step: int) -> str:
    if inclusive in schema:
        return _word(schema[inclusive])
    if exclusive in schema and kind is Kind.INTEGER:
        return str(int(schema[exclusive]) + step)
    return ""


def _decimals(kind: Kind, multiple: Any) -> int | None:
    """How many decimals `multipleOf: 0.01` leaves."""
    text = str(multiple)
    if kind is not Kind.DECIMAL or not text.startswith("0.") or text.strip("0.") != "1":
        return None
    return len(text) - 2


def _whole(pattern: str) -> str:
    """JSON Schema searches, a Shape's pattern must fit the whole value."""
    anchored_start, anchored_end = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    if anchored_start and anchored_end and "|" not in pattern:
        return pattern[1:-1]
    return f"(?s:.*)(?:{pattern})(?s:.*)"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _note(schema: Mapping[str, Any]) -> str:
    words = schema.get("description") or schema.get("title") or ""
    return " ".join(str(words).split())[:_LONGEST_NOTE]
