"""The mailbox door: what waits is leased, acknowledged once under the receipt of its fetch, and there again otherwise."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.endpoints.mailboxes import handed_over
from hub.errors import LeaseEnded
from hub.ledger import Search
from hub.mailbox import Collector, Fetch, Parcel
from hub.message import State
from tests.endpoints.doors import Doors, bin_request
from tests.stopwatch import Stopwatch

MAILBOX = "/api/v1/mailboxes/waste"
WASTE = Collector("waste", "default", ("bin-replacement",))
DONE = """<CreateOrderResponse xmlns="urn:exemple:dechets:types:1"><CodeRetour>0</CodeRetour>\
<NumIntervention>I-000417</NumIntervention></CreateOrderResponse>"""


async def nobody_is_gone() -> bool:
    return False


async def fetched(doors: Doors, **query: Any) -> list[dict[str, Any]]:
    answer = await doors.get(MAILBOX, key=doors.waste, **{name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()["deliveries"]


async def said(doors: Doors, parcel: dict[str, Any], verb: str = "acknowledge", **body: Any) -> httpx.Response:
    return await doors.post(
        f"{MAILBOX}/{parcel['delivery']}/{verb}", key=doors.waste, **{"receipt": parcel["receipt"], **body}
    )


async def lent_for_a_moment(doors: Doors) -> Parcel:
    """What waits, fetched for a minute that has passed, by the hub's clock, when this returns."""
    [parcel] = await doors.hub.mailboxes.fetch(WASTE, Fetch(25, timedelta(minutes=1), 0), is_gone=nobody_is_gone)
    await doors.let_pass(timedelta(minutes=1))
    return parcel


async def state_of(doors: Doors, delivery: str) -> State:
    return (await doors.hub.ledger.delivery(delivery)).state


async def test_what_waits_is_handed_over_in_the_form_of_its_contract(collecting: Doors) -> None:
    receipt = (await collecting.say(bin_request())).json()

    [parcel] = await fetched(collecting)

    assert parcel["message"] == receipt["message"]
    assert parcel["reference"] == "D-2026-00417"
    assert parcel["fetched"] == 1
    assert parcel["document"].startswith("<")
    assert "LE GOFF Yann" in parcel["document"]
    assert await state_of(collecting, parcel["delivery"]) is State.SENDING


async def test_what_is_leased_is_nobody_else_s(collecting: Doors) -> None:
    await collecting.say(bin_request())
    await fetched(collecting)

    assert await fetched(collecting) == []


