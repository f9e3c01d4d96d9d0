"""A patch changes what the contract says of one field: its shape, the check of every message, and what is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.contract import Contract, Part, Shape
from hub.specs.connector import Patch
from hub.transports.contracts import load_contract

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" xmlns="urn:t"
    elementFormDefault="qualified">
  <xs:simpleType name="Name"><xs:restriction base="xs:string"><xs:maxLength value="8"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Short"><xs:restriction base="Name"><xs:minLength value="2"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Motive"><xs:restriction base="xs:string">
    <xs:enumeration value="VOL"/><xs:enumeration value="CASSE"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Base"><xs:sequence><xs:element name="phone" type="xs:string"/></xs:sequence></xs:complexType>
  <xs:complexType name="Person"><xs:complexContent><xs:extension base="Base"><xs:sequence>
    <xs:element name="name" type="Short"/><xs:element ref="mail" minOccurs="0"/>
  </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:element name="mail" type="Name"/>
  <xs:attributeGroup name="Marks"><xs:attribute name="mark" type="Name" use="required"/></xs:attributeGroup>
  <xs:group name="Ends"><xs:sequence><xs:element name="end" type="xs:date"/></xs:sequence></xs:group>
  <xs:element name="Order"><xs:complexType><xs:sequence>
    <xs:element name="who" type="Person"/>
    <xs:element name="other" type="Person" minOccurs="0"/>
    <xs:element name="motive" type="Motive"/>
    <xs:element name="bin" minOccurs="0"><xs:simpleType><xs:restriction base="Name"/></xs:simpleType></xs:element>
    <xs:group ref="Ends"/>
  </xs:sequence><xs:attributeGroup ref="Marks"/></xs:complexType></xs:element>
</xs:schema>"""

ORDER = (
    '<Order xmlns="urn:t" mark="m"><who><phone>1</phone><name>Nom</name></who>'
    "<motive>VOL</motive><end>2026-03-31</end></Order>"
)

OPENAPI = """
openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /orders:
    post:
      operationId: Order
      parameters: [{name: lang, in: query, required: true, schema: {type: string}}]
      requestBody: {$ref: '#/components/requestBodies/Order'}
      responses:
        '201': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Done'}}}}
        '409': {description: non, content: {application/json: {schema: {$ref: '#/components/schemas/Done'}}}}
  /others:
    post:
      operationId: Other
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Base'}}}}
      responses: {'204': {description: ok}}
components:
  requestBodies:
    Order:
      content:
        application/json:
          schema:
            allOf:
              - $ref: '#/components/schemas/Base'
              - type: object
                required: [motive, who]
                properties:
                  motive: {$ref: '#/components/schemas/Motive'}
                  level: {type: integer, enum: [1, 2]}
                  who: {type: object, required: [phone], properties: {phone: {type: string}}}
                  bins: {type: array, items: {type: object, required: [litres], properties: {litres: {type: integer}}}}
  schemas:
    Base: {type: object, required: [name], properties: {name: {type: string, maxLength: 8, minLength: 2}}}
    Motive: {type: string, enum: [VOL, CASSE]}
    Done: {type: object, required: [id], properties: {id: {type: string}}}
"""


@pytest.fixture
def xsd(tmp_path: Path) -> Path:
    (tmp_path / "order.xsd").write_text(XSD, encoding="utf-8")
    return tmp_path / "order.xsd"


@pytest.fixture
def openapi(tmp_path: Path) -> Path:
    (tmp_path / "api.yaml").write_text(OPENAPI, encoding="utf-8")
    return tmp_path / "api.yaml"


def patch(at: str, operation: str = "Order", part: str = "input", **changes: Any) -> Patch:
    """A patch whose operation is called as the contract calls it, which is what the catalogue makes of it."""
    made = Patch.model_validate({"operation": "any", "part": part, "at": at, "because": "vu en recette", **changes})
    return made.model_copy(update={"operation": operation})


def request(contract: Contract, operation: str = "Order") -> Part:
    part = contract.operations[operation].input
    assert part is not None
    return part


def field(part: Part, path: str) -> Shape:
    found = part.shape.at(path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("at", "changes", "old", "new"),
    [
        ("who.phone", {"required": "false"}, "<phone>1</phone>", ""),
        ("end", {"required": "false"}, "<end>2026-03-31</end>", ""),
        ("@mark", {"required": "false"}, ' mark="m"', ""),
        ("@mark", {"longest": "20"}, 'mark="m"', f'mark="{"m" * 20}"'),
        ("who.name", {"longest": "20"}, "Nom", "N" * 20),
        ("who.name", {"shortest": "1"}, "Nom", "N"),
        ("who.mail", {"longest": "30"}, "</who>", f"<mail>{'a' * 30}</mail></who>"),
        ("who.mail", {"repeated": "true"}, "</who>", "<mail>a</mail><mail>b</mail></who>"),
        ("bin", {"longest": "12", "repeated": "true"}, "<end>", "<bin>123456789012</bin><bin>1</bin><end>"),
        ("motive", {"values": ["VOL", "PERTE"]}, "VOL", "PERTE"),
        ("motive", {"values": []}, "VOL", "n'importe"),
        (
            "end",
            {"nullable": "true"},
            "<end>2026-03-31",
            '<end i:nil="true" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">',
        ),
    ],
)
def test_what_a_patch_of_a_schema_allows_passes_the_check(
    xsd: Path, at: str, changes: dict[str, Any], old: str, new: str
) -> None:
    message = ORDER.replace(old, new, 1).encode()
    made = patch(at, **changes)

    plain, patched = request(load_contract(xsd)), request(load_contract(xsd, patches=[made]))

    assert plain.check(message) != () and plain.check(ORDER.encode()) == ()
    assert patched.check(message) == ()
    assert {word: getattr(field(patched, at), word) for word in made.changes} == made.changes


