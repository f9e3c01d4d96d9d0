"""What a contract says wrongly is mended where one thing only can be meant, and said; what is not sure is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.codecs import codec_for
from hub.contract import Contract, Kind, Part
from hub.errors import ConfigurationError, Finding
from hub.transports.contracts import load_contract

TYPES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:types" elementFormDefault="qualified">
  <xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:maxLength value="4"/></xs:restriction></xs:simpleType>
</xs:schema>"""

IMPORT = '<xs:import namespace="urn:types" schemaLocation="types.xsd"/>'

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:w="urn:w"
    xmlns:t="urn:types" xmlns:m="urn:main" xmlns:no="urn:nobody" targetNamespace="urn:w">
  <types><xs:schema targetNamespace="urn:main" elementFormDefault="qualified">
      <xs:import namespace="urn:types" schemaLocation="types.xsd"/>
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="code" type="t:Code"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Answer" type="xs:string"/>
  </xs:schema></types>
  <message name="In"><part name="body" element="m:Ask"/></message>
  <message name="Out"><part name="body" element="m:Answer"/></message>
  <portType name="P"><operation name="O"><input message="w:In"/><output message="w:Out"/></operation></portType>
  <binding name="B" type="w:P"><s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="O"><s:operation soapAction="urn:o"/>
      <input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
</definitions>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "types.xsd").write_text(TYPES, encoding="utf-8")
    return tmp_path


def contract(folder: Path, old: str = "", new: str = "") -> Contract:
    """The WSDL with one thing changed."""
    assert old in WSDL
    (folder / "c.wsdl").write_text(WSDL.replace(old, new, 1) if old else WSDL, encoding="utf-8")
    return load_contract(folder / "c.wsdl")


def refusal(folder: Path, old: str, new: str) -> Finding:
    with pytest.raises(ConfigurationError) as caught:
        contract(folder, old, new)
    return caught.value.findings[0]


def line_of(words: str) -> int:
    return WSDL[: WSDL.index(words)].count("\n") + 1


def request(found: Contract) -> Part:
    part = found.operations["O"].input
    assert part is not None
    return part


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("types.xsd", "http://vendor.example/types?xsd=1", "types.xsd was taken, the one here"),
        ("types.xsd", "schemas/elsewhere/types.xsd", "types.xsd was taken, the one here"),
        (' schemaLocation="types.xsd"', "", "import without location"),
        ('namespace="urn:types" schema', 'namespace="urn:type" schema', 'imports "urn:type", the file declares "urn:types"'),
        ('namespace="urn:types" schema', "schema", 'imports "", the file declares "urn:types"'),
        ('type="w:P"', 'type="P"', '"P" was taken as P of "urn:w"'),
        ('type="w:P"', 'type="no:P"', '"no:P" was taken as P of "urn:w"'),
        ('type="w:P"', "", "names nothing: P was taken, the only one"),
        ('message="w:In"', 'message="In"', '"In" was taken as In of "urn:w"'),
        ('element="m:Ask"', 'element="Ask"', 'element="Ask" was taken as Ask of "urn:main"'),
        ('element="m:Ask"', 'element="undeclared:Ask"', 'element="undeclared:Ask" was taken as Ask of "urn:main"'),
    ],
)
def test_what_is_sure_is_mended_and_said_with_its_line(folder: Path, old: str, new: str, says: str) -> None:
    found = contract(folder, old, new)

    code = request(found).shape.at("code")
    assert code and code.longest == 4
    assert request(found).check(b'<Ask xmlns="urn:main"><code>ABCD</code></Ask>') == ()
    assert [each.severity for each in found.mended] == ["warning"]
    assert says in found.mended[0].text.en and found.mended[0].text.fr != found.mended[0].text.en
    assert (found.mended[0].file, found.mended[0].line) == ("c.wsdl", line_of(old))


def test_a_contract_without_fault_has_nothing_to_say(folder: Path) -> None:
    found = contract(folder)

    assert found.mended == () and found.corrected == {}


def test_an_import_forgotten_between_the_schemas_of_one_wsdl_is_added(folder: Path) -> None:
    (folder / "types.xsd").unlink()

    found = contract(folder, "</xs:schema></types>", f"</xs:schema>{TYPES}</types>")
    text = (folder / "c.wsdl").read_text(encoding="utf-8").replace(IMPORT, "")
    (folder / "c.wsdl").write_text(text, encoding="utf-8")
    without = load_contract(folder / "c.wsdl")

    assert ["the contract itself declares" in each.text.en for each in found.mended] == [True]
    assert ["the import was added" in each.text.en for each in without.mended] == [True]
    assert request(without).shape == request(found).shape


