"""A connector that speaks SOAP 1.2, and one operation that has no answer."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from lxml import etree

from hub.assembly import assemble
from hub.endpoints.app import build_app
from hub.ledger import Search
from hub.settings import read_settings
from tests.endpoints.doors import envelope

SOAP_12 = "{http://www.w3.org/2003/05/soap-envelope}"
CONNECTOR = """
connector: depot
title: Dépôts
protocol: soap
contract: depot.wsdl
instances:
  default: {address: "http://127.0.0.1:9"}
operations:
  told: {direction: in, action: Tell, receipt: {Numero: "{message}"}}
  heard: {direction: in, action: Hear}
"""
WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap12/"
  xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:depot" targetNamespace="urn:depot">
<types><x:schema targetNamespace="urn:depot" elementFormDefault="qualified">
  <x:element name="Tell"><x:complexType><x:sequence>
    <x:element name="Ref" type="x:string"/>
  </x:sequence></x:complexType></x:element>
  <x:element name="Told"><x:complexType><x:sequence>
    <x:element name="Numero" type="x:string"/>
  </x:sequence></x:complexType></x:element>
  <x:element name="Hear"><x:complexType><x:sequence>
    <x:element name="Ref" type="x:string"/>
  </x:sequence></x:complexType></x:element>
</x:schema></types>
<message name="Tell"><part name="p" element="t:Tell"/></message>
<message name="Told"><part name="p" element="t:Told"/></message>
<message name="Hear"><part name="p" element="t:Hear"/></message>
<portType name="P">
  <operation name="Tell"><input message="t:Tell"/><output message="t:Told"/></operation>
  <operation name="Hear"><input message="t:Hear"/></operation>
</portType>
<binding name="B" type="t:P"><s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="Tell"><s:operation soapAction="urn:tell"/>
    <input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation>
  <operation name="Hear"><s:operation soapAction="urn:hear"/><input><s:body use="literal"/></input></operation>
</binding>
<service name="S"><port name="P" binding="t:B"><s:address location="http://169.254.169.254/"/></port></service>
</definitions>"""
MAPPING = """
exchange: {name}
title: Dit
sector: relations-usagers
between:
  depot: {{in: {operation}}}
key: reference
fields:
  reference: {{label: Référence, depot: Ref, required: true, check: {{looks: "R-[0-9]+", says: "Référence inconnue"}}}}
"""


@pytest.fixture
async def depot(tmp_path: Path):
    """A hub with that connector, and a caller that holds its key."""
    folder = tmp_path / "connectors" / "depot"
    folder.mkdir(parents=True)
    (folder / "connector.yaml").write_text(CONNECTOR)
    (folder / "depot.wsdl").write_text(WSDL)
    (tmp_path / "mappings" / "tables").mkdir(parents=True)
    (tmp_path / "schedules").mkdir()
    for name, operation in (("telling", "told"), ("hearing", "heard")):
        (tmp_path / "mappings" / f"{name}.yaml").write_text(MAPPING.format(name=name, operation=operation))
    hub = await assemble(read_settings({"HUB_ROOT": str(tmp_path), "HUB_NODE": "n", "HUB_BALLAST": "0"}))
    key = await hub.desk.issue_key("depot", "default", ("send:*",), actor="test")
    transport = httpx.ASGITransport(app=build_app(hub))
    headers = {"X-API-Key": key, "Content-Type": "application/soap+xml; charset=utf-8"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers) as client:
        yield hub, client
    await hub.transport.close()
    await hub.ledger.close()


def tell(reference: str, root: str = "Tell", version: str = "1.2") -> bytes:
    return envelope(f'<{root} xmlns="urn:depot"><Ref>{reference}</Ref></{root}>', version=version)


async def test_a_call_is_answered_in_soap_1_2_with_the_messages_id(depot) -> None:
    hub, client = depot

    answer = await client.post("/soap/depot", content=tell("R-1"))

    (kept,) = (await hub.ledger.find(Search())).found
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/soap+xml")
    assert etree.fromstring(answer.content).findtext(".//{urn:depot}Numero") == kept.message.id


async def test_an_operation_without_an_answer_gets_an_empty_202(depot) -> None:
    _, client = depot

    answer = await client.post("/soap/depot", content=tell("R-1", "Hear"))

    assert (answer.status_code, answer.content) == (202, b"")


async def test_a_wrong_call_is_a_sender_fault_with_status_400(depot) -> None:
    hub, client = depot

    answer = await client.post("/soap/depot", content=tell("wrong"), headers={"Accept-Language": "fr"})

    root = etree.fromstring(answer.content)
    assert answer.status_code == 400
    assert (root.findtext(f".//{SOAP_12}Value") or "").endswith("Sender")
    assert root.find(".//{urn:hub:problem}problem").get("label") == "Référence"
    assert root.findtext(".//{urn:hub:problem}text") == "Référence inconnue"
    assert not (await hub.ledger.find(Search())).found


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_fault_says_in_which_language_it_speaks(depot, language: str) -> None:
    _, client = depot

    answer = await client.post("/soap/depot", content=tell("wrong"), headers={"Accept-Language": language})

    [words] = etree.fromstring(answer.content).iter(f"{SOAP_12}Text")
    assert words.get("{http://www.w3.org/XML/1998/namespace}lang") == language


async def test_the_action_parameter_of_the_content_type_is_judged(depot) -> None:
    _, client = depot
    media = "application/soap+xml; action={}"

    right = await client.post("/soap/depot", content=tell("R-1"), headers={"Content-Type": media.format('"urn:tell"')})
    wrong = await client.post("/soap/depot", content=tell("R-2"), headers={"Content-Type": media.format('"urn:hear"')})

    assert (right.status_code, wrong.status_code) == (200, 400)


async def test_a_1_1_envelope_is_a_version_mismatch(depot) -> None:
    _, client = depot

    answer = await client.post("/soap/depot", content=tell("R-1", version="1.1"))

    assert (etree.fromstring(answer.content).findtext(f".//{SOAP_12}Value") or "").endswith("VersionMismatch")


async def test_the_address_of_the_contract_is_the_hubs(depot) -> None:
    _, client = depot

    wsdl = await client.get("/soap/depot?WSDL")

    assert b"169.254" not in wsdl.content
    assert b"http://hub.test/soap/depot" in wsdl.content
