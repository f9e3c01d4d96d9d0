"""The mailbox in SOAP: what the REST door promises, in both versions, as the hub's own contract says it."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from hub.endpoints.collecting import Acknowledgement, Asked, Return
from hub.endpoints.soap_mailboxes import handed_over_as_text, mailbox_contract
from hub.ledger import Search
from hub.mailbox import Collector, Fetch
from hub.message import State
from hub.transports.envelope import open_envelope
from tests.endpoints.doors import Doors, bin_request, envelope, username_token
from tests.endpoints.served import caller, serving
from tests.endpoints.signers import Manner, holder, signed
from tests.endpoints.test_soap_tokens import stamp, token
from tests.stopwatch import Stopwatch

SPACE = "urn:hub:mailbox:1"
ADDRESS = "/soap/mailboxes/waste"
MEDIA = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
WASTE = Collector("waste", "default", ("bin-replacement",))
DONE = """<CreateOrderResponse xmlns="urn:exemple:dechets:types:1"><CodeRetour>0</CodeRetour>\
<NumIntervention>I-000417</NumIntervention></CreateOrderResponse>"""
VERSIONS = pytest.mark.parametrize("version", ["1.1", "1.2"])
Told = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A fault: SOAP's code, the element in its detail, the reason, the sentences and the places in the detail."""

    status: int
    code: str
    name: str
    text: str
    detail: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def asking(operation: str, **fields: object) -> str:
    """The element of a request, with its fields in the order given."""
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items() if value is not None)
    return f'<{operation} xmlns="{SPACE}">{inner}</{operation}>'


async def called(doors: Doors, payload: str, *, version: str = "1.1", header: str = "", **more: Any) -> httpx.Response:
    body = envelope(payload, header=header, version=version)
    return await doors.call(body, connector="mailboxes/waste", media=MEDIA[version], **more)


async def answered(doors: Doors, operation: str, *, version: str = "1.1", **fields: object) -> Told:
    """What the answer says, which fits the contract."""
    answer = await called(doors, asking(operation, **fields), version=version)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA[version]
    payload = open_envelope(answer.content).payload
    output = mailbox_contract().operations[operation].output
    assert output is not None
    assert output.check(payload) == ()
    return read(etree.fromstring(payload))


def read(element: etree._Element) -> Told:
    told: Told = {}
    for child in element:
        name = etree.QName(child).localname
        if name == "deliveries":
            told.setdefault(name, []).append(read(child))
        else:
            told[name] = child.text or ""
    return told


async def fetched(doors: Doors, **fields: object) -> list[Told]:
    return (await answered(doors, "fetch", **fields)).get("deliveries", [])


def fault_in(answer: httpx.Response) -> Fault:
    opened = open_envelope(answer.content).fault
    assert opened is not None, answer.text
    parts = {name: part for each in mailbox_contract().operations.values() for name, part in each.faults.items()}
    if opened.name in parts:
        assert parts[opened.name].check(opened.detail) == ()
    detail = etree.fromstring(opened.detail)
    texts = tuple(each.text or "" for each in detail.iter(f"{{{SPACE}}}text"))
    paths = tuple(each.text or "" for each in detail.iter(f"{{{SPACE}}}path"))
    return Fault(answer.status_code, opened.code, opened.name, opened.text, texts, paths)


async def refused(doors: Doors, payload: str, *, version: str = "1.1", **more: Any) -> Fault:
    return fault_in(await called(doors, payload, version=version, **more))


async def settled(doors: Doors, parcel: Told, operation: str = "acknowledge", **fields: object) -> str:
    said = await answered(doors, operation, delivery=parcel["delivery"], receipt=parcel["receipt"], **fields)
    assert said["delivery"] == parcel["delivery"]
    return str(said["state"])


def about(parcel: Told, operation: str = "acknowledge", **fields: object) -> str:
    return asking(operation, delivery=parcel["delivery"], receipt=parcel["receipt"], **fields)


async def nobody_is_gone() -> bool:
    return False


async def lent_for_a_moment(doors: Doors) -> Told:
    """What waits, fetched for a minute that has passed, by the hub's clock, when this returns."""
    [parcel] = await doors.hub.mailboxes.fetch(WASTE, Fetch(25, timedelta(minutes=1), 0), is_gone=nobody_is_gone)
    await doors.let_pass(timedelta(minutes=1))
    return {"delivery": parcel.delivery.id, "receipt": parcel.receipt}


