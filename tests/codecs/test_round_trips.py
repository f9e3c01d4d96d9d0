"""Whatever document a shape allows, written and read back it is equal: in XML, JSON, lines, and in fields of each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from lxml import etree

from hub.codecs import codec_for, json, with_inside, xml
from hub.codecs.attribute_values import with_values_in
from hub.contract import Column, Inside, Kind, Layout, LineType, Part, Shape
from hub.errors import MessageError
from hub.transports.layouts import part_of
from tests.examples import examples

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


@examples(300, st.data())
def test_xml_comes_back_whole(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    document = data.draw(documents(shape, _XML_OPEN, fewest=1))

    codec = xml.XmlCodec(shape)

    assert codec.read(codec.write(document)) == document
    assert codec.write(codec.read(codec.write(document))) == codec.write(document)


_SPOILT = st.one_of(st.none(), st.text(max_size=3), st.lists(st.text(max_size=3), max_size=2), st.just({"strange": "x"}))


@examples(400, st.data())
def test_xml_is_written_as_its_elements_are(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    document = data.draw(documents(shape, st.just(""), fewest=0))
    spoilt = data.draw(st.dictionaries(st.sampled_from([*(child.name for child in shape.children), "strange"]), _SPOILT))
    codec = xml.XmlCodec(shape)

    for each in (document, {**document, **spoilt}):
        assert outcome(codec.write, each) == outcome(lambda one: etree.tostring(codec.build(one), encoding="UTF-8"), each)


def outcome(of: Callable[[Any], bytes], document: Any) -> object:
    """What is written, or every problem of it."""
    try:
        written = of(document)
    except MessageError as error:
        event("refused")
        return error.problems
    event("written")
    return written


@examples(300, st.data())
def test_json_comes_back_whole(data: st.DataObject) -> None:
    shape = data.draw(shapes(attributes=False))
    document = data.draw(documents(shape, _JSON_OPEN, fewest=0))

    written = json.write(document, shape)

    assert json.read(json.parse(written), shape) == document


@examples(200, st.data())
def test_xml_in_another_encoding_comes_back_whole(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    document = data.draw(documents(shape, _XML_OPEN, fewest=1))

    for encoding in ("ISO-8859-1", "ISO-8859-15", "WINDOWS-1252"):
        codec = xml.XmlCodec(shape, encoding=encoding)

        assert encoding.encode() in codec.write(document)
        assert codec.read(codec.write(document)) == document


@examples(200, st.data())
def test_xml_whose_values_stand_in_an_attribute_comes_back_whole(data: st.DataObject) -> None:
    part = with_values_in(Part(_with_values_in_v(data.draw(shapes(attributes=False))), media="application/xml"), "V")
    document = data.draw(documents(part.shape, _XML_OPEN, fewest=1))
    codec = codec_for(part)

    assert not any(path.endswith("@V") for path, _ in part.shape.leaves())
    assert codec.read(codec.write(document)) == document


def _with_values_in_v(shape: Shape) -> Shape:
    """The same shape as PES has it: each leaf is an element with the attribute V."""
    if shape.kind is Kind.OBJECT:
        return replace(shape, children=tuple(map(_with_values_in_v, shape.children)))
    value = Shape("@V", Kind.TEXT if shape.kind is Kind.ANY else shape.kind, required=True)
    return replace(shape, kind=Kind.OBJECT, nullable=False, children=(value,))


@examples(300, st.data())
def test_a_document_in_a_field_comes_back_whole(data: st.DataObject) -> None:
    around = data.draw(st.sampled_from(["application/xml", "application/json"]))
    within = data.draw(st.sampled_from(["application/xml", "application/json"]))
    inner = Part(data.draw(shapes(attributes="xml" in within)), media=within)
    repeated, base64 = data.draw(st.booleans()), data.draw(st.booleans())
    leaf = Shape("Contenu", Kind.BASE64 if base64 else Kind.TEXT, repeated=repeated)
    envelope = Shape("Demande", Kind.OBJECT, children=(Shape("Numero", Kind.TEXT), leaf))
    outer = Part(Shape("root", Kind.OBJECT, children=(envelope,)), media=around)
    part = with_inside(outer, Inside("Demande.Contenu", inner, leaf, base64))
    held = documents(inner.shape, _XML_OPEN if "xml" in within else _JSON_OPEN, fewest=1) | st.just("")
    contents = st.lists(held, min_size=1, max_size=3) if repeated else held
    fields = {"Numero": _TEXT, "Contenu": contents}
    document = data.draw(st.fixed_dictionaries({"Demande": st.fixed_dictionaries({}, optional=fields)}))
    codec = codec_for(part)

    assert codec.read(codec.write(document)) == document
    assert part.check(codec.write(document)) == ()


def _signs(longest: int) -> st.SearchStrategy[str]:
    """Texts for a column, now and then with what its place, its encoding or its line cannot hold."""
    easy = st.text(st.sampled_from("AéÉ 0127,;\"'-"), max_size=longest)
    any_sign = st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("\r\n\t€œ\ufeff")
    return easy | easy | st.text(any_sign, max_size=longest)


@st.composite
def layouts(draw: st.DrawFn, form: str) -> Layout:
    kinds = []
    for name in draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True)):
        columns = tuple(draw(_columns(each, form)) for each in draw(st.lists(_NAMES, min_size=1, max_size=4, unique=True)))
        mark = Column("mark", constant=f"{len(kinds)}", width=0 if form == "csv" else 2)
        kinds.append(LineType(f"k_{name}", (mark, *columns), repeated=draw(st.booleans())))
    return Layout(
        "csv" if form == "csv" else "fixed",
        tuple(kinds),
        separator=draw(st.sampled_from([";", ",", "\t", "|"])),
        header=form == "csv" and draw(st.booleans()),
        line_end=draw(st.sampled_from(["\n", "\r\n"])),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "iso-8859-1", "windows-1252"])),
    )


def _columns(name: str, form: str) -> st.SearchStrategy[Column]:
    if form == "csv":
        return st.just(Column(name))
    return st.builds(
        Column, st.just(name), width=st.integers(1, 12), align=st.sampled_from(["left", "right"]), fill=st.sampled_from(" 0")
    )


def _lines(kind: LineType) -> st.SearchStrategy[Any]:
    columns = {column.name: _signs(column.room or 12) for column in kind.columns if column.constant is None}
    one = st.fixed_dictionaries(columns)
    return st.lists(one, max_size=3) if kind.repeated else one


@examples(400, st.data(), st.sampled_from(["csv", "fixed"]))
def test_lines_come_back_whole_or_are_refused(data: st.DataObject, form: str) -> None:
    layout = data.draw(layouts(form))
    document = data.draw(st.fixed_dictionaries({kind.name: _lines(kind) for kind in layout.lines}))
    part = part_of(layout)
    codec = codec_for(part)

    try:
        written = codec.write(document)
    except MessageError as error:
        assert error.problems
        event(f"{form} refused")
        return

    event(f"{form} written")
    assert codec.read(written) == (_without_outer_blanks(document) if form == "fixed" else document)
    assert codec.write(codec.read(written)) == written
    assert part.check(written) == ()


def _without_outer_blanks(held: Any) -> Any:
    if isinstance(held, dict):
        return {name: _without_outer_blanks(each) for name, each in held.items()}
    return [_without_outer_blanks(each) for each in held] if isinstance(held, list) else held.strip(" ")


@examples(300, st.data(), st.sampled_from(["csv", "fixed"]))
def test_any_bytes_are_lines_or_are_refused_as_a_message(data: st.DataObject, form: str) -> None:
    codec = codec_for(part_of(data.draw(layouts(form))))
    given_bytes = data.draw(st.binary(max_size=80) | st.text('01;"\r\n é0', max_size=60).map(str.encode))

    try:
        codec.read(given_bytes)
    except MessageError as error:
        assert error.status in (400, 422)


@examples(500, st.binary(max_size=200) | st.text("<>/=\"'!?&;[]-ax: \n", max_size=60).map(str.encode))
def test_any_bytes_are_parsed_or_refused_as_a_message(data: bytes) -> None:
    for parse in (xml.parse, json.parse):
        try:
            parse(data)
        except MessageError as error:
            assert error.status == 400
