"""What takes a quick way is judged as the careful way judges it: the same document, the same bytes, the same refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.codecs import Codecs, codec_for, read_held, write_held
from hub.codecs.json import JsonCodec, parse, read, values, write
from hub.codecs.safe_xml import Parsed
from hub.codecs.safe_xml import parse as parse_xml
from hub.codecs.xml import XmlCodec
from hub.contract import Kind, Part, Shape
from hub.errors import MessageError, Problem, same
from hub.translation import digest, fingerprint, pack, unpack
from hub.transports.openapi import check

LINE = Shape(
    "lines",
    Kind.OBJECT,
    repeated=True,
    children=(Shape("stream", Kind.TEXT), Shape("litres", Kind.INTEGER), Shape("back", Kind.BOOLEAN, nullable=True)),
)
ORDER = Shape(
    "order",
    Kind.OBJECT,
    children=(
        Shape("number", Kind.TEXT, required=True),
        Shape("price", Kind.DECIMAL),
        Shape("urgent", Kind.BOOLEAN),
        Shape("tags", Kind.TEXT, repeated=True, nullable=True),
        Shape("holder", Kind.OBJECT, children=(Shape("name", Kind.TEXT), Shape("born", Kind.DATE))),
        LINE,
        Shape("@trace", Kind.TEXT, location="header"),
    ),
)
SHAPES = {
    "an object": ORDER,
    "a list": Shape("orders", Kind.OBJECT, children=(Shape("#items", Kind.OBJECT, repeated=True, children=ORDER.children),)),
    "a bare value": Shape("count", Kind.OBJECT, children=(Shape("#text", Kind.INTEGER),)),
    "an open object": Shape("open", Kind.OBJECT, children=ORDER.children, open=True),
    "an object with a free field": Shape("free", Kind.OBJECT, children=(*ORDER.children, Shape("extra", Kind.ANY))),
}

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["12", "-0", "1e3", "012", "true", "false", "é€", "\u0000", "a\\b"]),
)
NAMES = st.sampled_from(
    ["number", "price", "urgent", "tags", "holder", "lines", "name", "born", "stream", "litres", "extra"]
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=8,
)
GOOD = st.fixed_dictionaries(
    {"number": st.text(min_size=1, max_size=8)},
    optional={
        "price": st.one_of(st.integers(), st.decimals(allow_nan=False, allow_infinity=False).map(float)),
        "urgent": st.booleans(),
        "tags": st.one_of(st.none(), st.lists(st.text(max_size=4), max_size=3)),
        "holder": st.fixed_dictionaries({"name": st.text(max_size=6)}, optional={"born": st.just("2026-01-31")}),
        "lines": st.lists(st.fixed_dictionaries({"stream": st.text(max_size=4), "litres": st.integers()}), max_size=3),
    },
)


def outcome_of_held(of: Callable[[], tuple[Any, bool]]) -> tuple[Any, bool]:
    """What came of it, or the refusal, of which nothing is known."""
    try:
        return of()
    except MessageError as error:
        return outcome(partial(_raised, error)), False


def _raised(error: MessageError) -> Any:
    raise error


def outcome(of: Callable[[], Any]) -> Any:
    """What came of it, or the refusal with all that it says."""
    try:
        return of()
    except MessageError as error:
        return error.status, error.kind, error.text, error.problems


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=150, deadline=None)
@given(
    value=st.one_of(
        GOOD,
        ANYTHING,
        st.lists(GOOD, max_size=2),
        st.builds(lambda a, b: {**a, **b}, GOOD, st.dictionaries(NAMES, ANYTHING, max_size=2)),
    )
)
def test_a_body_is_read_as_the_careful_way_reads_it(name: str, value: Any) -> None:
    shape, data = SHAPES[name], json.dumps(value).encode()

    assert outcome(lambda: JsonCodec(shape).read(data)) == outcome(lambda: read(parse(data), shape))


def as_document(value: Any) -> Any:
    """The same with all leaves as text, as a document has them; but for what no document has."""
    if isinstance(value, dict):
        return {key: as_document(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_document(each) for each in value]
    return value if value is None or isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=150, deadline=None)
@given(value=st.one_of(GOOD, st.dictionaries(NAMES, ANYTHING, max_size=4)))
def test_a_document_is_written_as_the_careful_way_writes_it(name: str, value: Any) -> None:
    shape = SHAPES[name]
    for document in (as_document(value), {"#items": [as_document(value)]}, {"@trace": "t", **as_document(value)}, value):
        assert outcome(lambda d=document: JsonCodec(shape).write(d)) == outcome(lambda d=document: write(d, shape))


LOSSES = [
    b'{"number": "a", "number": "a"}',
    b'{"number": "a", "lines": [{"litres": 1, "litres": 1}]}',
    b'{"number": "a", "number" : "\\u003a"}',
    b'{"number": "a", "number": "\\u003A"}',
    b'{"number": 1, "number": "a"}',
    b'{"number": "a", "number": 7}',
    b'{"tags": ["a", "b"], "tags": []}',
    b'{"holder": {"name": "a"}, "holder" : null}',
    b'{"holder": {"name": "a", "name" : "b"}, "lines": [{"stream": "a:b"}, {}]}',
    b'{"urgent": true, "urgent": false}',
    b'{"price": 0, "number": "-0 "}',
    b'{"price": -0}',
    b'{"price": -0, "number": "\\u002d"}',
    b'{"price": -0.0}',
    b'{"price": 18446744073709551615, "lines": [{"litres": -9223372036854775808}]}',
    b'{"price": 18446744073709551616}',
    b'{"price": 1.50}',
    b'{"price": 1E2, "urgent": true}',
    b'{"number": "\\u0000"}',
    b'{"number": "\\ud800"}',
    b'{"number": "\\ud83d\\ude00\\u00e9\\/"}',
    b'{"number": "a:-0", "holder": {"name": "\\":", "born": null}}',
    b'\xef\xbb\xbf{"number": "a"}',
    b' {"number": "a"}\n',
    b'{"number": "a"} x',
    b'{"number": "\xff"}',
    b'{"number": "a", "number": {}}',
    b'{"number": "' + b"a" * 250_000 + b'"}',
]
"""What a quick reader of JSON would lose, or take for something else."""


@pytest.mark.parametrize("data", LOSSES, ids=range(len(LOSSES)))
def test_nothing_of_a_body_is_lost_on_the_quick_way(data: bytes) -> None:
    assert outcome(lambda: JsonCodec(ORDER).read(data)) == outcome(lambda: read(parse(data), ORDER))


WHOLE = Shape("order", Kind.OBJECT, children=tuple(child for child in ORDER.children if child.name != "price"))
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["number"],
    "properties": {
        "number": {"type": "string", "minLength": 1, "pattern": "^[^x]*$"},
        "urgent": {"type": "boolean"},
        "tags": {"type": ["array", "null"], "items": {"type": "string", "maxLength": 3}},
        "holder": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "born": {"format": "date"}},
        },
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "maxItems": 2},
    },
}
LINES = {"type": "object", "properties": {"litres": {"type": "integer", "minimum": 0}}, "required": ["stream"]}
CHECKED = Part(WHOLE, check=check(SCHEMA, {"line": LINES}, WHOLE))
PRICED = {**SCHEMA, "properties": {**SCHEMA["properties"], "price": {"type": "number", "multipleOf": 0.5}}}
CHECKED_PRICE = Part(ORDER, check=check(PRICED, {"line": LINES}, ORDER))
PARTS = {"whole numbers": CHECKED, "decimals": CHECKED_PRICE}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
@settings(max_examples=200, deadline=None)
@given(value=st.one_of(GOOD, st.builds(lambda a, b: {**a, **b}, GOOD, st.dictionaries(NAMES, ANYTHING, max_size=2))))
def test_a_body_that_is_known_to_be_taken_has_no_problem_in_its_check(part: Part, value: Any) -> None:
    codec, data = codec_for(part), json.dumps(value).encode()

    document, is_held = outcome_of_held(lambda: read_held(codec, data))

    assert document == outcome(lambda: codec.read(data))
    assert not (is_held and part.check(data))


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
@settings(max_examples=200, deadline=None)
@given(value=st.one_of(GOOD, st.builds(lambda a, b: {**a, **b}, GOOD, st.dictionaries(NAMES, ANYTHING, max_size=2))))
def test_what_is_written_and_known_to_be_taken_has_no_problem_in_its_check(part: Part, value: Any) -> None:
    codec = codec_for(part)
    for document in (as_document(value), {"@trace": "t", **as_document(value)}):
        body, is_held = outcome_of_held(lambda d=document: write_held(codec, d))

        assert body == outcome(lambda d=document: codec.write(d))
        assert not (is_held and part.check(body))


GOOD_BODY = b'{"number": "a", "urgent": true, "lines": [{"stream": "s", "litres": 240, "back": null}], "tags": ["t"]}'


def test_the_usual_body_is_held_against_its_contract_without_being_parsed_again() -> None:
    codec = codec_for(CHECKED)

    document, is_held = read_held(codec, GOOD_BODY)

    assert is_held
    assert write_held(codec, document) == (codec.write(document), True)


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"number": ""}',
        b'{"number": "x"}',
        b'{"number": "a", "lines": [{"stream": "s", "litres": -1}]}',
        b'{"urgent": true}',
    ],
)
def test_what_the_contract_does_not_take_is_left_to_its_check(wrong: bytes) -> None:
    codec = codec_for(CHECKED)

    document, is_held = read_held(codec, wrong)

    assert not is_held
    assert CHECKED.check(wrong)
    assert not write_held(codec, document)[1]


def test_a_body_of_another_check_is_not_known_to_be_taken() -> None:
    other = replace(CHECKED, check=lambda _: (Problem(same("never")),))

    assert not read_held(codec_for(other), GOOD_BODY)[1]


@pytest.mark.parametrize(
    "number", ["0", "-0", "007", "-5", "1e3", "9" * 18, "9" * 19, "-" + "9" * 18, "٣", "--1", "", "1.0"]
)
def test_a_whole_number_is_written_as_the_careful_way_writes_it(number: str) -> None:
    document = {"number": "a", "lines": [{"litres": number}]}

    assert outcome(lambda: JsonCodec(ORDER).write(document)) == outcome(lambda: write(document, ORDER))


@pytest.mark.parametrize("levels", [63, 64, 65])
def test_a_shape_of_many_levels_is_read_as_deep_as_a_body_may_be(levels: int) -> None:
    shape = Shape("level", Kind.OBJECT, children=(Shape("number", Kind.TEXT),))
    for _ in range(levels - 1):
        shape = Shape("level", Kind.OBJECT, children=(shape,))
    data = b'{"level": ' * (levels - 1) + b'{"number": "1"}' + b"}" * (levels - 1)

    assert outcome(lambda: JsonCodec(shape).read(data)) == outcome(lambda: read(parse(data), shape))


BODIES = [
    b'{"a": 1, "b": [1.50, true, null, "x"]}',
    b'\xef\xbb\xbf{"a": -0}',
    b'{"a": 1, "a": 2}',
    b'{"a": {"b": 1, "b": 1}}',
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": 1e999}',
    b'{"a": 1e308}',
    b'{"a": ' + b"9" * 309 + b"}",
    b'{"a": ' + b"9" * 5000 + b"}",
    b'{"a": "\\u0000"}',
    b'{"a": "\\ud800"}',
    b'{"a": "\\ud83d\\ude00"}',
    b'{"\\u0000": 1}',
    b'{"a": "\xff"}',
    b"[" * 64 + b"]" * 64,
    b"[" * 65 + b"]" * 65,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a": ' * 65 + b"1" + b"}" * 65,
    b"[" + b",".join([b"[]"] * 500) + b"]",
    b"",
    b"{",
    b"01",
    b"null",
    b'"text"',
    b"{'a': 1}",
]


@pytest.mark.parametrize("data", BODIES, ids=range(len(BODIES)))
def test_values_are_those_of_json_and_are_refused_as_parse_refuses(data: bytes) -> None:
    parsed = outcome(lambda: parse(data))
    found = outcome(lambda: values(data))

    if isinstance(parsed, tuple):
        assert found == parsed
    else:
        assert found == json.loads(data.removeprefix(b"\xef\xbb\xbf"))


def test_a_kept_codec_is_the_one_of_its_very_part() -> None:
    codecs = Codecs()
    order, line = Part(ORDER), Part(LINE)

    assert codecs.of(order) is codecs.of(order)
    assert codecs.of(line).write({"stream": "a"}) == codec_for(line).write({"stream": "a"})
    assert codecs.of(Part(ORDER)) is not codecs.of(order)


# -- XML --------------------------------------------------------------------------------------------------------------

TEXTS = [
    "<a/>",
    "<a b='1'>é</a>",
    "<é/>",
    "<a é='1'/>",
    "<a b='é > é'/>",
    "<a>x &amp; y &lt; z</a>",
    "<a>&foo;</a>",
    "<a>&#233;</a>",
    "<a>&#0;</a>",
    "<a>&#xD800;</a>",
    "<a>]]></a>",
    "<a><![CDATA[x]]></a>",
    "<a><?pi x?></a>",
    "<a><b></a></b>",
    "<a",
    "<a>",
    "",
    "text",
    "<a b='1' b='2'/>",
    "<a b=1/>",
    "<a b='<'/>",
    "<p:a/>",
    "<p:a xmlns:p='urn:p' p:b='1'/>",
    "<a xmlns:p='urn:p' xmlns:q='urn:p' p:b='1' q:b='2'/>",
    "<a/><b/>",
    "<a/>x",
    "<a>\x01</a>",
    "<a>\ufffe</a>",
    "<a>" + "<b>" * 63 + "</b>" * 63 + "</a>",
    "<a>" + "<b>" * 64 + "</b>" * 64 + "</a>",
    "<a>" + "<b/>" * 100 + "</a>",
    "<a " + " ".join(f"b{n}='1'" for n in range(257)) + "/>",
    "<a " + " ".join(f"xmlns:b{n}='u{n}'" for n in range(65)) + "/>",
    "<!DOCTYPE a><a/>",
    "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
    "<1a/>",
    "<a.b-c/>",
    "<\u0370/>",
    "<\U00010000/>",
    "<xml/>",
    "<a xmlns:xml='urn:x'/>",
    "<a xmlns=''/>",
    "<a xmlns:p=''/>",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_simple_document_is_judged_as_one_with_a_comment_which_takes_the_careful_way(text: str) -> None:
    plain, commented = outcome_of_xml(text), outcome_of_xml(f"<!--c-->{text}")

    assert plain == commented


def outcome_of_xml(text: str) -> object:
    try:
        return etree.tostring(parse_xml(text.encode("utf-8", errors="surrogatepass")))
    except MessageError as error:
        return error.status, error.kind


TRADE = Shape(
    "Order",
    Kind.OBJECT,
    namespace="urn:o",
    children=(
        Shape("@version", Kind.INTEGER),
        Shape("Number", Kind.TEXT, namespace="urn:o"),
        Shape("Price", Kind.DECIMAL, nullable=True),
        Shape(
            "Bin",
            Kind.OBJECT,
            repeated=True,
            children=(Shape("@type", Kind.TEXT), Shape("#text", Kind.DECIMAL, nullable=True)),
        ),
        Shape(
            "Holder", Kind.OBJECT, nullable=True, children=(Shape("Name", Kind.TEXT), Shape("Tag", Kind.TEXT, repeated=True))
        ),
        Shape("Free", Kind.ANY),
        Shape("Held", Kind.TEXT, held_in="V"),
    ),
)
XSI = "http://www.w3.org/2001/XMLSchema-instance"
INSIDE = (
    "", "1", " 1 2\n", "é", "<!-- c -->", "&#13;", "<Number xmlns='urn:o'> a\tb </Number>", "<Number>x</Number>",
    "<Price>\n 1.50 </Price>", "<Price x:nil='true'/>", "<Price x:nil='0'>2</Price>", "<Price a='1'>2</Price>",
    "<Price><a/></Price>", "<Price/>", "<Bin/>", "<Bin type=' t '>1</Bin>", "<Bin x:nil='1'/>", "<Bin colour='r'>1</Bin>",
    "<Bin><a/></Bin>", "<Holder/>", "<Holder x:nil='true'/>", "<Holder>text</Holder>", "<Holder><Name>n</Name>t</Holder>",
    "<Holder><Tag>1</Tag><Tag/></Holder>", "<Holder><Name/><Name/></Holder>", "<Holder a='1'/>", "<Free>a<b/>c</Free>",
    "<Held V=' v '/>", "<Held/>", "<Held V='v' W='w'>t</Held>", "<Other/>", "\u00a0",
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(inside=st.lists(st.sampled_from(INSIDE), max_size=6), version=st.sampled_from(["", " version=' 1 '", " v='1'"]))
def test_an_element_is_read_as_the_careful_way_reads_it(inside: list[str], version: str) -> None:
    codec = XmlCodec(TRADE)

    def read_with(attribute: str) -> Any:
        data = f"<o:Order xmlns:o='urn:o' xmlns:x='{XSI}'{version}{attribute}>{''.join(inside)}</o:Order>"
        return outcome(lambda: codec.read(data.encode()))

    assert read_with("") == read_with(" x:schemaLocation='urn:o o.xsd'"), "which takes the careful way, and says nothing"


def test_the_element_of_an_envelope_is_not_read_again_and_reads_the_same() -> None:
    around = "<e xmlns:o='urn:o' xmlns='urn:e'><o:Order> <o:Number>1</o:Number><Price xmlns=''>2</Price></o:Order> tail</e>"
    element = parse_xml(around.encode())[0]
    payload = Parsed.of(element)

    assert parse_xml(payload) is element
    assert XmlCodec(TRADE).read(payload) == XmlCodec(TRADE).read(bytes(payload)) == {"Number": "1", "Price": "2"}
    assert b"tail" not in payload


def test_what_is_wrong_with_a_simple_document_is_said_with_its_place() -> None:
    with pytest.raises(MessageError, match=r"line 2, column 8: .*mismatched tag"):
        parse_xml(b"<a>\n  <b></a>")


# -- records ----------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.decimals(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)


@settings(max_examples=400, deadline=None)
@given(record=st.dictionaries(st.text(), VALUES, max_size=5))
def test_a_record_has_one_canonical_form_whoever_writes_it(record: dict[str, Any]) -> None:
    plainly = json.dumps(
        record,
        default=lambda value: {"#decimal": str(value)},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()

    assert pack(record) == plainly
    assert fingerprint(record) == digest(plainly)


def test_what_a_record_does_not_hold_is_refused() -> None:
    for stranger in (object(), b"bytes", {1, 2}):
        with pytest.raises(TypeError):
            pack({"row": stranger})
    assert unpack(pack({"row": Decimal("1.50"), "large": 10**30})) == {"row": Decimal("1.50"), "large": 10**30}