@pytest.mark.parametrize(
    ("at", "changes", "added"),
    [
        ("who.mail", {"required": "true"}, ""),
        ("who.phone", {"longest": "3"}, "1234"),
        ("who.phone", {"shortest": "2"}, ""),
        ("who.phone", {"values": ["2", "3"]}, ""),
    ],
)
def test_what_a_patch_of_a_schema_forbids_fails_the_check(xsd: Path, at: str, changes: dict[str, Any], added: str) -> None:
    message = ORDER.replace("<phone>1", f"<phone>{added or 1}").encode()

    plain, patched = request(load_contract(xsd)), request(load_contract(xsd, patches=[patch(at, **changes)]))

    assert plain.check(message) == ()
    assert patched.check(message) != ()


def test_a_patch_leaves_every_other_field_as_it_is(xsd: Path) -> None:
    plain = request(load_contract(xsd))
    patched = request(load_contract(xsd, patches=[patch("motive", values=["PERTE"]), patch("bin", longest="12")]))

    before, after = dict(plain.shape.leaves()), dict(patched.shape.leaves())
    assert {path for path in before if before[path] != after[path]} == {"motive", "bin"}


def test_a_type_that_is_used_twice_is_patched_in_both_places(xsd: Path) -> None:
    patched = request(load_contract(xsd, patches=[patch("who.phone", required="false")]))

    assert not field(patched, "other.phone").required


def test_what_is_published_says_what_was_patched(xsd: Path, tmp_path: Path) -> None:
    patched = load_contract(xsd, patches=[patch("who.phone", required="false"), patch("bin", longest="12")])

    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "order.xsd").write_bytes(patched.corrected["order.xsd"])
    published = load_contract(tmp_path / "published" / "order.xsd")
    assert request(published).shape == request(patched).shape


@pytest.mark.parametrize(
    ("at", "changes", "body"),
    [
        ("name", {"required": "false"}, '{"motive": "VOL", "who": {"phone": "1"}}'),
        ("name", {"longest": "20"}, '{"name": "123456789012", "motive": "VOL", "who": {"phone": "1"}}'),
        ("name", {"nullable": "true"}, '{"name": null, "motive": "VOL", "who": {"phone": "1"}}'),
        ("motive", {"values": ["PERTE"]}, '{"name": "ab", "motive": "PERTE", "who": {"phone": "1"}}'),
        ("motive", {"repeated": "true"}, '{"name": "ab", "motive": ["VOL", "VOL"], "who": {"phone": "1"}}'),
        ("level", {"values": ["1", "7"]}, '{"name": "ab", "motive": "VOL", "level": 7, "who": {"phone": "1"}}'),
        ("who.phone", {"required": "false"}, '{"name": "ab", "motive": "VOL", "who": {}}'),
        ("bins.litres", {"required": "false"}, '{"name": "ab", "motive": "VOL", "who": {"phone": "1"}, "bins": [{}]}'),
        ("bins", {"repeated": "false"}, '{"name": "ab", "motive": "VOL", "who": {"phone": "1"}, "bins": {"litres": 1}}'),
    ],
)
def test_what_a_patch_of_openapi_allows_passes_the_check(openapi: Path, at: str, changes: dict[str, Any], body: str) -> None:
    made = patch(at, **changes)

    plain, patched = request(load_contract(openapi)), request(load_contract(openapi, patches=[made]))

    assert plain.check(body.encode()) != ()
    assert patched.check(body.encode()) == ()
    assert {word: getattr(field(patched, at), word) for word in made.changes} == made.changes


def test_what_is_published_of_openapi_says_what_was_patched(openapi: Path, tmp_path: Path) -> None:
    patched = load_contract(openapi, patches=[patch("name", longest="20")])

    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "api.yaml").write_bytes(patched.corrected["api.yaml"])
    assert request(load_contract(tmp_path / "published" / "api.yaml")).shape == request(patched).shape


def test_parameters_answers_and_errors_can_be_patched(openapi: Path) -> None:
    patches = [patch("@lang", required="false", values=["fr", "en"]), patch("id", part="output", nullable="true")]

    order = load_contract(openapi, patches=[*patches, patch("id", part="409", required="false")]).operations["Order"]

    assert order.input and order.output
    assert not field(order.input, "@lang").required and field(order.input, "@lang").values == ("fr", "en")
    assert field(order.output, "id").nullable
    assert not field(order.faults["409"], "id").required


def test_a_copied_code_list_leaves_other_fields_alone(openapi: Path) -> None:
    patched = load_contract(openapi, patches=[patch("motive", values=["PERTE"])])

    assert field(request(patched), "motive").values == ("PERTE",)
    assert request(patched, "Other").shape == request(load_contract(openapi), "Other").shape


def test_a_json_schema_can_be_patched(tmp_path: Path) -> None:
    file = tmp_path / "bin.schema.json"
    file.write_text('{"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}', encoding="utf-8")

    patched = load_contract(file, patches=[patch("a", operation="bin", required="false")])

    assert request(patched, "bin").check(b"{}") == ()
    assert request(load_contract(file), "bin").check(b"{}") != ()
