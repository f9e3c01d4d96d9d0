"""A hub with one SOAP application made for a test: its contract, its connector, and a caller that holds its key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from lxml import etree

from hub.assembly import Hub, assemble
from hub.endpoints.app import build_app
from hub.ledger import Search
from hub.settings import read_settings
from tests.books import book_on_sqlite
from tests.endpoints.doors import envelope

SOAP = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
MEDIA = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
CONNECTOR = """
connector: depot
title: Dépôts
protocol: soap
contract: depot.wsdl
instances:
  default: {{address: "http://127.0.0.1:9"}}
operations:
  told: {{direction: in, action: Tell, receipt: {{Numero: "{{message}}"}}{more}}}
"""
MAPPING = """
exchange: telling
title: Dit
sector: relations-usagers
between:
  depot: {in: told}
key: reference
fields:
  reference: {label: Référence, depot: Ref, required: true, check: {looks: "R-[0-9]+", says: "Référence inconnue"}}
"""
BINDING = """
<binding name="B{number}" type="t:P"><s{number}:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  {using}<operation name="Tell"><s{number}:operation soapAction="urn:tell:{number}"/>
    <input><s{number}:body use="literal"/></input><output><s{number}:body use="literal"/></output>
    <fault name="Erreur"><s{number}:fault name="Erreur" use="literal"/></fault></operation>
</binding>"""
WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s11="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:depot"
  targetNamespace="urn:depot">
<types><x:schema targetNamespace="urn:depot" elementFormDefault="qualified">
  <x:element name="Tell"><x:complexType><x:sequence>
    <x:element name="Ref" type="x:string"/></x:sequence></x:complexType></x:element>
  <x:element name="Told"><x:complexType><x:sequence>
    <x:element name="Numero" type="x:string"/></x:sequence></x:complexType></x:element>
  <x:element name="Erreur"><x:complexType><x:sequence>
    <x:element name="code"><x:simpleType><x:restriction base="x:string"><x:maxLength value="30"/>
    </x:restriction></x:simpleType></x:element>
    <x:element name="libelle"><x:simpleType><x:restriction base="x:string"><x:maxLength value="40"/>
    </x:restriction></x:simpleType></x:element>
    <x:element name="champ" minOccurs="0"><x:simpleType><x:restriction base="x:string"><x:minLength value="1"/>
    </x:restriction></x:simpleType></x:element>
  </x:sequence></x:complexType></x:element>
</x:schema></types>
<message name="Tell"><part name="p" element="t:Tell"/></message>
<message name="Told"><part name="p" element="t:Told"/></message>
<message name="Erreur"><part name="p" element="t:Erreur"/></message>
<portType name="P"><operation name="Tell"><input message="t:Tell"/><output message="t:Told"/>
  <fault name="Erreur" message="t:Erreur"/></operation></portType>
{bindings}
</definitions>"""


def wsdl(*versions: str, using: str = "") -> str:
    """The contract with a binding for each of these versions of SOAP; `using` stands in each of them."""
    bindings = (BINDING.format(number=version.replace(".", ""), using=using) for version in versions)
    return WSDL.format(bindings="".join(bindings))


def tell(reference: str = "R-1", *, version: str = "1.1", header: str = "") -> bytes:
    """The call that says a reference."""
    return envelope(f'<Tell xmlns="urn:depot"><Ref>{reference}</Ref></Tell>', version=version, header=header)


@dataclass(frozen=True)
class Depot:
    """The hub, its door, and the key of the application."""

    hub: Hub
    app: FastAPI
    client: httpx.AsyncClient
    key: str

    async def call(self, body: bytes, *, version: str = "1.1", key: str | None = None, **headers: str) -> httpx.Response:
        """Call the hub; with `key` "" nobody says who calls."""
        shown = self.key if key is None else key
        sent = {"Content-Type": MEDIA[version], **({"X-API-Key": shown} if shown else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/soap/depot", content=body, headers=sent)

    async def kept(self) -> int:
        """How many messages the ledger holds."""
        return len((await self.hub.ledger.find(Search())).found)

    async def content(self) -> bytes:
        """The payload of the one message that the ledger holds."""
        (found,) = (await self.hub.ledger.find(Search())).found
        return (await self.hub.ledger.content(found.message.id, "original")).data


def installed(root: Path, contract: str, *, more: str = "", mapping: str = MAPPING) -> Path:
    """The folders of an installation with that contract; `more` is added to what the connector says of its operation."""
    folder = root / "connectors" / "depot"
    folder.mkdir(parents=True)
    (folder / "connector.yaml").write_text(CONNECTOR.format(more=more), encoding="utf-8")
    (folder / "depot.wsdl").write_text(contract, encoding="utf-8")
    (root / "mappings" / "tables").mkdir(parents=True)
    (root / "mappings" / "telling.yaml").write_text(mapping, encoding="utf-8")
    (root / "schedules").mkdir()
    return root


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[Depot]:
    """The door of a hub over these folders, with its ledger there."""
    database = book_on_sqlite(root / "hub.db")
    settings = {"HUB_ROOT": str(root), "HUB_DATABASE": database, "HUB_NODE": "n", "HUB_BALLAST": "0"}
    hub = await assemble(read_settings(settings))
    app = build_app(hub)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hub.test") as client:
        yield Depot(hub, app, client, await hub.desk.issue_key("depot", "default", ("send:*",), actor="test"))
    await hub.transport.close()
    await hub.ledger.close()


def fault_of(answer: httpx.Response, version: str = "1.1") -> etree._Element:
    """The fault in an answer of that version."""
    found = etree.fromstring(answer.content).find(f"{{{SOAP[version]}}}Body/{{{SOAP[version]}}}Fault")
    assert found is not None, answer.text
    return found


def code_of(answer: httpx.Response, version: str = "1.1") -> str:
    """The local name of a fault's code."""
    fault = fault_of(answer, version)
    path = "faultcode" if version == "1.1" else f"{{{SOAP['1.2']}}}Code/{{{SOAP['1.2']}}}Value"
    return (fault.findtext(path) or "").rpartition(":")[2]