async def state_of(doors: Doors, delivery: str) -> State:
    return (await doors.hub.ledger.delivery(delivery)).state


# -- fetched, done, refused, given back -------------------------------------------------------------------------------


@VERSIONS
async def test_what_waits_is_handed_over_as_the_text_of_its_document(collecting: Doors, version: str) -> None:
    receipt = (await collecting.say(bin_request())).json()

    said = await answered(collecting, "fetch", version=version)

    [parcel] = said["deliveries"]
    assert said["mailbox"] == "waste"
    assert parcel["message"] == receipt["message"]
    assert (parcel["exchange"], parcel["reference"], parcel["fetched"]) == ("bin-replacement", "D-2026-00417", "1")
    assert etree.fromstring(parcel["document"]).tag == "{urn:exemple:dechets:types:1}CreateOrder"
    assert "LE GOFF Yann" in parcel["document"]
    assert await state_of(collecting, parcel["delivery"]) is State.SENDING


async def test_both_doors_say_the_same_of_a_delivery(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [in_soap] = await fetched(collecting)
    await settled(collecting, in_soap, "release")

    [in_rest] = (await collecting.get("/api/v1/mailboxes/waste", key=collecting.waste)).json()["deliveries"]

    assert in_soap.keys() == in_rest.keys()
    changing = {"receipt", "leased_until", "fetched"}
    assert {name: in_soap[name] for name in in_soap.keys() - changing} == {
        name: in_rest[name] for name in in_rest.keys() - changing
    }


@VERSIONS
async def test_what_is_leased_is_nobody_else_s_whichever_door_it_comes_to(collecting: Doors, version: str) -> None:
    await collecting.say(bin_request())
    await fetched(collecting, version=version)

    assert await fetched(collecting, version=version) == []
    assert (await collecting.get("/api/v1/mailboxes/waste", key=collecting.waste)).json()["deliveries"] == []


async def test_as_much_is_given_as_is_asked_for_and_for_as_long(collecting: Doors) -> None:
    for number in range(3):
        await collecting.say(bin_request(f"D-2026-0041{number}"))

    parcels = await fetched(collecting, max=2, wait="0.0", lease=3600, exchange="bin-replacement")

    assert len(parcels) == 2
    until = (await collecting.hub.ledger.delivery(parcels[0]["delivery"])).lease_until
    assert until is not None
    assert abs(until - collecting.hub.clock() - timedelta(hours=1)) < timedelta(seconds=10)


@VERSIONS
async def test_an_acknowledgement_delivers_and_its_answer_is_remembered_and_told_on(collecting: Doors, version: str) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting, version=version)

    state = await settled(collecting, parcel, version=version, state="done", answer=DONE)

    assert state == "delivered"
    ledger = collecting.hub.ledger
    assert await ledger.recall("default", "waste", name="order_number", value="I-000417") == "D-2026-00417"
    told = await ledger.find(Search(exchange="request-status"))
    assert [summary.message.reference for summary in told.found] == ["D-2026-00417"]


@pytest.mark.parametrize("answer", [None, ""])
async def test_an_answer_may_be_left_out_or_empty(collecting: Doors, answer: str | None) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    assert await settled(collecting, parcel, answer=answer) == "delivered"


async def test_of_one_reference_the_next_comes_after_the_one_before_is_acknowledged(collecting: Doors) -> None:
    await collecting.say(bin_request(), Idempotency_Key="first")
    await collecting.say(bin_request(deposeLe="2026-07-15T08:00:00+02:00"), Idempotency_Key="second")

    first = await fetched(collecting)
    await settled(collecting, first[0])
    then = await fetched(collecting)

    assert [each["reference"] for each in (*first, *then)] == ["D-2026-00417", "D-2026-00417"]
    assert "15/07/2026" in then[0]["document"]


