"""What the types of a schema take, its check takes; and they do take what is usual."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.contract import Typed
from hub.transports.openapi import check
from hub.transports.openapi_shapes import Shaper
from hub.transports.schema_types import typed

PATTERNS = (
    "^[0-9]{5}$",
    "^[0-9][0-9AB][0-9]{3}$",
    "^OM-[0-9]{7}$",
    "^-?[0-9]{1,12}(,[0-9]{1,4})?$",
    "^[0-3][0-9]/[01][0-9]/[0-9]{4} [0-2][0-9]:[0-5][0-9]$",
    r"^[A-Z]{2}(?:\.[a-z0-9-]{2})?\.?$",
)
NOT_PLAIN = (
    "[0-9]{5}",
    "^[0-9]{5}",
    "^[a-z]*$",
    r"^\d{5}$",
    "^a|b$",
    "^[^0-9]$",
    "^(a|b)$",
    r"^\p{Lu}$",
    "^.$",
    "^a{0,99}a{0,99}a{0,99}$",
)


def ways_of(field: dict[str, Any], *, required: bool = True) -> tuple[Typed | None, Any]:
    """The ways through a body of that one field, and its check."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"field": field, "other": {"type": "string"}},
        "required": ["field"] if required else [],
    }
    shape = Shaper({}).body(schema)
    return typed(shape, schema, {}), check(schema, {}, shape)


def is_taken(ways: Typed, value: Any) -> bool:
    """Whether both ways take a field of that value; they do so together."""
    values = {"field": value}
    body = orjson.dumps(values)
    try:
        assert ways.decode(body) == values
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            ways.encode(values)
        return False
    assert ways.encode(values) == body
    look = ways.looks.get(("field",))
    return look is None or bool(look(value))


@settings(max_examples=500, deadline=None)
@given(pattern=st.sampled_from(PATTERNS), data=st.data())
def test_a_text_that_the_type_takes_fits_the_pattern(pattern: str, data: st.DataObject) -> None:
    ways, held = ways_of({"type": "string", "pattern": pattern})
    likely = st.from_regex(pattern, fullmatch=True, alphabet=st.characters(max_codepoint=127))
    text = data.draw(st.one_of(likely, likely.map(lambda each: f"{each}\n"), st.text("0A-é٣\n", max_size=7)))

    assert ways is not None
    assert is_taken(ways, text) == (not held(orjson.dumps({"field": text})))


@pytest.mark.parametrize("pattern", NOT_PLAIN)
def test_a_pattern_that_others_may_read_otherwise_has_no_type(pattern: str) -> None:
    assert ways_of({"type": "string", "pattern": pattern})[0] is None


def numbers(largest: int) -> st.SearchStrategy[str]:
    return st.integers(0, largest).map(lambda number: f"{number:02d}")


DAYS = st.builds("{:04d}-{}-{}".format, st.integers(0, 9999), numbers(13), numbers(32))
CLOCKS = st.builds("{}:{}:{}".format, numbers(25), numbers(61), numbers(61))
ZONES = st.one_of(
    st.sampled_from(["Z", "z", "", "+01:00", "-00:00"]),
    st.builds("{}{}:{}".format, st.sampled_from("+-"), numbers(25), numbers(61)),
)
MOMENTS = st.builds(
    "{}{}{}{}{}".format, DAYS, st.sampled_from("Tt "), CLOCKS, st.sampled_from(["", ".5", ".123456", "."]), ZONES
)


@settings(max_examples=1500, deadline=None)
@given(st.one_of(DAYS, MOMENTS))
def test_a_day_or_moment_that_the_type_takes_is_one(text: str) -> None:
    for form in ("date", "date-time"):
        ways, held = ways_of({"type": "string", "format": form})

        assert ways is not None
        assert not (is_taken(ways, text) and held(orjson.dumps({"field": text})))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "string", "format": "date-time"}, "2026-11-20T09:12:44+01:00"),
        ({"type": "string", "format": "date"}, "2026-12-31"),
        ({"type": "string", "minLength": 1, "maxLength": 3}, "été"),
        ({"type": "string", "enum": ["é", "b"]}, "é"),
        ({"type": ["string", "null"], "enum": ["a", None]}, None),
        ({"type": "integer", "minimum": 1, "maximum": 99, "format": "int32"}, 99),
        ({"type": "boolean", "description": "Yes or no"}, False),
        ({"type": "array", "minItems": 1, "items": {"type": "string"}}, ["a", "b"]),
    ],
)
def test_what_is_usual_is_taken(field: dict[str, Any], value: Any) -> None:
    ways, held = ways_of(field)

    assert ways is not None
    assert is_taken(ways, value)
    assert not held(orjson.dumps({"field": value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 3}, "abcd"),
        ({"type": "string", "enum": ["a"]}, "b"),
        ({"type": ["string", "null"], "enum": ["a"]}, None),
        ({"type": "integer", "minimum": 1}, 0),
        ({"type": "integer"}, True),
        ({"type": "integer"}, "1"),
        ({"type": "boolean"}, 1),
        ({"type": "array", "maxItems": 1, "items": {"type": "string"}}, ["a", "b"]),
        ({"type": "string"}, None),
        ({"type": "object", "additionalProperties": False, "properties": {}}, {"a": 1}),
    ],
)
def test_what_is_wrong_is_not_taken(field: dict[str, Any], value: Any) -> None:
    ways, held = ways_of(field)

    assert held(orjson.dumps({"field": value}))
    if ways is not None:
        with pytest.raises(ValueError, match=r"."):
            ways.encode({"field": value})


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string", "format": "byte"},
        {"type": "string", "format": "email"},
        {"type": "string", "maxLength": 4.0},
        {"type": "string", "enum": ["a"], "minLength": 2},
        {"type": "integer", "multipleOf": 2},
        {"type": "integer", "maximum": 2**63},
        {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
        {"type": "string", "not": {"const": "a"}},
    ],
)
def test_what_has_no_type_is_taken_only_where_it_is_not_there(field: dict[str, Any]) -> None:
    assert ways_of(field)[0] is None
    ways, _ = ways_of(field, required=False)

    assert ways is not None
    assert ways.decode(b'{"other":"a"}') == {"other": "a"}
    assert ways.encode({"other": "a"}) == b'{"other":"a"}'
    with pytest.raises(ValueError, match=r"."):
        ways.encode({"field": "a"})
