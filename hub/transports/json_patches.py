"""Patches of connector.yaml made in the JSON schemas of an OpenAPI contract, or in a JSON Schema, before anything is read
from them: so the shape that mappings see and the check of every message say the same.

A patch corrects the schema that declares the field: where that is shared by several operations, it changes in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

from hub.specs.connector import Patch
from hub.transports.openapi_files import Sources

_COMPOSED = ("allOf", "anyOf", "oneOf")
_DEEPEST = 30
_INSIDE_LIST = "#items"

Place = tuple[dict[str, Any], Path]
"""A schema as the file has it, and that file."""


def patch_operation(sources: Sources, said: dict[str, Any], item: dict[str, Any], file: Path, patch: Patch) -> None:
    """Changes what one OpenAPI operation says. `item`: the path that it stands in."""
    if patch.part == "input" and patch.at.startswith("@"):
        _patch_parameter(sources, said, item, file, patch)
        return
    body = said.get("requestBody") if patch.part == "input" else _answer(sources, said, file, patch.part)
    holder, where = followed(sources, body, file)
    content = dict_of(dict_of(holder).get("content"))
    media = dict_of(content.get(chosen_media(content)))
    if "schema" in media:
        patch_schema(sources, media["schema"], where, patch)


def patch_schema(sources: Sources, schema: Any, file: Path, patch: Patch) -> None:
    """Changes the field at the patch's path below a schema."""
    fields = [(schema, file)] if isinstance(schema, dict) else []
    owners: list[Place] = []
    names = [name for name in patch.at.split(".") if name not in (_INSIDE_LIST, "#text")]
    for name in names:
        owners = [
            each for field in fields for each in _objects(sources, *field) if name in dict_of(each[0].get("properties"))
        ]
        fields = [(owner["properties"][name], where) for owner, where in owners]
    for owner, _ in owners if patch.required is not None else ():
        _require(owner, names[-1], bool(patch.required))
    for field, where in fields:
        if isinstance(field, dict):
            _change(sources, field, where, patch)


def followed(sources: Sources, node: Any, file: Path) -> Place | tuple[Any, Path]:
    """A node, with its `$ref` followed."""
    for _ in range(_DEEPEST):
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            break
        node, file, _pointer = sources.follow(node["$ref"], file)
    return node, file


FORMS: Mapping[str, Literal["urlencoded", "multipart"]] = {
    "multipart/form-data": "multipart",
    "application/x-www-form-urlencoded": "urlencoded",
}


def chosen_media(content: Mapping[str, Any]) -> str:
    """The media type to use: JSON before things like it before anything goes before forms; "" where none of these is."""
    plain = {media: media.partition(";")[0].strip().lower() for media in content}
    for fits in (
        lambda name: name == "application/json",
        lambda name: name.endswith("+json"),
        lambda name: name in ("*/*", "application/*"),
        lambda name: name == "multipart/form-data",
        lambda name: name == "application/x-www-form-urlencoded",
    ):
        found = next((media for media, name in plain.items() if fits(name)), None)
        if found:
            return found
    return ""


def dict_of(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def _answer(sources: Sources, said: dict[str, Any], file: Path, part: str) -> Any:
    answers = {str(status): each for status, each in dict_of(said.get("responses")).items()}
    if part != "output":
        return answers.get(part)
    good = [each for status, each in answers.items() if status[:1] == "2"] or [answers.get("default")]
    holding = (each for each in good if dict_of(followed(sources, each, file)[0]).get("content"))
    return next(holding, None)


def _patch_parameter(sources: Sources, said: dict[str, Any], item: dict[str, Any], file: Path, patch: Patch) -> None:
    for node in [*list_of(said.get("parameters")), *list_of(item.get("parameters"))]:
        parameter, where = followed(sources, node, file)
        if isinstance(parameter, dict) and f"@{parameter.get('name')}" == patch.at:
            if patch.required is not None:
                parameter["required"] = bool(patch.required)
            _change(sources, parameter.setdefault("schema", {"type": "string"}), where, patch)
            return


def _objects(sources: Sources, schema: Any, file: Path, depth: int = 0) -> Iterator[Place]:
    """The schemas that may declare fields of this one: itself, what it refers to or is composed of, a list's items."""
    node, where = followed(sources, schema, file)
    if not isinstance(node, dict) or depth > _DEEPEST:
        return
    yield node, where
    inner = [each for word in _COMPOSED for each in list_of(node.get(word))] + [node.get("items")]
    for each in inner:
        yield from _objects(sources, each, where, depth + 1)


def _require(owner: dict[str, Any], name: str, required: bool) -> None:
    others = [each for each in list_of(owner.get("required")) if each != name]
    owner["required"] = [*others, name] if required else others


def _change(sources: Sources, field: dict[str, Any], file: Path, patch: Patch) -> None:
    if patch.values is not None or patch.longest is not None or patch.shortest is not None:
        _limit(_own(sources, field, file), patch)
    if patch.nullable is not None:
        _own(sources, field, file)["nullable"] = bool(patch.nullable)
        if isinstance(field.get("type"), list) and not patch.nullable:
            field["type"] = [each for each in field["type"] if each != "null"]
    if patch.repeated is not None:
        _repeat(sources, field, file, bool(patch.repeated))


def _own(sources: Sources, field: dict[str, Any], file: Path) -> dict[str, Any]:
    """A field that only refers to a schema gets a copy of that: what is changed is this field's alone."""
    target, where = followed(sources, field, file)
    if "$ref" in field and isinstance(target, dict):
        # A reference inside the copy is read from this file: one that was relative to another file would lead elsewhere.
        if where != file and any(isinstance(each, dict | list) for each in target.values()):
            return target
        field.clear()
        field.update(deepcopy(target))
    return field


def _limit(field: dict[str, Any], patch: Patch) -> None:
    if patch.longest is not None:
        field["maxLength"] = patch.longest
    if patch.shortest is not None:
        field["minLength"] = patch.shortest
    if patch.values is not None:
        field.pop("const", None)
        field.pop("enum", None)
        if patch.values:
            field["enum"] = [_typed(value, field.get("type")) for value in patch.values]


def _typed(value: str, kind: Any) -> Any:
    try:
        return int(value) if kind == "integer" else float(value) if kind == "number" else value
    except ValueError:
        return value


def _repeat(sources: Sources, field: dict[str, Any], file: Path, repeated: bool) -> None:
    target, _ = followed(sources, field, file)
    listed = dict_of(target).get("type") == "array"
    if repeated and not listed:
        one = dict(field)
        field.clear()
        field.update({"type": "array", "items": one})
    elif listed and not repeated:
        items = dict_of(dict_of(target).get("items"))
        field.clear()
        field.update(items)