async def test_an_acknowledgement_twice_is_one(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    states = [await settled(collecting, parcel, answer=DONE) for _ in range(2)]

    assert states == ["delivered", "delivered"]
    assert len((await collecting.hub.ledger.find(Search(exchange="request-status"))).found) == 1


@VERSIONS
async def test_a_refusal_is_a_dead_letter_whose_reason_its_sender_is_told(collecting: Doors, version: str) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    silent = await refused(collecting, about(parcel, state="refused"), version=version)
    state = await settled(collecting, parcel, version=version, state="refused", reason="Aucun bac à cette adresse")

    assert silent.name == "invalid"
    assert "`reason`" in silent.text
    assert state == "dead"
    assert "Aucun bac" in (await collecting.hub.ledger.delivery(parcel["delivery"])).reason
    assert len((await collecting.hub.ledger.find(Search(exchange="request-status"))).found) == 1


async def test_what_is_given_back_comes_again_when_it_was_asked_for(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    state = await settled(collecting, parcel, "release", later=3600)

    assert state == "waiting"
    held = await collecting.hub.ledger.delivery(parcel["delivery"])
    assert held.due_at is not None
    assert abs(held.due_at - collecting.hub.clock() - timedelta(hours=1)) < timedelta(seconds=10)
    assert await fetched(collecting) == []


async def test_what_is_given_back_at_once_is_there_at_once(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    await settled(collecting, parcel, "release")

    assert [each["delivery"] for each in await fetched(collecting)] == [parcel["delivery"]]
    assert (await refused(collecting, about(parcel))).name == "conflict"


async def test_one_that_waits_is_given_what_comes_meanwhile(collecting: Doors) -> None:
    waiting = asyncio.create_task(fetched(collecting, wait=60))
    await asyncio.sleep(0.2)
    with Stopwatch() as watch:
        await collecting.say(bin_request())

        parcels = await waiting

        assert len(parcels) == 1
        assert watch.seconds < 5


async def test_one_that_has_gone_is_lent_nothing(collecting: Doors) -> None:
    body = envelope(asking("fetch", wait=60))
    async with serving(collecting) as hub:
        impatient = await caller(hub.port)
        await impatient.say(
            f"POST {ADDRESS} HTTP/1.1\r\nHost: hub\r\nX-API-Key: {collecting.waste}\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await hub.has_read(impatient)
        await asyncio.sleep(1)
        impatient.close()
        with Stopwatch() as watch:
            await hub.is_done()
            assert watch.seconds < 5, "nobody stands at the mailbox for it any more"
        [delivery] = (await collecting.say(bin_request())).json()["deliveries"]

        assert await state_of(collecting, delivery) is State.WAITING


async def test_a_document_that_cannot_stand_as_text_is_handed_over_byte_for_byte(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await collecting.hub.mailboxes.fetch(WASTE, Fetch(1, timedelta(minutes=5), 0), is_gone=nobody_is_gone)
    latin, odd = "Hélène;Bac d'été".encode("cp1252"), '{"note": "\uffff"}'.encode()

    shown = [handed_over_as_text(replace(parcel, body=body)) for body in (latin, odd, b'{"note": "\\u0001"}\r\n')]

    assert [b64decode(each.get("base64", "")) for each in shown] == [latin, odd, b""]
    assert shown[2] == {"document": '{"note": "\\u0001"}\r\n'}


# -- what is refused, with the fault that the contract declares -------------------------------------------------------


@VERSIONS
async def test_a_receipt_of_an_earlier_fetch_is_a_conflict_and_has_no_effect(collecting: Doors, version: str) -> None:
    await collecting.say(bin_request())
    lent = await lent_for_a_moment(collecting)
    await collecting.hub.ledger.take_up(now=collecting.hub.clock())
    [again] = await fetched(collecting)

    faults = [await refused(collecting, about(lent, verb), version=version) for verb in ("acknowledge", "release")]

    for fault in faults:
        assert (fault.name, fault.code) == ("conflict", "Client")
        assert fault.status == (500 if version == "1.1" else 400)
    assert await state_of(collecting, again["delivery"]) is State.SENDING
    assert await settled(collecting, again) == "delivered"


@pytest.mark.parametrize("taken_up", [False, True])
async def test_an_acknowledgement_after_the_lease_is_told_that_it_has_ended(collecting: Doors, *, taken_up: bool) -> None:
    await collecting.say(bin_request())
    lent = await lent_for_a_moment(collecting)
    if taken_up:
        await collecting.hub.ledger.take_up(now=collecting.hub.clock())

    faults = [await refused(collecting, about(lent, verb)) for verb in ("acknowledge", "release")]

    assert [fault.name for fault in faults] == ["leaseEnded", "leaseEnded"]
    assert all("fetch it again" in fault.text for fault in faults)
    assert await state_of(collecting, lent["delivery"]) is (State.WAITING if taken_up else State.SENDING)


@VERSIONS
async def test_a_delivery_of_another_s_mailbox_is_not_found(collecting: Doors, version: str) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)
    elsewhere = await collecting.hub.desk.issue_key("waste", "other-town", ("collect:*",), actor="test")

    fault = await refused(collecting, about(parcel), key=elsewhere, version=version)
    unknown = await refused(collecting, about({**parcel, "delivery": "nothing"}), version=version)

    assert (fault.name, unknown.name) == ("notFound", "notFound")
    assert {fault.status, unknown.status} == {500 if version == "1.1" else 400}


async def test_an_answer_that_does_not_fit_its_contract_is_refused_and_the_lease_stands(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)

    wrong = await refused(collecting, about(parcel, answer=DONE.replace("CodeRetour", "Code")))
    broken = await refused(collecting, about(parcel, answer="<CreateOrderResponse>"))

    assert (wrong.name, broken.name) == ("invalid", "invalid")
    assert "Code" in wrong.text
    assert wrong.detail[1:]
    assert await state_of(collecting, parcel["delivery"]) is State.SENDING


async def test_rest_and_soap_refuse_in_the_same_words_in_both_languages(collecting: Doors) -> None:
    await collecting.say(bin_request())
    [parcel] = await fetched(collecting)
    said: list[tuple[str, dict[str, Any]]] = [
        (about(parcel, answer="<x/>"), {"receipt": parcel["receipt"], "answer": "<x/>"}),
        (about(parcel, state="refused"), {"receipt": parcel["receipt"], "state": "refused"}),
        (about({**parcel, "receipt": "0"}), {"receipt": "0"}),
    ]

    for payload, body in said:
        for language in ("fr", "en"):
            in_soap = await refused(collecting, payload, Accept_Language=language)
            in_rest = await collecting.client.post(
                f"/api/v1/mailboxes/waste/{parcel['delivery']}/acknowledge",
                json=body,
                headers={"Authorization": f"Bearer {collecting.waste}", "Accept-Language": language},
            )
            problems = [each["detail"] for each in in_rest.json().get("errors", ())]
            assert in_soap.text == in_rest.json()["detail"]
            assert list(in_soap.detail) == [in_soap.text, *problems]


WRONG = {
    "max": {"max": 0},
    "max, too many": {"max": 101},
    "max, no number": {"max": "beaucoup"},
    "wait": {"wait": 61},
    "wait, negative": {"wait": -1},
    "wait, no number": {"wait": "NaN"},
    "lease": {"lease": 29},
    "lease, too long": {"lease": 43201},
    "exchange": {"exchange": "a" * 101},
    "colour": {"colour": "red"},
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_asked_wrongly_is_said_with_its_place(collecting: Doors, name: str) -> None:
    fault = await refused(collecting, asking("fetch", **WRONG[name]))

    assert (fault.name, fault.code) == ("invalid", "Client")
    assert fault.paths == (name.partition(",")[0],)


WRONGLY_SAID = {
    "no receipt": '<acknowledge xmlns="urn:hub:mailbox:1"><delivery>x</delivery></acknowledge>',
    "a state that is none": asking("acknowledge", delivery="x", receipt="1", state="perhaps"),
    "a long receipt": asking("acknowledge", delivery="x", receipt="1" * 41),
    "a long reason": asking("acknowledge", delivery="x", receipt="1", state="refused", reason="a" * 1001),
    "an answer that is no text": '<acknowledge xmlns="urn:hub:mailbox:1"><delivery>x</delivery><receipt>1</receipt>'
    "<answer><a/></answer></acknowledge>",
    "later than a day": asking("release", delivery="x", receipt="1", later=86401),
    "never": asking("release", delivery="x", receipt="1", later="INF"),
    "nothing": asking("release"),
}


@pytest.mark.parametrize("name", WRONGLY_SAID)
async def test_what_is_said_wrongly_is_invalid(collecting: Doors, name: str) -> None:
    fault = await refused(collecting, WRONGLY_SAID[name])

    assert (fault.name, fault.code) == ("invalid", "Client")
    assert fault.detail[1:]


def test_the_contract_has_the_bounds_that_rest_has() -> None:
    forms = {"fetch": Asked, "acknowledge": Acknowledgement, "release": Return}

    for name, form in forms.items():
        part = mailbox_contract().operations[name].input
        assert part is not None
        bounds = form.model_json_schema(by_alias=False)["properties"]
        assert {child.name for child in part.shape.children} - {"delivery"} == bounds.keys()
        for child in part.shape.children:
            given = bounds.get(child.name, {})
            assert [Decimal(each) for each in (child.lowest, child.highest) if each] == [
                Decimal(given[each]) for each in ("minimum", "maximum") if each in given
            ]
            assert child.longest == given.get("maxLength")
            assert list(child.values) == given.get("enum", [])


# -- the envelope -----------------------------------------------------------------------------------------------------


FETCH = asking("fetch")
REFUSED = {
    "cut": (envelope(FETCH)[:-20], "Client", 500),
    "empty": (b"", "Client", 500),
    "no envelope": (FETCH.encode(), "Client", 500),
    "empty body": (envelope(""), "Client", 500),
    "unknown operation": (envelope(asking("erase")), "Client", 500),
    "an operation of the application's contract": (
        envelope('<CreateOrder xmlns="urn:exemple:dechets:types:1"/>'),
        "Client",
        500,
    ),
    "another namespace": (envelope("<fetch/>"), "Client", 500),
    "DOCTYPE": (b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + envelope(FETCH), "Client", 500),
    "depth": (envelope("<a>" * 300 + "</a>" * 300), "Client", 500),
    "unknown envelope": (b'<s:Envelope xmlns:s="urn:x"><s:Body/></s:Envelope>', "VersionMismatch", 500),
    "SOAP 1.2 envelope": (envelope(FETCH, version="1.2"), "VersionMismatch", 500),
    "header to be understood": (
        envelope(FETCH, header='<x:T xmlns:x="urn:x" s:mustUnderstand="1"/>'),
        "MustUnderstand",
        500,
    ),
    "too large": (b" " * (20 * 1024 * 1024), "Client", 413),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_broken_call_is_a_fault_and_lends_nothing(collecting: Doors, name: str) -> None:
    body, code, status = REFUSED[name]
    await collecting.say(bin_request())

    answer = await collecting.call(body, connector="mailboxes/waste")

    fault = fault_in(answer)
    assert (fault.code, fault.status, fault.name) == (code, status, "problems")
    assert len(await fetched(collecting)) == 1


@pytest.mark.parametrize("media", ["application/json", "", "text/plain", "multipart/related; boundary=x"])
async def test_another_content_type_is_refused(collecting: Doors, media: str) -> None:
    answer = await collecting.call(envelope(FETCH), connector="mailboxes/waste", media=media)

    assert (answer.status_code, fault_in(answer).code) == (415, "Client")


@pytest.mark.parametrize("action", ['""', "", f'"{SPACE}:fetch"', f"{SPACE}:fetch"])
async def test_an_action_may_be_empty_or_unquoted(collecting: Doors, action: str) -> None:
    assert (await called(collecting, FETCH, SOAPAction=action)).status_code == 200


async def test_the_action_of_another_operation_is_refused(collecting: Doors) -> None:
    assert (await refused(collecting, FETCH, SOAPAction=f'"{SPACE}:release"')).code == "Client"


async def test_an_addressed_call_is_answered_with_its_action_and_its_id(collecting: Doors) -> None:
    header = (
        f'<a:Action xmlns:a="http://www.w3.org/2005/08/addressing" s:mustUnderstand="1">{SPACE}:fetch</a:Action>'
        '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:1</a:MessageID>'
    )

    answer = await called(collecting, FETCH, version="1.2", header=header.replace('"1"', '"true"'))

    root = etree.fromstring(answer.content)
    assert root.findtext(".//{http://www.w3.org/2005/08/addressing}RelatesTo") == "urn:uuid:1"


async def test_a_ledger_that_is_away_is_a_server_fault(collecting: Doors) -> None:
    await collecting.hub.ledger.close()

    answer = await called(collecting, FETCH)

    assert answer.status_code == 503
    assert fault_in(answer).code == "Server"
    assert int(answer.headers["retry-after"]) > 0


# -- who --------------------------------------------------------------------------------------------------------------


async def test_every_way_to_show_a_key_opens_and_a_wrong_one_does_not(collecting: Doors) -> None:
    _, key, secret = collecting.waste.split("_")
    sealed = await collecting.hub.desk.issue_key("waste", "default", ("collect:*",), actor="test", sealed=True)
    now = stamp(collecting.hub.clock())
    basic = {"Authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}
    shown = {
        "bearer": ("", {"Authorization": f"Bearer {collecting.waste}"}),
        "basic": ("", basic),
        "text": (username_token(key, secret), {}),
        "digest": (token(sealed, created=now), {}),
        "digest again": (token(sealed, created=now), {}),
        "wrong digest": (token(sealed, created=now, nonce=b"another nonce", password="0" * 64), {}),
        "wrong text": (username_token(key, "0" * 64), {}),
        "nothing": ("", {}),
    }

    answers = {
        name: await called(collecting, FETCH, key="", header=header, **headers) for name, (header, headers) in shown.items()
    }

    refusals = dict.fromkeys(("digest again", "wrong digest", "wrong text", "nothing"), 401)
    assert {name: answer.status_code for name, answer in answers.items()} == {**dict.fromkeys(shown, 200), **refusals}
    assert len({answer.text for answer in answers.values() if answer.status_code == 401}) == 1


async def test_a_signature_opens_once_and_only_what_it_covers_is_heard(collecting: Doors) -> None:
    signer = holder()
    certificate = signer.certificate.fingerprint(SHA256()).hex()
    await collecting.hub.desk.issue_key("waste", "default", ("collect:*",), actor="test", certificate=certificate)
    await collecting.say(bin_request())
    body = etree.tostring(signed(envelope(FETCH), Manner(signer, collecting.hub.clock())))

    answers = [await collecting.call(body, connector="mailboxes/waste", key="") for _ in range(2)]
    other = await collecting.call(body.replace(b"fetch", b"waste"), connector="mailboxes/waste", key="")

    assert [answer.status_code for answer in (*answers, other)] == [200, 401, 401]
    assert b"LE GOFF Yann" in answers[0].content


async def test_only_its_own_application_comes_to_a_mailbox_and_only_with_the_right(collecting: Doors) -> None:
    await collecting.say(bin_request())
    issue = collecting.hub.desk.issue_key
    sender_only = await issue("waste", "default", ("send:*",), actor="test")
    other = await issue("portal", "default", ("collect:*",), actor="test")
    elsewhere = await issue("waste", "other-town", ("collect:*",), actor="test")

    faults = [await refused(collecting, FETCH, key=key) for key in (sender_only, other)]
    empty = await called(collecting, FETCH, key=elsewhere)
    nobody = await collecting.call(envelope(FETCH), connector="mailboxes/nobody")

    assert [fault.status for fault in faults] == [403, 403]
    assert b"deliveries" not in empty.content
    assert nobody.status_code == 403


async def test_an_exchange_that_is_not_collected_is_said(collecting: Doors) -> None:
    fault = await refused(collecting, asking("fetch", exchange="request-status"))

    assert (fault.status, fault.name) == (403, "problems")
    assert "request-status" in fault.text


async def test_a_key_in_the_url_is_refused(collecting: Doors) -> None:
    answer = await collecting.call(envelope(FETCH), connector=f"mailboxes/waste?key={collecting.waste}")

    assert answer.status_code == 401


# -- the contract -----------------------------------------------------------------------------------------------------


async def test_the_contract_is_published_with_the_address_of_the_mailbox(collecting: Doors) -> None:
    wsdl = await collecting.get(f"{ADDRESS}?wsdl", key=collecting.waste)

    assert wsdl.status_code == 200
    assert etree.fromstring(wsdl.content).xpath("//@location") == [f"http://hub.test{ADDRESS}"] * 2


async def test_the_contract_is_for_its_application_and_for_those_who_may_read(collecting: Doors) -> None:
    async def read_by(key: str, path: str = f"{ADDRESS}?wsdl") -> int:
        return (await collecting.get(path, key=key)).status_code

    assert await read_by(collecting.reader) == 200
    assert await read_by(collecting.portal) == 403
    assert await read_by("") == 401
    assert await read_by(collecting.waste, ADDRESS) == 404
    assert await read_by(collecting.reader, "/soap/mailboxes/nobody?wsdl") == 404
    assert await read_by(collecting.reader, "/soap/mailboxes/portal?wsdl") == 404


async def test_an_application_without_a_mailbox_is_told_so(doors: Doors) -> None:
    assert (await refused(doors, FETCH)).status == 403
