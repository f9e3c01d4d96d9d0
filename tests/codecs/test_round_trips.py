"""Whatever document a shape allows, written and read back it is equal: in XML and in JSON."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.codecs import json, xml
from hub.contract import Kind, Shape
from hub.errors import MessageError

_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True)
_SPACES = st.sampled_from(["", "urn:a", "urn:b"])
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\t\n\r é&<>\"'"), max_size=20)
_NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9).map(str)
_LEAVES = {
    Kind.TEXT: _TEXT,
    Kind.INTEGER: st.integers(-(10**20), 10**20).map(str),
    Kind.DECIMAL: _NUMBERS,
    Kind.BOOLEAN: st.sampled_from(["true", "false"]),
    Kind.DATE: st.dates().map(str),
    Kind.BASE64: st.sampled_from(["", "YQ==", "YWJj"]),
}
_XML_OPEN = st.sampled_from(
    ["", "a", "a &amp; b", '<x xmlns="urn:x" a="1"><y></y></x>', "t<b></b>u<c>d</c>", "<a>1</a><a>2</a>"]
)
_JSON_OPEN = st.sampled_from(["1.50", '"a"', "null", "[1,2]", '{"a":[true,null,1e3]}', "{}"])


def leaves(name: str, namespace: str) -> st.SearchStrategy[Shape]:
    return st.builds(
        Shape,
        st.just(name),
        st.sampled_from([*_LEAVES, Kind.ANY]),
        repeated=st.booleans(),
        nullable=st.booleans(),
        namespace=st.just(namespace),
    )


@st.composite
def shapes(draw: st.DrawFn, depth: int = 3, name: str = "root", attributes: bool = True) -> Shape:
    names = draw(st.lists(_NAMES, max_size=4, unique=True))
    children = []
    for each in names:
        inner = depth > 0 and draw(st.booleans())
        namespace = draw(_SPACES)
        child = draw(shapes(depth - 1, each, attributes)) if inner else draw(leaves(each, namespace))
        children.append(child)
    if attributes and draw(st.booleans()):
        children.append(Shape("@mark", draw(st.sampled_from([Kind.TEXT, Kind.INTEGER])), namespace=draw(_SPACES)))
    repeated = name != "root" and draw(st.booleans())
    return Shape(name, Kind.OBJECT, repeated=repeated, children=tuple(children), namespace=draw(_SPACES))


def values(shape: Shape, free: st.SearchStrategy[str], *, fewest: int) -> st.SearchStrategy[Any]:
    one: st.SearchStrategy[Any]
    if shape.kind is Kind.OBJECT:
        one = documents(shape, free, fewest=fewest)
    else:
        one = free if shape.kind is Kind.ANY else _LEAVES[shape.kind]
    if shape.nullable and shape.kind not in (Kind.ANY, Kind.OBJECT):
        one = one | st.none()
    return st.lists(one, min_size=fewest, max_size=3) if shape.repeated else one


def documents(shape: Shape, free: st.SearchStrategy[str], *, fewest: int) -> st.SearchStrategy[dict[str, Any]]:
    fields = {child.name: values(child, free, fewest=fewest) for child in shape.children}
    return st.fixed_dictionaries({}, optional=fields)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_xml_comes_back_whole(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    document = data.draw(documents(shape, _XML_OPEN, fewest=1))

    codec = xml.XmlCodec(shape)

    assert codec.read(codec.write(document)) == document
    assert codec.write(codec.read(codec.write(document))) == codec.write(document)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_json_comes_back_whole(data: st.DataObject) -> None:
    shape = data.draw(shapes(attributes=False))
    document = data.draw(documents(shape, _JSON_OPEN, fewest=0))

    written = json.write(document, shape)

    assert json.read(json.parse(written), shape) == document


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200) | st.text("<>/=\"'!?&;[]-ax: \n", max_size=60).map(str.encode))
def test_any_bytes_are_parsed_or_refused_as_a_message(data: bytes) -> None:
    for parse in (xml.parse, json.parse):
        try:
            parse(data)
        except MessageError as error:
            assert error.status == 400