@pytest.mark.parametrize(
    ("namespace", "content", "name"),
    [
        ("http://www.w3.org/XML/1998/namespace", '<xs:attribute ref="xml:lang"/>', "@lang"),
        ("http://schemas.xmlsoap.org/soap/encoding/", '<xs:attribute ref="e:arrayType"/>', "@arrayType"),
    ],
)
@pytest.mark.parametrize("location", ['schemaLocation="http://vendor.example/known.xsd"', ""])
def test_what_everybody_knows_needs_no_file(folder: Path, namespace: str, content: str, name: str, location: str) -> None:
    brings = f'<xs:import namespace="{namespace}" {location}/><xs:complexType name="Known">{content}</xs:complexType>'
    (folder / "types.xsd").write_text(
        TYPES.replace("<xs:simpleType", f"{brings}<xs:simpleType").replace(
            "xmlns:xs=", 'xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xs=', 1
        ),
        encoding="utf-8",
    )

    found = contract(folder, 'name="Answer" type="xs:string"', 'name="Answer" type="t:Known"')

    answer = found.operations["O"].output
    assert answer and [child.name for child in answer.shape.children] == [name]
    assert bool(location) == any("known to all" in each.text.en for each in found.mended)


def test_an_array_of_soap_encoding_is_read_as_its_restriction_says(folder: Path) -> None:
    items = (
        '<xs:import namespace="http://schemas.xmlsoap.org/soap/encoding/"/><xs:complexType name="Codes"><xs:complexContent>'
        '<xs:restriction base="e:Array"><xs:sequence><xs:element name="item" type="xs:string" maxOccurs="unbounded"/>'
        "</xs:sequence></xs:restriction></xs:complexContent></xs:complexType>"
    )
    text = TYPES.replace("<xs:simpleType", f"{items}<xs:simpleType")
    (folder / "types.xsd").write_text(
        text.replace("xmlns:xs=", 'xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xs=', 1), encoding="utf-8"
    )

    part = request(contract(folder, 'name="code" type="t:Code"', 'name="codes" type="t:Codes"'))

    written = codec_for(part).write({"codes": {"item": ["a", "b"]}})
    item = part.shape.at("codes.item")
    assert item and item.repeated
    assert part.check(written) == ()


def test_two_files_of_one_namespace_are_not_chosen_between(folder: Path) -> None:
    (folder / "again.xsd").write_text(TYPES, encoding="utf-8")

    finding = refusal(folder, "types.xsd", "http://vendor.example/schema")

    assert "http://vendor.example/schema" in finding.text.fr
    assert finding.right and "espace de noms" in finding.right.fr


def test_of_two_files_of_one_namespace_the_one_of_that_name_is_meant(folder: Path) -> None:
    (folder / "again.xsd").write_text(TYPES.replace('value="4"', 'value="9"'), encoding="utf-8")

    code = request(contract(folder, "types.xsd", "http://vendor.example/x/again.xsd")).shape.at("code")

    assert code and code.longest == 9


