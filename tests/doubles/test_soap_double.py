"""A SOAP application's double, called by zeep from the WSDL that it publishes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
import zeep
from zeep.wsse.username import UsernameToken

from tests.doubles.conftest import until

PARIS = ZoneInfo("Europe/Paris")


def order(**changes):
    return {
        "RefExterne": "D-1",
        "Type": "REMPL",
        "CodeMotif": "CASSE",
        "DateDemande": "02/03/2026",
        "Demandeur": {"NomComplet": "LEFÈVRE Zoé"},
        "Adresse": {"Voie": "12 rue des Tanneurs", "CodePostal": "07000", "Ville": "Privas", "codeInsee": "07186"},
        "NumBacAncien": "OM-0012345",
        "NbPers": 4,
        "Bacs": {"Bac": [{"CodeFlux": "OMR", "Litrage": 240, "reprise": "O"}, {"CodeFlux": "CS", "Litrage": 360}]},
        **changes,
    }


async def called(double, operation, *, wsse=None, **arguments):
    """zeep blocks, so it calls from a thread."""

    def call():
        client = zeep.Client(f"{double.address}/?wsdl", wsse=wsse)
        return getattr(client.service, operation)(**arguments)

    return await asyncio.to_thread(call)


async def test_zeep_creates_an_order_and_finds_it(play):
    waste = await play("waste")

    created = await called(waste, "CreateOrder", **order())
    found = await called(waste, "FindOrder", RefExterne="D-1")

    assert created["CodeRetour"] == "0"
    assert created["NumIntervention"] == "I-000001"
    assert found["NumIntervention"] == "I-000001"
    assert waste.calls[0].document["Bacs"]["Bac"][0]["@reprise"] == "O"
    assert waste.calls[0].document["Adresse"]["CodePostal"] == "07000"


async def test_what_was_never_created_is_not_found(play):
    waste = await play("waste")

    found = await called(waste, "FindOrder", RefExterne="D-1")

    assert (found["CodeRetour"], found["NumIntervention"]) == ("0", None)


async def test_two_calls_make_two_orders_because_the_application_knows_no_repeats(play):
    waste = await play("waste")

    await called(waste, "CreateOrder", **order())
    second = await called(waste, "CreateOrder", **order())

    assert second["NumIntervention"] == "I-000002"
    assert len(waste.kept("orders")) == 2


async def test_a_refusal_in_a_200_has_no_effect(play):
    waste = await play("waste")

    refused = await called(waste, "CreateOrder", **order(NumBacAncien="OM-0000000"))

    assert refused["CodeRetour"] == "31"
    assert refused["LibelleRetour"] == "Le bac OM-0000000 n'existe pas"
    assert not waste.kept()


async def test_a_body_outside_the_contract_is_a_client_fault(play):
    waste = await play("waste")

    with pytest.raises(zeep.exceptions.Fault) as caught:
        await called(waste, "CreateOrder", **order(DateDemande="2026-03-02"))

    assert caught.value.code.endswith("Client")
    assert "DateDemande" in caught.value.message
    assert not waste.kept()


async def test_what_is_no_envelope_is_answered_with_a_fault(play, client):
    waste = await play("waste")

    reply = await client.post(waste.address, content=b"<a/>", headers={"Content-Type": "text/xml"})

    assert reply.status_code == 500
    assert b"Fault" in reply.content


async def test_what_has_changed_since_a_moment_is_listed_as_it_is_now(play):
    waste = await play("waste", pace=0)
    before = datetime.now(PARIS) - timedelta(seconds=1)

    await called(waste, "CreateOrder", **order())
    await until(lambda: waste.kept("orders")[0].values["Statut"] == "05")
    listed = await called(waste, "ListChanges", ModifieDepuis=before.strftime("%d/%m/%Y %H:%M:%S"))
    later = datetime.now(PARIS) + timedelta(hours=1)
    none = await called(waste, "ListChanges", ModifieDepuis=later.strftime("%d/%m/%Y %H:%M:%S"))

    assert [change["Statut"] for change in listed["Changes"]["Change"]] == ["05"]
    assert listed["Changes"]["Change"][0]["origine"] == "TOURNEE"
    assert not (none["Changes"] and none["Changes"]["Change"])


async def test_a_username_token_is_wanted_when_the_connector_has_credentials(play):
    waste = await play("waste", credentials=None)

    with pytest.raises(zeep.exceptions.Fault, match="UsernameToken"):
        await called(waste, "FindOrder", RefExterne="D-1")
    found = await called(waste, "FindOrder", wsse=UsernameToken("hub", "any"), RefExterne="D-1")

    assert found["CodeRetour"] == "0"


async def test_a_typed_fault_is_called_for_by_name(play, client):
    waste = await play("waste")
    await client.post(
        f"{waste.control_address}/mode", json={"mode": "answer", "answer": "locked", "operation": "create_order"}
    )

    with pytest.raises(zeep.exceptions.Fault) as caught:
        await called(waste, "CreateOrder", **order())

    detail = caught.value.detail[0]
    assert detail.tag.endswith("}FonctionnelleErreur")
    assert detail[0].text == "P5"


async def test_a_known_identifier_gives_the_same_file_back(play):
    civil_status = await play("civil-status")
    birth = {
        "version": "1.0",
        "identifiant": "A-1",
        "demandeur": {"qualiteDemandeur": "INTERESSE", "nom": "FAURE", "prenoms": "Inès"},
        "natureDocument": "CPI",
        "dateDemande": datetime(2026, 4, 8, 19, 21, tzinfo=PARIS),
        "evenement": {
            "natureEvenement": "NAI",
            "interesse": {"noms": {"nomDeFamille": "FAURE"}, "prenoms": "Inès"},
            "dateEvenement": {"dateDebut": "1991-02-28"},
            "lieuEvenement": {"ville": "Poitiers"},
            "natureReconnaissance": "SO",
        },
        "origine": "internet",
    }

    first = await called(civil_status, "RequestCertificate", **birth)
    second = await called(civil_status, "RequestCertificate", **birth)

    assert first["NumDossier"] == second["NumDossier"] == "EC-000001"
    assert len(civil_status.kept("files")) == 1


async def test_the_published_wsdl_names_the_address_of_the_double(play):
    waste = await play("waste")

    published = await asyncio.to_thread(httpx.get, f"{waste.address}/?wsdl", trust_env=False, timeout=60)

    assert waste.address in published.text
