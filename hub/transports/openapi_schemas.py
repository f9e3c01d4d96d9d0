"""OpenAPI schemas made JSON Schema 2020-12: the 3.0 dialect translated, every reference brought into one `$defs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from hub.errors import Text
from hub.transports.openapi_files import Sources

_NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains", "propertyNames")
_SINGLE_TOO = ("not", "if", "then", "else", "additionalItems", "contentSchema")
_DROPPED = frozenset(
    {"nullable", "discriminator", "xml", "example", "examples", "externalDocs", "$id", "$schema", "$anchor", "$comment"}
)
_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_DEEPEST = 200


class Bundle:
    """The schemas of one direction, translated; what they refer to is in `definitions`.

    "in" leaves out that readOnly fields are required, "out" that writeOnly ones are.
    """

    def __init__(self, sources: Sources, *, old: bool, direction: Literal["in", "out"]) -> None:
        self._sources = sources
        self._old = old
        self._unasked = "readOnly" if direction == "in" else "writeOnly"
        self._names: dict[tuple[Path, str], str] = {}
        self.definitions: dict[str, Any] = {}

    def translated(self, schema: Any, file: Path, depth: int = 0) -> Any:
        """The same schema as JSON Schema 2020-12; its references point to `#/$defs/`."""
        if not isinstance(schema, dict):
            return schema if isinstance(schema, bool) else True
        if depth > _DEEPEST:
            raise self._sources.folder.wrong(file, 0, Text(en="Schemas too deep.", fr="Schémas trop imbriqués."))
        if "$ref" in schema:
            return self._referring(schema, file, depth)
        found = {key: self._value(key, value, file, depth + 1) for key, value in schema.items() if key not in _DROPPED}
        self._require(found, schema, file)
        _settle_bounds(found)
        _settle_base64(found)
        return _nullable(found) if schema.get("nullable") is True else found

    def _referring(self, schema: dict[str, Any], file: Path, depth: int) -> dict[str, Any]:
        pointer = {"$ref": f"#/$defs/{self._define(str(schema['$ref']), file, depth)}"}
        others = {key: value for key, value in schema.items() if key != "$ref"}
        if self._old or not others:
            return pointer
        rest = self.translated(others, file, depth + 1)
        return {**rest, "allOf": [pointer, *rest.get("allOf", [])]} if isinstance(rest, dict) else pointer

    def _define(self, reference: str, file: Path, depth: int) -> str:
        target, place, pointer = self._sources.follow(reference, file)
        key = (place, pointer)
        if key not in self._names:
            self._names[key] = f"d{len(self._names)}"
            self.definitions[self._names[key]] = self.translated(target, place, depth + 1)
        return self._names[key]

    def _value(self, key: str, value: Any, file: Path, depth: int) -> Any:
        if key in _NAMED and isinstance(value, dict):
            return {name: self.translated(each, file, depth) for name, each in value.items()}
        if key in _LISTED and isinstance(value, list):
            return [self.translated(each, file, depth) for each in value]
        if key in _SINGLE or key in _SINGLE_TOO:
            return self.translated(value, file, depth)
        return value

    def _require(self, found: dict[str, Any], schema: dict[str, Any], file: Path) -> None:
        """`required: true` inside a field is an error of old; what the other direction sets is not asked for."""
        required = found.get("required")
        if not isinstance(required, list):
            found.pop("required", None)
            return
        fields = schema.get("properties") or {}
        found["required"] = [name for name in required if not self._is_unasked(fields.get(name), file)]

    def _is_unasked(self, field: Any, file: Path) -> bool:
        return isinstance(field, dict) and field.get(self._unasked) is True


def _settle_bounds(found: dict[str, Any]) -> None:
    """3.0 says `exclusiveMinimum: true` beside `minimum`; int32 and int64 are bounds too."""
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        said = found.get(exclusive)
        if isinstance(said, bool):
            del found[exclusive]
            if said and inclusive in found:
                found[exclusive] = found.pop(inclusive)
    lowest, highest = _INTEGERS.get(str(found.get("format")), (None, None))
    if lowest is not None and "integer" in _types(found):
        found.setdefault("minimum", lowest)
        found.setdefault("maximum", highest)


def _settle_base64(found: dict[str, Any]) -> None:
    if found.get("contentEncoding") == "base64":
        found["format"] = "byte"


def _nullable(found: dict[str, Any]) -> dict[str, Any]:
    types = _types(found)
    if not types:
        return {"anyOf": [{"type": "null"}, found]}
    listed = found.get("enum")
    if isinstance(listed, list) and None not in listed:
        found["enum"] = [*listed, None]
    return {**found, "type": [*types, "null"]}


def _types(schema: dict[str, Any]) -> list[str]:
    said = schema.get("type")
    return [said] if isinstance(said, str) else list(said or [])
