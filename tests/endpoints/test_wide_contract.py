"""A contract of 800 types at the door: loaded beside the event loop, published, and called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from lxml import etree

from hub.assembly import Hub, assemble
from hub.endpoints.app import build_app
from hub.ledger import Search
from hub.settings import read_settings
from tests.benchmarks.soap_contract import TYPES, wide_contract
from tests.endpoints.doors import envelope

CONNECTOR = """
connector: wide
title: Wide
protocol: soap
contract: wide.wsdl
instances: {default: {address: "http://127.0.0.1:9"}}
operations:
  told: {direction: in, action: Operation042, receipt: {Numero: ABC, Etat: OUVERT}}
"""
MAPPING = """
exchange: telling
title: Told
sector: relations-usagers
between: {wide: {in: told}}
key: reference
fields:
  reference: {label: Number, wide: Numero, required: true}
  family: {label: Name, wide: Demandeur.Nom, personal: true}
ignore: {wide: [Demandeur.Adresse, Demandeur.NeeLe, Ligne, Etat]}
"""
CALL = f"""<Operation042 xmlns="{TYPES}"><Numero>{{number}}</Numero><Demandeur><Nom>LE GOFF</Nom>
<Adresse insee="A"><Voie>Le Bourg</Voie><Commune>Privas</Commune></Adresse></Demandeur>
<Ligne><Code>A</Code><Quantite>1</Quantite><Montant>2.50</Montant></Ligne></Operation042>"""

Wide = tuple[Hub, httpx.AsyncClient]


@pytest.fixture
async def wide(tmp_path: Path) -> AsyncIterator[Wide]:
    """A hub with that contract, and a caller that holds its key."""
    folder = tmp_path / "connectors" / "wide"
    folder.mkdir(parents=True)
    (folder / "connector.yaml").write_text(CONNECTOR)
    wide_contract(folder, types=800)
    (tmp_path / "mappings" / "tables").mkdir(parents=True)
    (tmp_path / "schedules").mkdir()
    (tmp_path / "mappings" / "telling.yaml").write_text(MAPPING)
    hub = await assemble(read_settings({"HUB_ROOT": str(tmp_path), "HUB_NODE": "n", "HUB_BALLAST": "0"}))
    key = await hub.desk.issue_key("wide", "default", ("send:*",), actor="test")
    transport = httpx.ASGITransport(app=build_app(hub))
    headers = {"X-API-Key": key, "Content-Type": "text/xml; charset=utf-8"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers) as client:
        yield hub, client
    await hub.transport.close()
    await hub.ledger.close()


async def test_a_contract_of_800_types_is_published_with_the_hub_s_address_alone(wide: Wide) -> None:
    _, client = wide

    published = await client.get("/soap/wide?wsdl")

    assert published.status_code == 200
    root = etree.fromstring(published.content)
    assert len(root.findall(".//{http://www.w3.org/2001/XMLSchema}complexType")) == 500
    assert [str(each) for each in root.xpath("//@location")] == ["http://hub.test/soap/wide"]


async def test_an_operation_of_a_contract_of_800_types_is_called_and_held_against_it(wide: Wide) -> None:
    hub, client = wide

    good = await client.post("/soap/wide", content=envelope(CALL.format(number="ABC")))
    bad = await client.post("/soap/wide", content=envelope(CALL.format(number="abc")))

    assert good.status_code == 200
    assert etree.fromstring(good.content).findtext(f".//{{{TYPES}}}Etat") == "OUVERT"
    assert bad.status_code == 500
    assert b"Numero" in bad.content
    assert len((await hub.ledger.find(Search())).found) == 1
