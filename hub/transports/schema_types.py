"""A JSON Schema as types of msgspec: by them, a body is held against its contract while it is read or written, which costs
less than to do so before or after.

A type takes nothing that its schema does not: what is of the type is right. It need not take all that is right, and whatever
a schema says in other words than these is of no type at all; a test holds each against the check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hub.contract import Kind, Shape, Typed
from hub.transports.shape_proof import followed

_SAYING_NOTHING = {"type", "title", "description", "default", "deprecated", "readOnly", "writeOnly"}
_FACETS = {
    "string": {"enum", "minLength", "maxLength", "pattern", "format"},
    "integer": {"minimum", "maximum", "format"},
    "number": {"minimum", "maximum"},
    "boolean": set[str](),
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "required", "additionalProperties"},
}
_ROOM = 2**63
"""Bounds of a number are below it: msgspec knows no others."""

_SIGN = r"(?:[A-Za-z0-9 _:;,/@'-]|\\[./-]|\[(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9 _:;,/@'.]|\\[./-])+-?\])"
_REPEAT = r"(?:\{\d{1,2}(?:,\d{1,2})?\}|\?)?"
_PLAIN = re.compile(rf"\^((?:{_SIGN}{_REPEAT}|\((?:\?:)?(?:{_SIGN}{_REPEAT})+\)\??)+)\$", re.ASCII)
"""A pattern that means the same to all, and repeats nothing without end."""

_OPEN = re.compile(r"\?(?!:)|\{(\d+),(\d+)\}")
_MOST_WAYS = 10_000
"""In so many ways at most may a pattern try a text: nothing else bounds its time."""

_DAY = "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_FORMS = {
    "date": f"[0-9]{{4}}-{_DAY}",
    "date-time": rf"[0-9]{{4}}-{_DAY}T{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|[+-]{_CLOCK})",
}
"""Days of any year: the 29th of February is left to the check."""

_NO_NAME = re.compile('["\\\\\x00-\x1f\ud800-\udfff]')
"""What msgspec does not take in the name of a field."""

_NONE: Any = Annotated[str, Meta(min_length=1, max_length=0)]
"""The type that takes nothing."""


def typed(shape: Shape, schema: Any, definitions: Mapping[str, Any]) -> Typed | None:
    """The ways through a body of this very shape, by types that were made from its schema; None where they would take
    nothing, or a shape takes other fields."""
    if shape.kind is not Kind.OBJECT or shape.repeated or any(map(_is_open, _all(shape))):
        return None
    looks: dict[tuple[str, ...], Callable[[str], object]] = {}
    reading = _Types(definitions, _whole_number_to_read, _dict_of, looks).of(shape, schema, ())
    writing = _Types(definitions, _whole_number, _struct_of, looks).of(shape, schema, ())
    if reading is _NONE or writing is _NONE:
        return None
    encode = msgspec.json.Encoder().encode
    return Typed(msgspec.json.Decoder(reading).decode, lambda value: encode(msgspec.convert(value, writing)), looks)


def _all(shape: Shape) -> Iterator[Shape]:
    yield shape
    for child in shape.children:
        yield from _all(child)


def _is_open(shape: Shape) -> bool:
    return shape.open


class _Types:
    """The types of one way. `number` makes the type of whole numbers, `fields` that of an object. What is to be asked of
    texts besides is put into `looks`: msgspec would take twice as long for it."""

    def __init__(
        self,
        definitions: Mapping[str, Any],
        number: Callable[[Meta], Any],
        fields: Callable[[dict[str, Any], frozenset[str]], Any],
        looks: dict[tuple[str, ...], Callable[[str], object]],
    ) -> None:
        self._definitions, self._number, self._fields, self._looks = definitions, number, fields, looks

    def of(self, shape: Shape, schema: Any, path: tuple[str, ...]) -> Any:
        """The type of a schema, which shows that it takes nothing but what is of the shape; these names lead to it."""
        schema = followed(schema, self._definitions)
        said = schema.get("type", [])
        kinds = [said] if isinstance(said, str) else [*said]
        kind = next((each for each in kinds if each != "null"), "")
        if len(kinds) - kinds.count("null") != 1 or not schema.keys() <= _SAYING_NOTHING | _FACETS.get(kind, set()):
            return _NONE
        found = self._one(kind, shape, schema, path)
        is_nullable = "null" in kinds and None in schema.get("enum", [None])
        return found | None if is_nullable and found is not _NONE else found

    def _one(self, kind: str, shape: Shape, schema: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        match kind:
            case "string":
                return self._text(schema, path)
            case "integer" | "number":
                return self._of_number(schema)
            case "boolean":
                return bool
            case "array":
                return self._list(shape, schema, path)
        return self._object(shape, schema, path)

    def _text(self, schema: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        if "enum" in schema:
            return _one_of(schema)
        sizes = schema.get("minLength", 0), schema.get("maxLength", 0)
        patterns = [_plain(schema["pattern"])] if "pattern" in schema else []
        patterns += [_FORMS.get(schema["format"], "")] if "format" in schema else []
        if not all(map(_is_size, sizes)) or "" in patterns or len(patterns) > 1:
            return _NONE
        for pattern in patterns:
            self._looks[path] = re.compile(pattern).fullmatch
        return Annotated[str, Meta(min_length=schema.get("minLength"), max_length=schema.get("maxLength"))]

    def _of_number(self, schema: Mapping[str, Any]) -> Any:
        bounds = {word: schema[word] for word in ("minimum", "maximum") if word in schema}
        if not all(_is_whole(bound) and -_ROOM < bound < _ROOM for bound in bounds.values()):
            return _NONE
        if schema.get("format", "int32") not in ("int32", "int64"):
            return _NONE
        return self._number(Meta(ge=bounds.get("minimum"), le=bounds.get("maximum")))

    def _list(self, shape: Shape, schema: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        sizes = schema.get("minItems", 0), schema.get("maxItems", 0)
        if not all(map(_is_size, sizes)):
            return _NONE
        each: Any = self.of(shape, schema.get("items"), path)
        return Annotated[list[each], Meta(min_length=schema.get("minItems"), max_length=schema.get("maxItems"))]

    def _object(self, shape: Shape, schema: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        listed, required = schema.get("properties") or {}, frozenset(schema.get("required") or ())
        children = [child for child in shape.children if not child.location]
        fields = {child.name: self.of(child, listed[child.name], (*path, child.name)) for child in children}
        if not required <= fields.keys() or any(fields[name] is _NONE for name in required):
            return _NONE
        if any(_NO_NAME.search(name) for name in fields):
            return _NONE
        return self._fields(fields, required)


def _dict_of(fields: dict[str, Any], required: frozenset[str]) -> Any:
    each = {name: type_ if name in required else NotRequired[type_] for name, type_ in fields.items()}
    return TypedDict("Fields", each)  # type: ignore[operator]  # made as it runs


def _struct_of(fields: dict[str, Any], required: frozenset[str]) -> Any:
    """Its own fields have names of their own: any text may be the name of a field of a body."""
    names = {f"field_{number}": name for number, name in enumerate(fields)}
    made = [
        (own, fields[name]) if name in required else (own, fields[name] | UnsetType, UNSET) for own, name in names.items()
    ]
    return msgspec.defstruct("Fields", made, rename=names, kw_only=True, forbid_unknown_fields=True, gc=False)


def _whole_number(bounds: Meta) -> Any:
    return Annotated[int, bounds]


def _whole_number_to_read(bounds: Meta) -> Any:
    """With 1.0 as what it is, which would be read as 1 else."""
    return Annotated[int, bounds] | float


def _one_of(schema: Mapping[str, Any]) -> Any:
    values = tuple(value for value in schema["enum"] if value is not None)
    is_plain = values and schema.keys() <= _SAYING_NOTHING | {"enum"} and all(isinstance(each, str) for each in values)
    return Literal[values] if is_plain else _NONE


def _plain(written: Any) -> str:
    """A pattern for the whole of a text, in the words of `re`; "" for what means something else there, or takes long."""
    found = _PLAIN.fullmatch(written) if isinstance(written, str) else None
    if not found:
        return ""
    ways = prod(int(most or 1) - int(least or 0) + 1 for least, most in _OPEN.findall(written))
    return found[1] if ways <= _MOST_WAYS else ""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and 0 <= value < _ROOM
