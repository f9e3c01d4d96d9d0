"""A WSDL is read offline into operations whose documents are written exactly as zeep would write them."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import canonicalize

import pytest
import zeep
from lxml import etree

from hub.codecs import codec_for, xml
from hub.contract import Contract, Kind, Operation, Part, SoapBinding
from hub.errors import ConfigurationError
from hub.transports.second_reading import read_otherwise
from hub.transports.wsdl import load_wsdl

SHARED = Path(__file__).parents[2] / ".." / "shared" / "contracts"
PAYFIP = SHARED / "payfip" / "PaiementSecuriseService.wsdl"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the folder `shared` is not beside the repository")

ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"

BINS_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:bins"
    xmlns="urn:bins" elementFormDefault="qualified">
  <xs:simpleType name="Motive"><xs:restriction base="xs:string">
    <xs:enumeration value="VOL"/><xs:enumeration value="CASSE"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Bin"><xs:sequence>
    <xs:element name="Litres" type="xs:int"/>
    <xs:element name="Note" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string">
      <xs:maxLength value="10"/></xs:restriction></xs:simpleType></xs:element>
  </xs:sequence><xs:attribute name="type" type="xs:string" use="required"/></xs:complexType>
</xs:schema>"""

ORDERS_WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:t="urn:orders" xmlns:b="urn:bins" targetNamespace="urn:orders">
  <types>
    <xs:schema targetNamespace="urn:orders" elementFormDefault="qualified">
      <xs:import namespace="urn:bins" schemaLocation="bins.xsd"/>
      <xs:element name="CreateOrder"><xs:complexType><xs:sequence>
        <xs:element name="Number" type="xs:string"/>
        <xs:element name="Motive" type="b:Motive" minOccurs="0"/>
        <xs:element name="FiledOn" type="xs:date"/>
        <xs:element name="At" type="xs:dateTime" minOccurs="0"/>
        <xs:element name="Closed" type="xs:date" nillable="true" minOccurs="0"/>
        <xs:element name="Bins" minOccurs="0"><xs:complexType><xs:sequence>
          <xs:element name="Bin" type="b:Bin" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
    </xs:schema>
    <xs:schema targetNamespace="urn:orders" elementFormDefault="qualified">
      <xs:element name="CreateOrderResponse"><xs:complexType><xs:sequence>
        <xs:element name="Id" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Refusal"><xs:complexType><xs:sequence>
        <xs:element name="Code" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Ping" type="xs:string"/>
    </xs:schema>
  </types>
  <message name="CreateIn"><part name="parameters" element="t:CreateOrder"/></message>
  <message name="CreateOut"><part name="parameters" element="t:CreateOrderResponse"/></message>
  <message name="RefusalFault"><part name="fault" element="t:Refusal"/></message>
  <message name="PingIn"><part name="body" element="t:Ping"/></message>
  <message name="PingOut"/>
  <message name="CountIn"><part name="bin" type="b:Bin"/><part name="since" type="xs:date"/></message>
  <message name="CountOut"><part name="count" type="xs:int"/></message>
  <portType name="Orders">
    <operation name="CreateOrder"><input message="t:CreateIn"/><output message="t:CreateOut"/>
      <fault name="RefusalFault" message="t:RefusalFault"/></operation>
    <operation name="Ping"><input message="t:PingIn"/><output message="t:PingOut"/></operation>
  </portType>
  <portType name="Counts">
    <operation name="Count"><input message="t:CountIn"/><output message="t:CountOut"/></operation>
  </portType>
  <binding name="Orders12" type="t:Orders">
    <s12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="CreateOrder"><s12:operation soapAction="urn:create12"/>
      <input><s12:body use="literal"/></input><output><s12:body use="literal"/></output></operation>
    <operation name="Ping"><s12:operation soapAction="urn:ping12"/>
      <input><s12:body use="literal"/></input><output><s12:body use="literal"/></output></operation>
  </binding>
  <binding name="Orders11" type="t:Orders">
    <s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="CreateOrder"><s:operation soapAction="urn:create11"/>
      <input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation>
  </binding>
  <binding name="Counts11" type="t:Counts">
    <s:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Count"><s:operation soapAction="urn:count"/>
      <input><s:body use="literal" namespace="urn:counts"/></input>
      <output><s:body use="literal" namespace="urn:counts"/></output></operation>
  </binding>
  <service name="Orders">
    <port name="P12" binding="t:Orders12"><s12:address location="http://169.254.169.254/"/></port>
    <port name="P11" binding="t:Orders11"><s:address location="http://169.254.169.254/"/></port>
    <port name="C11" binding="t:Counts11"><s:address location="http://169.254.169.254/"/></port>
  </service>
