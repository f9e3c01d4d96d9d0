"""A model of a YAML file as the JSON Schema (draft-07) that an editor completes and checks by.

Editors read numbers and truths as such where the hub reads every scalar as text: both are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

JsonSchema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
ANY_TEXT: tuple[str, ...] = ("string", "number", "boolean")
"""What an editor may take a text for that stands without quotes."""

NOTHING: JsonSchema = {"not": {}}
"""No value at all: an empty list of values is no valid schema to the editors."""

_UNUSED = ("title", "default", "format")


def schema_of(model: type[BaseModel]) -> JsonSchema:
    """The schema of a file that `model` reads, its parts under `definitions`."""
    made = model.model_json_schema(ref_template="#/definitions/{model}")
    parts = {name: _adapted(part) for name, part in made.pop("$defs", {}).items()}
    return {"$schema": DRAFT, **_adapted(made), "definitions": parts}


def one_of(values: Iterable[str]) -> JsonSchema:
    """One of these texts, also where an editor takes it for a number or a truth."""
    texts = list(dict.fromkeys(values))
    if not texts:
        return NOTHING
    return {"enum": [*texts, *(native for text in texts if type(native := _native(text)) is not str)]}


def known_or_new(values: Iterable[str], new: JsonSchema) -> JsonSchema:
    """One of these texts, which are proposed, or what fits `new`."""
    known = one_of(values)
    return {"anyOf": [known, new]} if known != NOTHING else new


def listed(values: Mapping[str, str]) -> JsonSchema:
    """One of these texts, each with what is said of it."""
    return {"enum": list(values), "enumDescriptions": list(values.values())} if values else NOTHING


def named(known: dict[str, JsonSchema], *, new: JsonSchema | None = None, names: JsonSchema | None = None) -> JsonSchema:
    """An object of these keys; of others too when `new` says what they hold and `names`, if given, how they are written."""
    more: JsonSchema = {"additionalProperties": False if new is None else new}
    return {"type": "object", "properties": known, **more, **({"propertyNames": names} if names else {})}


def _native(text: str) -> Any:
    """What YAML 1.2 makes of a plain scalar: a truth, a number, or the text itself."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text) if text.lstrip("+-").isascii() and text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return text


def _adapted(node: Any) -> Any:
    if isinstance(node, list):
        return [_adapted(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _below(key, value) for key, value in node.items() if key not in _UNUSED}
    return _text(_number(_keys(_without_null(kept))))


def _below(key: str, value: Any) -> Any:
    """What stands under a keyword; the names of properties are no keywords."""
    if key == "properties":
        return {name: _adapted(each) for name, each in value.items()}
    return value if key in ("enum", "required", "examples", "const") else _adapted(value)


def _without_null(node: JsonSchema) -> JsonSchema:
    options = [each for each in node.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) != 1:
        return node
    return {**options[0], **{key: value for key, value in node.items() if key != "anyOf"}}


def _keys(node: JsonSchema) -> JsonSchema:
    """Keys that have a form, or that are listed, as editors complete them best."""
    names = node.get("propertyNames", {})
    if listed := names.get("enum"):
        rest = {key: each for key, each in node.items() if key != "propertyNames"}
        value: JsonSchema = node["additionalProperties"]
        return {**rest, **named(dict.fromkeys(listed, value))}
    if len(patterns := node.get("patternProperties", {})) == 1:
        (pattern, value) = next(iter(patterns.items()))
        rest = {key: each for key, each in node.items() if key != "patternProperties"}
        return {**rest, "additionalProperties": value, "propertyNames": {**names, "pattern": pattern}}
    return node


def _number(node: JsonSchema) -> JsonSchema:
    match node.get("type"):
        case "integer":
            return {**node, "type": ["integer", "string"], "pattern": r"^\s*\d+\s*$"}
        case "number":
            return {**node, "type": ["number", "string"], "pattern": r"^\s*\d+(\.\d+)?\s*$"}
        case _:
            return node


def _text(node: JsonSchema) -> JsonSchema:
    if node.get("type") == "string" and not {"pattern", "enum", "const"} & node.keys():
        return {**node, "type": list(ANY_TEXT)}
    return node
