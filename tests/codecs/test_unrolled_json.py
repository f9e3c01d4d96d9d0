"""A codec that is used again reads and writes by functions that were written from its shape: to the same end, whatever a
contract says, and whatever a body or document holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.codecs import Codecs, read_held, write_held
from hub.codecs import json_unrolled as unrolled
from hub.codecs.json import JsonCodec, parse, read, write
from hub.contract import Kind, Part, Shape
from hub.errors import MessageError
from hub.transports.openapi import check
from hub.transports.openapi_shapes import Shaper
from hub.transports.shape_proof import is_shown

Draw = Callable[[st.SearchStrategy[Any]], Any]
NAMES = ("number", "a{b}", "it's", 'say "x"', "@id", "lines")
FACETS = {
    "string": st.sampled_from(
        [
            {},
            {"maxLength": 3},
            {"minLength": 1, "maxLength": 2},
            {"enum": ["a", "b"]},
            {"enum": ["a", None]},
            {"pattern": "^[a-z]*$"},
            {"pattern": "^[a-z0-9]?$"},
            {"pattern": "^-?[0-9]{1,2}(,[0-9]{1,4})?$", "maxLength": 4},
            {"format": "date"},
            {"format": "date-time", "description": "When"},
            {"format": "email"},
        ]
    ),
    "integer": st.sampled_from(
        [{}, {"minimum": 0}, {"minimum": 1, "maximum": 99}, {"maximum": 4.0}, {"enum": [1, 2]}, {"format": "int32"}]
    ),
    "number": st.sampled_from([{}, {"minimum": 0}, {"maximum": 1.5}]),
    "boolean": st.just({}),
}
LISTS: list[dict[str, Any]] = [{}, {}, {"minItems": 1}, {"maxItems": 2}, {"uniqueItems": True}]
TEXTS = [
    *("a", "b", "", "-0", "é", 'a"b', "a\\b", "a:b", "12", "true", "9\n", "-1,25", "1,", "\x7f", "\u2028", "\x1f"),
    *("2026-02-28", "2026-02-29", "2024-02-29", "2026-04-31", "2026-12-31", "0000-01-01"),
    *("2026-11-20T09:12:44+01:00", "2026-11-20T09:12:44.123456Z", "2026-11-20t09:12:44z", "2026-11-20T24:00:00Z"),
    *("2026-11-20T23:59:60Z", "2026-11-20T09:12:44", "2026-11-31T09:12:44Z", "2026-11-20T09:12:44-23:59"),
]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.one_of(st.sampled_from(TEXTS), st.text(max_size=4)),
    "integer": st.one_of(st.integers(-3, 1200), st.integers(), st.sampled_from([0, 4.0])),
    "number": st.one_of(st.integers(-3, 3), st.sampled_from([1.5, 0.0, -0.0])),
    "boolean": st.booleans(),
}
ODD = [None, "", "x", "7", 7, 0, 1.5, True, [], {}, ["a"], {"number": "a"}, {"other": 1}]


OTHERS: list[dict[str, Any]] = [{"additionalProperties": False}] * 3 + [{}, {"patternProperties": {"o": {}}}]
"""What a schema says of other fields."""


@st.composite
def schemas(draw: st.DrawFn, deep: int = 3) -> Any:
    """A JSON Schema of objects, lists and leaves, some of them said in a roundabout way."""
    kind = draw(st.sampled_from([*FACETS, *(["object", "array"] if deep else [])]))
    match kind:
        case "object":
            fields = draw(st.dictionaries(st.sampled_from(NAMES), schemas(deep - 1), max_size=4))
            schema = {"type": "object", "properties": fields, "required": [name for name in fields if draw(st.booleans())]}
            schema |= draw(st.sampled_from(OTHERS))
        case "array":
            schema = {"type": "array", "items": draw(schemas(deep - 1)), **draw(st.sampled_from(LISTS))}
        case _:
            schema = {"type": kind, **draw(FACETS[kind])}
    return draw(
        st.sampled_from([schema] * 6 + [_nullable(schema), {"allOf": [schema]}, {"anyOf": [{"type": "null"}, schema]}])
    )


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def said_by(draw: Draw, schema: Any) -> Any:
    """A value of the schema, but for its facets, or now and then an odd one."""
    if not draw(st.integers(0, 30)):
        return draw(st.sampled_from(ODD))
    for word in ("allOf", "anyOf"):
        if word in schema:
            return said_by(draw, schema[word][-1])
    match schema["type"]:
        case [kind, _]:
            return said_by(draw, {**schema, "type": kind}) if draw(st.integers(0, 3)) else None
        case "object":
            asked = schema.get("required", ())
            names = [name for name in schema["properties"] if name in asked or draw(st.booleans())]
            return {name: said_by(draw, schema["properties"][name]) for name in draw(st.permutations(names))}
        case "array":
            return [said_by(draw, schema["items"]) for _ in range(draw(st.integers(0, 3)))]
        case kind:
            return draw(VALUES[kind])


def part_of(schema: Any) -> Part:
    """The part that a contract makes of a schema of its own."""
    definitions = {"whole": schema}
    pointer = {"$ref": "#/$defs/whole"}
    shape = Shaper(definitions).body(pointer)
    return Part(shape, check=check(pointer, definitions, shape))


def outcome(of: Callable[[], Any]) -> Any:
    """What came of it, or the refusal with all that it says."""
    try:
        return of()
    except MessageError as error:
        return error.status, error.kind, error.text, error.problems


def outcome_of_held(of: Callable[[], tuple[Any, bool]]) -> tuple[Any, bool]:
    """The same, with whether the contract is known to take it."""
    found = outcome(of)
    return found if isinstance(found, tuple) and len(found) == 2 else (found, False)


def _read_carefully(body: bytes, shape: Shape) -> Any:
    return read(parse(body), shape)


def as_document(value: Any) -> Any:
    """The same with its leaves as text."""
    if isinstance(value, dict):
        return {key: as_document(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_document(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_a_contract_says_a_body_is_read_as_the_careful_way_reads_it(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    part = part_of(schema)
    codec = JsonCodec(part.shape, part.check)
    codec.write_out()

    for _ in range(4):
        body = json.dumps(said_by(data.draw, schema), ensure_ascii=data.draw(st.booleans())).encode()
        document, is_held = outcome_of_held(partial(read_held, codec, body))

        assert document == outcome(partial(_read_carefully, body, part.shape))
        assert not (is_held and part.check(body))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_a_contract_says_a_document_is_written_as_the_careful_way_writes_it(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    part = part_of(schema)
    codec = JsonCodec(part.shape, part.check)
    codec.write_out()

    for _ in range(4):
        value = said_by(data.draw, schema)
        document = as_document(value) if isinstance(value, dict) else {"#items": as_document(value)}
        body, is_held = outcome_of_held(partial(write_held, codec, document))

        assert body == outcome(partial(write, document, part.shape))
        assert not (is_held and part.check(body))


ORDER: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["number"],
    "properties": {
        "number": {"type": "string", "minLength": 1},
        "holder": {"$ref": "#/$defs/holder"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
    },
}
HOLDER: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}, "born": {"type": ["string", "null"]}}}
LINE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"litres": {"type": "integer"}, "price": {"type": "number"}, "back": {"type": "boolean"}},
}
DEFINITIONS = {"holder": HOLDER, "line": LINE}
SHAPE = Shaper(DEFINITIONS).body(ORDER)
PART = Part(SHAPE, check=check(ORDER, DEFINITIONS, SHAPE))
BODY = b'{"number":"a","holder":{"name":"b","born":null},"lines":[{"litres":240,"back":true},{"litres":80,"price":3}]}'


def test_what_a_schema_says_of_fields_and_kinds_shows_the_shape() -> None:
    assert is_shown(SHAPE, ORDER, DEFINITIONS)
    assert unrolled.is_plain(SHAPE)


@pytest.mark.parametrize(
    ("schema", "definitions"),
    [
        ({**ORDER, "additionalProperties": True}, DEFINITIONS),
        ({**ORDER, "patternProperties": {"^x": {}}}, DEFINITIONS),
        ({**ORDER, "$id": "urn:elsewhere"}, DEFINITIONS),
        ({**ORDER, "type": ["object", "null"]}, DEFINITIONS),
        ({**ORDER, "properties": {**ORDER["properties"], "more": {"type": "string"}}}, DEFINITIONS),
        ({**ORDER, "properties": {**ORDER["properties"], "number": {"minLength": 1}}}, DEFINITIONS),
        ({**ORDER, "properties": {**ORDER["properties"], "lines": {"type": "array"}}}, DEFINITIONS),
        (ORDER, {**DEFINITIONS, "holder": {**HOLDER, "properties": {}}}),
        (ORDER, {**DEFINITIONS, "line": {**LINE, "additionalProperties": True}}),
        (ORDER, {**DEFINITIONS, "line": {"$ref": "#/$defs/line"}}),
        (ORDER, {**DEFINITIONS, "line": True}),
        (ORDER, {}),
    ],
)
def test_a_schema_that_takes_more_than_the_shape_does_not_show_it(schema: Any, definitions: Any) -> None:
    assert not is_shown(SHAPE, schema, definitions)


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        BODY.replace(b"240", b"0"),
        BODY.replace(b"240", b"-0"),
        BODY.replace(b"240", b"-12"),
        BODY.replace(b"240", b"4.0"),
        BODY.replace(b"240", b"null"),
        BODY.replace(b'"b"', b'"b","name":"c"'),
        BODY.replace(b'"b"', b'"b","other":"c"'),
        BODY.replace(b'"b"', b'"\\u00e9\\""'),
        BODY.replace(b'"b"', b'"\\u0000"'),
        BODY.replace(b'"b"', b"null"),
        BODY.replace(b'"born":null', b'"born":"c"'),
        BODY.replace(b'"a"', b'""'),
        BODY.replace(b'"number":"a",', b""),
    ],
)
def test_a_codec_that_is_used_again_reads_as_it_did_the_first_time(body: bytes) -> None:
    codec = Codecs().of(PART)

    first = outcome_of_held(lambda: read_held(codec, body))

    for _ in range(3):
        assert outcome_of_held(lambda: read_held(codec, body)) == first
    assert first[0] == outcome(lambda: read(parse(body), SHAPE))


DOCUMENT = {
    "lines": [{"back": "true", "litres": "7"}, {"litres": "12000"}],
    "holder": {"born": None, "name": "b"},
    "number": "a",
}


@pytest.mark.parametrize(
    "document",
    [
        DOCUMENT,
        {**DOCUMENT, "number": None},
        {**DOCUMENT, "number": ["a"]},
        {**DOCUMENT, "number": "\ud800"},
        {**DOCUMENT, "number": "\x00"},
        {**DOCUMENT, "other": "a"},
        {**DOCUMENT, "lines": ({"litres": "1"},)},
        {**DOCUMENT, "lines": [None]},
        {**DOCUMENT, "lines": None},
        {**DOCUMENT, "lines": [{"litres": "007"}]},
        {**DOCUMENT, "lines": [{"litres": ["7"]}]},
        {**DOCUMENT, "lines": [{"back": "yes"}]},
        {**DOCUMENT, "holder": "b"},
        {**DOCUMENT, "holder": {"name": {}}},
        {},
    ],
)
def test_a_codec_that_is_used_again_writes_as_it_did_the_first_time(document: Any) -> None:
    codec = Codecs().of(PART)

    first = outcome_of_held(lambda: write_held(codec, document))

    for _ in range(3):
        assert outcome_of_held(lambda: write_held(codec, document)) == first
    assert first[0] == outcome(lambda: write(document, SHAPE))


def test_a_shape_that_is_too_long_or_deep_is_left_to_the_steps() -> None:
    wide = Shape("wide", Kind.OBJECT, children=tuple(Shape(f"f{n}", Kind.TEXT) for n in range(unrolled.MOST_FIELDS + 1)))
    deep = Shape("deep", Kind.OBJECT)
    for _ in range(unrolled.DEEPEST):
        deep = Shape("deep", Kind.OBJECT, children=(deep,))

    assert not unrolled.is_plain(wide)
    assert not unrolled.is_plain(deep)