</definitions>"""

ORDER = {
    "Number": "2026-17",
    "Motive": "VOL",
    "FiledOn": "2026-03-31",
    "At": "2026-03-31T14:05:00",
    "Closed": None,
    "Bins": {"Bin": [{"@type": "OM", "Litres": "120"}, {"@type": "TRI", "Litres": "240", "Note": "été"}]},
}


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    (tmp_path / "bins.xsd").write_text(BINS_XSD, encoding="utf-8")
    (tmp_path / "orders.wsdl").write_text(ORDERS_WSDL, encoding="utf-8")
    return tmp_path / "orders.wsdl"


def zeep_client(path: Path, **options: str) -> Any:
    make: Any = zeep.Client
    return make(str(path), **options)


def same(one: bytes | str, other: bytes | str) -> bool:
    """Canonically equal, whatever the prefixes and the whitespace between elements."""
    forms = [each.decode() if isinstance(each, bytes) else each for each in (one, other)]
    first, second = (canonicalize(each, strip_text=True, rewrite_prefixes=True) for each in forms)
    return first == second


def body_of(envelope: str | bytes) -> etree._Element:
    root = xml.parse(envelope.encode() if isinstance(envelope, str) else envelope)
    body = root.find(f"{ENVELOPE}Body")
    assert body is not None
    return body[0]


def part(found: Part | None) -> Part:
    assert found is not None
    return found


def recorded() -> list[tuple[str, str, str]]:
    pairs = []
    for file in sorted((SHARED / "payfip" / "recorded").glob("*.json")) if SHARED.exists() else []:
        pairs += [(file.stem, request, answer) for request, answer in json.loads(file.read_text(encoding="utf-8"))]
    return pairs


def broken(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_wsdl(path)
    return caught.value


# -- PayFiP ------------------------------------------------------------------------------------------------------------


@needs_shared
def test_payfip_has_three_operations_with_four_faults_each() -> None:
    contract = load_wsdl(PAYFIP)

    names = {"creerPaiementSecurise", "recupererDetailClient", "recupererDetailPaiementSecurise"}
    faults = {
        "FonctionnelleErreur",
        "TechDysfonctionnementErreur",
        "TechIndisponibiliteErreur",
        "TechProtocolaireErreur",
    }
    assert set(contract.operations) == names
    assert all(set(operation.faults) == faults for operation in contract.operations.values())
    assert contract.protocol == "soap"
    assert contract.mended == ()


@needs_shared
def test_the_paths_of_a_wrapped_operation_begin_inside_the_wrapper() -> None:
    shape = part(load_wsdl(PAYFIP).operations["creerPaiementSecurise"].input).shape

    assert shape.name == "creerPaiementSecurise"
    assert [path for path, _ in shape.leaves()][:3] == ["arg0.exer", "arg0.mel", "arg0.montant"]


@needs_shared
@pytest.mark.parametrize(("name", "request_text", "answer"), recorded())
def test_a_recorded_request_is_read_and_written_back_the_same(name: str, request_text: str, answer: str) -> None:
    contract = load_wsdl(PAYFIP)
    element = body_of(request_text)
    operation = contract.operations[etree.QName(element).localname]
    codec = codec_for(part(operation.input))
    payload = etree.tostring(element, with_tail=False)

    written = codec.write(codec.read(payload))

    assert same(written, payload)
    assert part(operation.input).check(payload) == ()
    assert part(operation.input).check(written) == ()


@needs_shared
@pytest.mark.parametrize(("name", "request_text", "answer"), recorded())
def test_a_recorded_answer_is_read(name: str, request_text: str, answer: str) -> None:
    contract = load_wsdl(PAYFIP)
    operation = contract.operations[etree.QName(body_of(request_text)).localname]
    element = body_of(answer)

    if element.tag == f"{ENVELOPE}Fault":
        detail = element.find("detail")
        assert detail is not None
        fault = operation.faults[etree.QName(detail[0]).localname]
        document = xml.read(detail[0], fault.shape)
        assert document["code"] in {"R3", "P1", "P5"}
        assert document["severite"] == "2"
        assert fault.check(etree.tostring(detail[0], with_tail=False)) == ()
    else:
        document = xml.read(element, part(operation.output).shape)
        assert document["return"]["idOp"] == "cc0cb210-1cd4-11ea-8cca-0213ad91a103"


@needs_shared
def test_our_writer_equals_zeep_for_payfip() -> None:
    contract = load_wsdl(PAYFIP)
    client = zeep_client(PAYFIP)
    given = {
        "creerPaiementSecurise": {"exer": "2026", "montant": "1000", "objet": "Régie d'été & <co>", "saisie": "T"},
        "recupererDetailClient": {"numCli": "090909"},
        "recupererDetailPaiementSecurise": {"idOp": "cc0cb210"},
    }

    for name, fields in given.items():
        ours = codec_for(part(contract.operations[name].input)).write({"arg0": fields})
        theirs = client.create_message(client.service, name, arg0=fields)
        assert same(ours, etree.tostring(body_of(etree.tostring(theirs))))


# -- a WSDL of our own -------------------------------------------------------------------------------------------------


def operation(contract: Contract, name: str) -> Operation:
    return contract.operations[name]


def test_soap_1_1_is_preferred_and_1_2_taken_where_it_is_all_there_is(orders: Path) -> None:
    contract = load_wsdl(orders)

    assert operation(contract, "CreateOrder").binding == SoapBinding("urn:create11", version="1.1", style="document")
    assert operation(contract, "Ping").binding == SoapBinding("urn:ping12", version="1.2", style="document")
    assert operation(contract, "Count").binding == SoapBinding("urn:count", version="1.1", style="rpc")


def test_a_fault_is_known_by_the_name_of_its_element(orders: Path) -> None:
    assert list(operation(load_wsdl(orders), "CreateOrder").faults) == ["Refusal"]


def test_the_shape_says_what_the_schemas_say(orders: Path) -> None:
    shape = part(operation(load_wsdl(orders), "CreateOrder").input).shape

    motive, note, kind = shape.at("Motive"), shape.at("Bins.Bin.Note"), shape.at("Bins.Bin.@type")
    bins, closed = shape.at("Bins.Bin"), shape.at("Closed")
    assert motive and motive.values == ("VOL", "CASSE") and not motive.required
    assert note and note.longest == 10 and note.namespace == "urn:bins"
    assert kind and kind.required and kind.namespace == ""
    assert bins and bins.repeated and bins.required and bins.namespace == "urn:orders"
    assert closed and closed.nullable and closed.kind is Kind.DATE


def test_our_writer_equals_zeep_for_groups_attributes_dates_and_missing_fields(orders: Path) -> None:
    contract = load_wsdl(orders)
    client = zeep_client(orders, port_name="P11")
    input_part = part(operation(contract, "CreateOrder").input)
    bins = [{"type": "OM", "Litres": 120}, {"type": "TRI", "Litres": 240, "Note": "été"}]

    ours = codec_for(input_part).write(ORDER)
    theirs = client.create_message(
        client.service,
        "CreateOrder",
        Number="2026-17",
        Motive="VOL",
        FiledOn="2026-03-31",
        At="2026-03-31T14:05:00",
        Closed=zeep.xsd.Nil,
        Bins={"Bin": bins},
    )

    assert same(ours, etree.tostring(body_of(etree.tostring(theirs))))
    assert input_part.check(ours) == ()
    assert codec_for(input_part).read(ours) == ORDER


def test_our_writer_equals_zeep_for_rpc_literal(orders: Path) -> None:
    contract = load_wsdl(orders)
    client = zeep_client(orders)
    service = client.bind("Orders", "C11")
    input_part = part(operation(contract, "Count").input)

    ours = codec_for(input_part).write({"bin": {"@type": "OM", "Litres": "1"}, "since": "2026-01-01"})
    theirs = client.create_message(service, "Count", bin={"type": "OM", "Litres": 1}, since="2026-01-01")

    assert same(ours, etree.tostring(body_of(etree.tostring(theirs))))
    assert input_part.check(ours) == ()
    assert part(operation(contract, "Count").output).shape.name == "CountResponse"


def test_a_bare_message_of_one_value_is_the_field_text(orders: Path) -> None:
    ping = operation(load_wsdl(orders), "Ping")

    written = codec_for(part(ping.input)).write({"#text": "hello"})

    assert codec_for(part(ping.input)).read(written) == {"#text": "hello"}
    assert part(ping.input).check(written) == ()
    assert ping.output is None


@pytest.mark.parametrize(
    ("change", "path", "en", "fr"),
    [
        ({"Motive": "PERTE"}, "Motive", "accepted values: VOL, CASSE", "acceptées : VOL, CASSE"),
        ({"FiledOn": "31/03/2026"}, "FiledOn", "a date such as 2026-03-31", "une date telle que 2026-03-31"),
        (
            {"Bins": {"Bin": [{"@type": "OM", "Litres": "1"}, {"@type": "OM", "Litres": "1", "Note": "x" * 11}]}},
            "Bins.Bin[2].Note",
            "at most 10 characters",
            "10 caractères au plus",
        ),
        ({"Bins": {"Bin": [{"Litres": "1"}]}}, "Bins.Bin.@type", "attribute type is missing", "l'attribut type manque"),
        ({"Bins": {"Bin": [{"@type": "a"}]}}, "Bins.Bin", "incomplete, expected here: Litres", "incomplet"),
        (
            {"Bins": {"Bin": [{"@type": "a", "Litres": "9999999999"}]}},
            "Bins.Bin.Litres",
            "whole number",
            "nombre entier",
        ),
    ],
)
def test_the_check_says_what_is_wrong_in_both_languages(
    orders: Path, change: dict[str, Any], path: str, en: str, fr: str
) -> None:
    input_part = part(operation(load_wsdl(orders), "CreateOrder").input)

    problems = input_part.check(codec_for(input_part).write({**ORDER, **change}))

    assert [problem.path for problem in problems] == [path]
    assert en in problems[0].text.en
    assert fr in problems[0].text.fr
    assert "PERTE" not in problems[0].text.en and "31/03" not in problems[0].text.en


def test_the_check_refuses_another_element_and_broken_xml(orders: Path) -> None:
    input_part = part(operation(load_wsdl(orders), "CreateOrder").input)

    assert "CreateOrder" in input_part.check(b'<Ping xmlns="urn:orders">x</Ping>')[0].text.en
    assert input_part.check(b"<!DOCTYPE a><a/>")[0].text.fr
    assert input_part.check(b"<a>")[0].text.en


# -- what cannot be loaded ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/bins.xsd",
        "//127.0.0.1:{port}/bins.xsd",
        "ftp://127.0.0.1:{port}/bins.xsd",
        "file:///etc/passwd",
        "/etc/passwd",
        "../outside.xsd",
        "%2e%2e/outside.xsd",
        "..\\outside.xsd",
        "link.xsd",
        "missing.xsd",
    ],
)
def test_an_import_from_elsewhere_is_named_with_its_line_and_never_followed(orders: Path, location: str) -> None:
    inside = orders.parent / "connector"
    inside.mkdir()
    (orders.parent / "outside.xsd").write_text(BINS_XSD, encoding="utf-8")
    (inside / "link.xsd").symlink_to(orders.parent / "outside.xsd")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        location = location.format(port=listener.getsockname()[1])
        (inside / "orders.wsdl").write_text(ORDERS_WSDL.replace("bins.xsd", location), encoding="utf-8")

        finding = broken(inside / "orders.wsdl").findings[0]

        with pytest.raises(TimeoutError):
            listener.accept()
    assert (finding.file, finding.line) == ("orders.wsdl", 6)
    assert location in finding.text.en
    assert location in finding.text.fr


def test_files_may_stand_in_a_folder_above_when_it_is_the_connectors(orders: Path) -> None:
    inner = orders.parent / "wsdl"
    inner.mkdir()
    moved = inner / "orders.wsdl"
    moved.write_text(ORDERS_WSDL.replace("bins.xsd", "../bins.xsd"), encoding="utf-8")

    assert len(load_wsdl(moved, folder=orders.parent).operations) == 3


def test_imports_that_go_round_in_circles_are_followed_once(orders: Path) -> None:
    other = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:include schemaLocation="bins.xsd"/></xs:schema>'
    (orders.parent / "other.xsd").write_text(other, encoding="utf-8")
    text = BINS_XSD.replace(
        '<xs:simpleType name="Motive">', '<xs:include schemaLocation="other.xsd"/><xs:simpleType name="Motive">'
    )
    (orders.parent / "bins.xsd").write_text(text, encoding="utf-8")

    assert len(load_wsdl(orders).operations) == 3


def test_a_wrong_import_namespace_is_mended_and_said(orders: Path) -> None:
    text = ORDERS_WSDL.replace('<xs:import namespace="urn:bins"', '<xs:import namespace="urn:bin"')
    orders.write_text(text, encoding="utf-8")

    contract = load_wsdl(orders)

    assert [(each.line, each.severity) for each in contract.mended] == [(6, "warning")]
    assert 'imports "urn:bin", the file declares "urn:bins"' in contract.mended[0].text.en
    assert len(contract.operations) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><definitions/>", "DOCTYPE"),
        ("<definitions", "line 1"),
        ("<html/>", "not a WSDL 1.1"),
        ('<description xmlns="http://www.w3.org/ns/wsdl"/>', "WSDL 2.0"),
        ('<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>', "no SOAP operation"),
        (ORDERS_WSDL.replace('type="b:Motive"', 'type="b:Nowhere"'), "Nowhere"),
        (ORDERS_WSDL.replace('name="Ping" type="xs:string"', 'name="Refusal" type="xs:string"'), "Refusal"),
        ("", "line 1"),
    ],
)
def test_a_wsdl_that_is_not_sound_is_a_configuration_error_in_words(orders: Path, text: str, words: str) -> None:
    orders.write_text(text, encoding="utf-8")

    error = broken(orders)

    assert words in error.text.en
    assert error.findings[0].file == "orders.wsdl"
    assert str(orders.parent) not in error.text.en


def test_an_operation_that_cannot_be_carried_out_is_left_out_and_said(orders: Path) -> None:
    orders.write_text(ORDERS_WSDL.replace('element="t:CreateOrder"', 'element="t:Nowhere"'), encoding="utf-8")

    contract = load_wsdl(orders)

    assert set(contract.operations) == {"Ping", "Count"}
    assert [each.text.en.partition(":")[0] for each in contract.mended] == ["CreateOrder"]
    assert "t:Nowhere" in contract.mended[0].text.fr


def test_a_missing_wsdl_is_a_configuration_error(tmp_path: Path) -> None:
    assert "nowhere.wsdl" in broken(tmp_path / "nowhere.wsdl").text.en


# -- beside zeep -------------------------------------------------------------------------------------------------------


@needs_shared
@pytest.mark.filterwarnings("ignore:The wsdl")
@pytest.mark.parametrize(
    "path", sorted(SHARED.rglob("*.wsdl")) if SHARED.exists() else [], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_an_operation_is_called_as_zeep_would_call_it(path: Path) -> None:
    try:
        ours = load_wsdl(path)
    except ConfigurationError:
        pytest.skip("refused, see the corpus")

    assert read_otherwise(ours, lambda name: ours.corrected.get(name) or (path.parent / name).read_bytes()) == ()


def test_a_reading_that_differs_from_zeep_s_is_said(orders: Path) -> None:
    ours = load_wsdl(orders)
    [name, *_] = ours.operations
    binding = ours.operations[name].binding
    assert isinstance(binding, SoapBinding)
    operation = replace(ours.operations[name], binding=replace(binding, action="urn:other"))

    found = read_otherwise(
        replace(ours, operations={**ours.operations, name: operation}), lambda file: (orders.parent / file).read_bytes()
    )

    assert [each.severity for each in found] == ["warning"]
    assert "urn:other" in found[0].text.en
