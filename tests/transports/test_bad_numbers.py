"""Numbers as others write them: what is none, or does not fit, is refused with its field; what is one stays exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.codecs import codec_for
from hub.contract import Kind, Part, Shape
from hub.errors import MessageError
from hub.specs.load import build
from hub.specs.mapping import Mapping
from hub.specs.source import parse_source
from hub.translation.mapping import Translation, compile_mapping
from hub.transports.xsd import load_xsd

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Order"><xs:complexType><xs:sequence>
<xs:element name="Ref" type="xs:string"/>
<xs:element name="Count"><xs:simpleType><xs:restriction base="xs:int"><xs:minInclusive value="0"/>
<xs:maxInclusive value="999"/></xs:restriction></xs:simpleType></xs:element>
<xs:element name="Amount" minOccurs="0"><xs:simpleType><xs:restriction base="xs:decimal"><xs:totalDigits value="12"/>
<xs:fractionDigits value="2"/></xs:restriction></xs:simpleType></xs:element>
<xs:element name="Rate" type="xs:double" minOccurs="0"/></xs:sequence></xs:complexType></xs:element></xs:schema>"""
MAPPING = """
exchange: numbers
title: Numbers
sector: social
between: {a: {in: tell}, b: {out: hear}}
key: ref
fields:
  ref: {a: Ref, b: ref}
  count: {a: Count, b: count, as: integer}
  amount: {a: Amount, b: amount, as: decimal}
  rate: {a: Rate, b: rate, as: decimal}
"""
LARGE = "1" + "0" * 30


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Part:
    path = tmp_path_factory.mktemp("numbers") / "order.xsd"
    path.write_text(XSD)
    return load_xsd(path, "Order")


@pytest.fixture(scope="module")
def translation(order: Part) -> Translation:
    names = {"ref": Kind.TEXT, "count": Kind.INTEGER, "amount": Kind.DECIMAL, "rate": Kind.DECIMAL}
    there = Shape("order", Kind.OBJECT, children=tuple(Shape(name, kind) for name, kind in names.items()))
    spec = build(parse_source(MAPPING, shown="mappings/numbers.yaml"), Mapping)
    return compile_mapping(spec, shapes={"a": {"in": order.shape}, "b": {"out": there}}, replies={}, tables={})


def taken(order: Part, translation: Translation, **values: str) -> dict[str, object]:
    """The record of an order with these numbers. MessageError when contract or mapping do not take them."""
    said = {"Ref": "R", "Count": "1", **values}
    data = f"<Order>{''.join(f'<{name}>{value}</{name}>' for name, value in said.items())}</Order>".encode()
    if problems := order.check(data):
        raise MessageError(problems=problems)
    return translation.read("a", codec_for(order).read(data)).record


def refused_paths(order: Part, translation: Translation, **values: str) -> list[str]:
    with pytest.raises(MessageError) as caught:
        taken(order, translation, **values)
    for problem in caught.value.problems:
        assert problem.text.en
        assert problem.text.fr
        assert not any(value in problem.text.en for value in values.values() if len(value) > 3)
    return [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("Count", value)
            for value in ("NaN", "INF", "1E400", LARGE, "-1", "1,5", "1.5", "1000", "", "0x1F", "1_0", "٣", "1 0")
        ),
        *(
            ("Amount", value)
            for value in ("NaN", "INF", "-INF", "1E400", "1e2", LARGE, "12,50", "1 234.50", "0.001", "", "--1")
        ),
        *(("Rate", value) for value in ("NaN", "INF", "-INF", "12,50", "", "0x1F", "Infinity", "1E")),
    ],
)
def test_what_is_no_number_of_the_contract_is_refused_with_its_field(
    field: str, value: str, order: Part, translation: Translation
) -> None:
    assert refused_paths(order, translation, **{field: value}) == [field]


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("Count", "-0", 0),
        ("Count", "+7", 7),
        ("Count", "007", 7),
        ("Amount", "-0", Decimal("0")),
        ("Amount", "-12.50", Decimal("-12.50")),
        ("Amount", "9999999999.99", Decimal("9999999999.99")),
        ("Amount", ".5", Decimal("0.5")),
    ],
)
def test_what_is_a_number_stays_exactly_that(
    field: str, value: str, found: object, order: Part, translation: Translation
) -> None:
    record = taken(order, translation, **{field: value})

    assert record[field.lower()] == found


def test_a_double_beyond_all_bounds_is_refused_and_not_taken_for_infinite(order: Part, translation: Translation) -> None:
    assert refused_paths(order, translation, Rate="1E400") == ["Rate"]


@settings(max_examples=300, deadline=None)
@given(
    value=st.one_of(st.decimals(allow_nan=True, allow_infinity=True).map(str), st.text("0123456789+-.,eE_ ", max_size=12))
)
def test_any_amount_is_refused_with_its_field_or_comes_out_as_it_went_in(
    value: str, order: Part, translation: Translation
) -> None:
    try:
        record = taken(order, translation, Amount=value)
    except MessageError as error:
        assert {problem.path for problem in error.problems} == {"Amount"}
    else:
        assert record["amount"] == Decimal(value.strip())
        told = translation.write("b", record, {})
        assert Decimal(told["amount"]) == record["amount"]


def test_an_amount_that_a_comment_splits_is_the_whole_amount(order: Part, translation: Translation) -> None:
    for split in ("12<!-- -->34.50", "12<?x?>34.50", "12<![CDATA[34]]>.50"):
        assert taken(order, translation, Amount=split)["amount"] == Decimal("1234.50")