def test_an_include_means_a_file_of_that_name_and_namespace(folder: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    (inside / "more.xsd").write_text(TYPES, encoding="utf-8")
    schema = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:types">{}</xs:schema>'
    (folder / "types.xsd").write_text(
        schema.format('<xs:include schemaLocation="http://vendor.example/more.xsd"/>'), encoding="utf-8"
    )

    found = contract(folder)

    code = request(found).shape.at("code")
    assert code and code.longest == 4
    assert [each.file for each in found.mended] == ["types.xsd"]


def test_a_wsdl_that_imports_another_by_address_finds_it_by_its_namespace(folder: Path) -> None:
    contract(folder)
    head = (
        WSDL[: WSDL.index("<types>")]
        .replace("urn:w", "urn:main-wsdl")
        .replace('targetNamespace="urn:main-wsdl"', 'targetNamespace="urn:top"')
    )
    link = '<import namespace="urn:w" location="http://vendor.example/svc?wsdl=0"/>'
    (folder / "top.wsdl").write_text(f"{head}{link}</definitions>", encoding="utf-8")

    found = load_contract(folder / "top.wsdl")

    assert list(found.operations) == ["O"]
    assert "c.wsdl was taken" in found.mended[0].text.en


def test_what_is_published_is_what_was_mended(folder: Path) -> None:
    found = contract(folder, "types.xsd", "http://vendor.example/types?xsd=1")

    again = folder / "again"
    again.mkdir()
    (again / "types.xsd").write_text(TYPES, encoding="utf-8")
    (again / "c.wsdl").write_bytes(found.corrected["c.wsdl"])
    assert list(found.corrected) == ["c.wsdl"]
    assert load_contract(again / "c.wsdl").mended == ()


def test_an_answer_that_no_schema_declares_is_taken_whatever_it_holds_and_said(folder: Path) -> None:
    found = contract(folder, 'element="m:Answer"', 'element="m:Missing"')

    answer = found.operations["O"].output
    assert answer and answer.shape.children[0].kind is Kind.ANY
    assert answer.check(b'<Missing xmlns="urn:main"><any>1</any></Missing>') == ()
    assert answer.check(b'<Other xmlns="urn:main"/>') != ()
    assert 'no schema declares the answer\'s element "m:Missing"' in found.mended[0].text.en


@pytest.mark.parametrize(
    ("old", "new", "says", "remedy"),
    [
        ('<s:body use="literal"/></input>', '<s:body use="encoded"/></input>', "le corps est encodé", 'use="literal"'),
        ('element="m:Ask"', 'type="xs:string"', "a un type et pas d'élément", 'element="..."'),
        ('element="m:Ask"', 'element="m:Missing"', "aucun schéma ne déclare cet élément", '<element name="Missing">'),
        ('style="document"', 'style="rpc"', "a un élément et pas de type", 'type="..."'),
        (
            '<part name="body" element="m:Ask"/>',
            '<part name="a" element="m:Ask"/><part name="b" element="m:Ask"/>',
            "(a, b)",
            "un <part>",
        ),
        ('type="w:P"', 'type="w:Q"', 'type="w:Q", et ce <portType> n\'existe pas', "portType"),
        ('message="w:In"', 'message="w:Inn"', "le <message> « w:Inn » n'existe pas", "<message>"),
        (
            'http"/>\n    <operation name="O"',
            'http"/>\n    <operation name="Oo"',
            "n'a pas d'opération de ce nom",
            "<input>",
        ),
        ("soap/http", "soap/smtp", "soap/smtp", "HTTP"),
        ("<s:binding style", "<binding style", "n'a pas de <soap:binding>", "SOAP 1.1"),
        ('type="t:Code"', 'type="t:Cod"', "il nomme « Cod » de « urn:types », et aucun type", "corriger le schéma"),
        (
            'name="Answer" type="xs:string"',
            'name="Ask" type="xs:string"',
            "« Ask » de « urn:main » est déclaré deux fois",
            "corriger",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_line_reason_and_remedy(
    folder: Path, old: str, new: str, says: str, remedy: str
) -> None:
    finding = refusal(folder, old, new)

    assert finding.line > 0 and finding.file == "c.wsdl"
    assert says in finding.text.fr
    assert finding.right and remedy in finding.right.fr
    assert finding.text.en != finding.text.fr


def test_a_part_of_a_contract_names_the_file_that_it_is_a_part_of(folder: Path) -> None:
    contract(folder)
    text = (folder / "c.wsdl").read_text(encoding="utf-8")
    (folder / "abstract.wsdl").write_text(text[: text.index("<binding")] + "</definitions>", encoding="utf-8")
    link = '<import namespace="urn:w" location="abstract.wsdl"/>'
    rest = text[: text.index("<types>")] + link + text[text.index("<binding") :]
    (folder / "c.wsdl").write_text(rest, encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        load_contract(folder / "abstract.wsdl")

    assert list(load_contract(folder / "c.wsdl").operations) == ["O"]
    right = caught.value.findings[0].right
    assert right and right.fr.endswith("contract: c.wsdl")


def test_a_plain_schema_is_a_contract_of_documents_that_are_posted(folder: Path) -> None:
    (folder / "types.xsd").write_text(
        TYPES.replace("</xs:schema>", '<xs:element name="Doc" type="xs:date"/></xs:schema>'), encoding="utf-8"
    )
    (folder / "bin.schema.json").write_text(
        '{"type": "object", "properties": {"litres": {"type": "integer"}}}', encoding="utf-8"
    )

    xsd, json = load_contract(folder / "types.xsd"), load_contract(folder / "bin.schema.json")

    doc, bin_ = xsd.operations["Doc"], json.operations["bin"]
    assert xsd.protocol == json.protocol == "rest"
    assert doc.input and doc.input.media == "application/xml" and doc.input.shape.name == "Doc"
    assert bin_.input and bin_.input.shape.at("litres")
    assert doc.binding == bin_.binding
