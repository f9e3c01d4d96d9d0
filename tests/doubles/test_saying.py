"""What doubles tell the hub by themselves, or when they are told to."""

from __future__ import annotations

import json

from lxml import etree

from tests.doubles.conftest import until

SERVICE_DONE = {
    "nouveauStatut": "SERVICE_FAIT",
    "dateServiceFait": "29/05/2026",
    "montantTtcCentimes": 150060,
    "montantHt": "1250,50",
    "reserve": "N",
}


async def test_a_rest_application_says_later_what_became_of_a_call(play, client, listener):
    finance = await play("finance", hub=listener.address, api_key="hub_key", pace=0)

    await client.post(f"{finance.address}/factures/7000451/service-fait", json=SERVICE_DONE)
    await until(lambda: len(listener.posts) == 2)

    path, headers, body = listener.posts[0]
    assert path == "/api/v1/exchanges/invoice-payment/messages"
    assert headers["x-api-key"] == "hub_key"
    assert json.loads(body)["statutFacture"] == "MANDATEE"
    assert json.loads(body)["montantTtcCentimes"] == 150060
    assert json.loads(listener.posts[1][2])["montantRegle"] == "1250,50"
    assert listener.posts[0][1]["idempotency-key"] != listener.posts[1][1]["idempotency-key"]


async def test_a_soap_application_pushes_the_same_words_as_its_list_of_changes(play, client, listener):
    waste = await play("waste", hub=listener.address, api_key="hub_key", pace=0)
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<CreateOrder xmlns="urn:exemple:dechets:types:1"><RefExterne>D-1</RefExterne><Type>REMPL</Type>'
        "<CodeMotif>CASSE</CodeMotif><DateDemande>02/03/2026</DateDemande>"
        "<Demandeur><NomComplet>ROY Jean</NomComplet></Demandeur>"
        "<Adresse><Voie>Le Bourg</Voie><CodePostal>07000</CodePostal><Ville>Privas</Ville></Adresse>"
        "<NumBacAncien>OM-0012345</NumBacAncien><NbPers>4</NbPers>"
        "<Bacs><Bac><CodeFlux>OMR</CodeFlux><Litrage>240</Litrage></Bac></Bacs></CreateOrder></e:Body></e:Envelope>"
    )

    await client.post(waste.address, content=envelope, headers={"Content-Type": "text/xml; charset=utf-8"})
    await until(lambda: listener.posts)

    path, headers, body = listener.posts[0]
    change = etree.fromstring(body).find(".//{*}NotifyOrderChange")
    assert path == "/soap/waste"
    assert headers["soapaction"].strip('"').endswith("NotifyOrderChange")
    assert (change.findtext("{*}Statut"), change.get("origine")) == ("05", "TOURNEE")
    assert change.findtext("{*}RefExterne") == "D-1"


async def test_what_the_hub_did_not_take_is_said_again_with_the_same_key(play, listener):
    portal = await play("portal", hub=listener.address, again=0.01)
    listener.refusals = [503, 500]

    said = await portal.say("service_done", {"facture": {"numero": "1"}}, exchange="invoice-service-done", key="k1")

    assert (said.accepted, said.attempt) == (True, 3)
    assert {headers["idempotency-key"] for _, headers, _ in listener.posts} == {"k1"}


async def test_a_refusal_of_the_hub_is_not_said_again(play, listener):
    portal = await play("portal", hub=listener.address, again=0.01)
    listener.refusals = [422]

    said = await portal.say("service_done", {"facture": {"numero": "1"}}, exchange="invoice-service-done")

    assert (said.accepted, said.status, len(listener.posts)) == (False, 422, 1)


async def test_the_portal_says_a_scripted_thing_through_its_control_port(play, client, listener):
    portal = await play("portal", hub=listener.address)

    reply = await client.post(
        f"{portal.control_address}/say",
        json={
            "operation": "service_done",
            "exchange": "invoice-service-done",
            "document": {"facture": {"numero": "12"}, "montantTtc": "12.50", "avecReserve": "false"},
            "key": "k2",
        },
    )

    assert json.loads(reply.text)["accepted"] is True
    assert json.loads(listener.posts[0][2]) == {"facture": {"numero": "12"}, "montantTtc": 12.5, "avecReserve": False}