async def test_an_acknowledgement_delivers_and_its_answer_is_remembered_and_told_on(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    answer = await said(collecting, parcel, state="done", answer=DONE)

    assert answer.json() == {"delivery": parcel["delivery"], "state": "delivered"}
    ledger = collecting.hub.ledger
    assert await ledger.recall("default", "waste", name="order_number", value="I-000417") == "D-2026-00417"
    told = await ledger.find(Search(exchange="request-status"))
    assert [summary.message.reference for summary in told.found] == ["D-2026-00417"]


async def test_of_one_reference_the_next_comes_after_the_one_before_is_acknowledged(collecting: Doors) -> None:
    await collecting.say(bin_request(), Idempotency_Key="first")
    await collecting.say(bin_request(deposeLe="2026-07-15T08:00:00+02:00"), Idempotency_Key="second")
    await collecting.say(bin_request("D-2026-00418"))

    first = await fetched(collecting)
    await said(collecting, first[0])
    then = await fetched(collecting)

    assert [each["reference"] for each in first] == ["D-2026-00417", "D-2026-00418"]
    assert [each["reference"] for each in then] == ["D-2026-00417"]
    assert "15/07/2026" in then[0]["document"]


async def test_what_is_not_acknowledged_is_there_again_and_counted(collecting: Doors) -> None:
    await collecting.say(bin_request())
    lent = await lent_for_a_moment(collecting)

    await collecting.hub.ledger.take_up(now=collecting.hub.clock())
    [again] = await fetched(collecting)

    assert again["delivery"] == lent.delivery.id
    assert again["receipt"] != lent.receipt
    assert again["fetched"] == 2
    assert (await collecting.hub.ledger.delivery(lent.delivery.id)).attempts == 1


async def test_a_receipt_of_an_earlier_fetch_has_no_effect(collecting: Doors) -> None:
    await collecting.say(bin_request())
    lent = await lent_for_a_moment(collecting)
    await collecting.hub.ledger.take_up(now=collecting.hub.clock())
    [again] = await fetched(collecting)

    answers = [
        await said(collecting, {"delivery": lent.delivery.id, "receipt": lent.receipt}, verb)
        for verb in ("acknowledge", "release")
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert await state_of(collecting, again["delivery"]) is State.SENDING
    assert (await said(collecting, again)).status_code == 200


async def test_an_acknowledgement_twice_is_one(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    answers = [await said(collecting, parcel, answer=DONE) for _ in range(2)]

    assert [answer.json()["state"] for answer in answers] == ["delivered", "delivered"]
    assert len((await collecting.hub.ledger.find(Search(exchange="request-status"))).found) == 1


@pytest.mark.parametrize("taken_up", [False, True])
async def test_an_acknowledgement_after_the_lease_is_gone(collecting: Doors, *, taken_up: bool) -> None:
    await collecting.say(bin_request())
    lent = await lent_for_a_moment(collecting)
    if taken_up:
        await collecting.hub.ledger.take_up(now=collecting.hub.clock())

    answer = await said(collecting, {"delivery": lent.delivery.id, "receipt": lent.receipt})

    assert answer.status_code == 410
    assert "fetch it again" in answer.json()["detail"]
    assert await state_of(collecting, lent.delivery.id) is (State.WAITING if taken_up else State.SENDING)


async def test_what_is_given_back_comes_again_when_it_was_asked_for(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    answer = await said(collecting, parcel, "release", **{"in": 3600})

    assert answer.json()["state"] == "waiting"
    held = await collecting.hub.ledger.delivery(parcel["delivery"])
    assert held.due_at is not None
    assert abs(held.due_at - collecting.hub.clock() - timedelta(hours=1)) < timedelta(seconds=10)
    assert await fetched(collecting) == []


async def test_what_is_given_back_at_once_is_there_at_once_and_held_up_by_nothing(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    await said(collecting, parcel, "release")

    assert [each["delivery"] for each in await fetched(collecting)] == [parcel["delivery"]]
    assert (await said(collecting, parcel)).status_code == 409


async def test_a_refusal_is_a_dead_letter_whose_reason_its_sender_is_told(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    silent = await said(collecting, parcel, state="refused")
    answer = await said(collecting, parcel, state="refused", reason="Aucun bac à cette adresse")

    assert silent.status_code == 422
    assert answer.json()["state"] == "dead"
    assert "Aucun bac" in (await collecting.hub.ledger.delivery(parcel["delivery"])).reason
    assert len((await collecting.hub.ledger.find(Search(exchange="request-status"))).found) == 1


async def test_an_answer_that_does_not_fit_its_contract_is_refused_and_the_lease_stands(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    answer = await said(collecting, parcel, answer=DONE.replace("CodeRetour", "Code"))

    assert answer.status_code == 422
    assert await state_of(collecting, parcel["delivery"]) is State.SENDING


async def test_one_that_waits_is_given_what_comes_meanwhile(collecting: Doors) -> None:
    waiting = asyncio.create_task(fetched(collecting, wait=60))
    await asyncio.sleep(0.2)
    with Stopwatch() as watch:
        await collecting.say(bin_request())

        parcels = await waiting

        assert len(parcels) == 1
        assert watch.seconds < 5


async def test_one_that_has_gone_is_lent_nothing(collecting: Doors) -> None:
    async def gone() -> bool:
        return True

    with Stopwatch() as watch:
        assert await collecting.hub.mailboxes.fetch(WASTE, Fetch(1, timedelta(minutes=5), 60), is_gone=gone) == ()
        assert watch.seconds < 5


async def test_the_age_of_what_nobody_fetches_is_measured_and_what_expires_is_told_to_its_sender(collecting: Doors) -> None:
    hub = collecting.hub
    soon = (hub.clock() + timedelta(minutes=1)).isoformat()
    [delivery] = (await collecting.say(bin_request(), CE_ExpiryTime=soon)).json()["deliveries"]
    await collecting.let_pass(timedelta(minutes=1))

    measured = (await collecting.get("/metrics", key=collecting.reader)).text
    for claim in await hub.ledger.claim_expired(now=hub.clock(), lease=timedelta(seconds=60), limit=10):
        await hub.dispatcher.attempt(claim)

    assert 'hub_oldest_waiting_seconds{lane="waste/default/bin-replacement"}' in measured
    assert await state_of(collecting, delivery) is State.DEAD
    [told] = (await hub.ledger.find(Search(exchange="request-status"))).found
    assert told.message.reference == "D-2026-00417"


async def test_only_its_own_application_comes_to_a_mailbox_and_only_with_the_right(collecting: Doors) -> None:
    await collecting.say(bin_request())
    sender_only = await collecting.hub.desk.issue_key("waste", "default", ("send:*",), actor="test")
    other = await collecting.hub.desk.issue_key("portal", "default", ("collect:*",), actor="test")
    elsewhere = await collecting.hub.desk.issue_key("waste", "other-town", ("collect:*",), actor="test")

    refused = [(await collecting.get(MAILBOX, key=key)).status_code for key in ("", sender_only, other)]
    empty = (await collecting.get(MAILBOX, key=elsewhere)).json()["deliveries"]

    assert refused == [401, 403, 403]
    assert empty == []


async def test_a_delivery_of_another_s_mailbox_is_not_there(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)
    elsewhere = await collecting.hub.desk.issue_key("waste", "other-town", ("collect:*",), actor="test")

    answer = await collecting.post(f"{MAILBOX}/{parcel['delivery']}/acknowledge", key=elsewhere, receipt=parcel["receipt"])

    assert answer.status_code == 404


@pytest.mark.parametrize("query", [{"max": 0}, {"max": 101}, {"wait": 61}, {"lease": 1}, {"wait": "nan"}, {"colour": "red"}])
async def test_what_is_asked_wrongly_is_said(collecting: Doors, query: dict[str, Any]) -> None:
    answer = await collecting.get(MAILBOX, key=collecting.waste, **{name: str(value) for name, value in query.items()})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == next(iter(query))


async def test_an_exchange_that_is_not_collected_is_said(collecting: Doors) -> None:
    answer = await collecting.get(MAILBOX, key=collecting.waste, exchange="request-status")

    assert answer.status_code == 403


async def test_a_restart_leaves_what_is_lent_in_its_collector_s_hands(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    await collecting.hub.ledger.void(now=collecting.hub.clock())

    assert (await said(collecting, parcel)).json()["state"] == "delivered"


async def test_a_lease_that_ends_in_the_same_moment_settles_nothing(collecting: Doors) -> None:
    await collecting.say(bin_request())
    lent = await lent_for_a_moment(collecting)

    with pytest.raises(LeaseEnded):
        await collecting.hub.mailboxes.release(WASTE, lent.delivery.id, lent.receipt, later=timedelta(0))


async def test_a_mailbox_is_paused_and_resumed_like_any_lane(collecting: Doors) -> None:
    await collecting.say(bin_request())
    lane = "/admin/api/lanes/waste/default/bin-replacement"

    paused = await collecting.post(f"{lane}/pause", key=collecting.admin, reason="A new version is installed")
    meanwhile = await fetched(collecting)
    resumed = await collecting.post(f"{lane}/resume", key=collecting.admin, reason="It is installed")

    lanes = (await collecting.get("/admin/api/lanes", key=collecting.admin)).json()["lanes"]
    [shown] = [each for each in lanes if each["lane"] == "waste/default/bin-replacement"]
    assert (paused.status_code, meanwhile, resumed.status_code) == (200, [], 200)
    assert (shown["title"], shown["configured"]) == ("Gestion des déchets", True)
    assert len(await fetched(collecting)) == 1


async def test_a_document_in_another_encoding_is_handed_over_byte_for_byte(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await collecting.hub.mailboxes.fetch(WASTE, Fetch(1, timedelta(minutes=5), 0), is_gone=nobody_is_gone)
    written = "Hélène;Bac d'été".encode("cp1252")

    shown = handed_over(replace(parcel, media="text/csv", body=written))

    assert {name: b64decode(value) for name, value in shown.items()} == {"base64": written}
