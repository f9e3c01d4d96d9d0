"""A key makes one message of however many requests, for its own sender and authority, through both doors."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from tests.endpoints.doors import Doors, bin_request, envelope, order_change

ORDER = (
    "<NumIntervention>I-000002</NumIntervention><RefExterne>D-2026-00418</RefExterne>"
    "<Statut>05</Statut><DateModif>09/03/2026 10:42:07</DateModif>"
)


async def say_as_is(doors: Doors, key: bytes) -> httpx.Response:
    """A good message with the bytes of a key as they are."""
    headers = [
        (b"Authorization", f"Bearer {doors.portal}".encode()),
        (b"Content-Type", b"application/json"),
        (b"Idempotency-Key", key),
    ]
    body = json.dumps(bin_request()).encode()
    return await doors.client.post("/api/v1/exchanges/bin-replacement/messages", content=body, headers=headers)


async def test_a_soap_call_that_is_repeated_under_its_key_is_one_message(doors: Doors) -> None:
    first = await doors.call(envelope(order_change()), Idempotency_Key="k-1")
    again = await doors.call(envelope(order_change()), Idempotency_Key="k-1")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert await doors.kept() == 1


async def test_a_soap_call_with_another_content_under_a_known_key_is_a_fault_of_the_client(doors: Doors) -> None:
    await doors.call(envelope(order_change()), Idempotency_Key="k-1")

    other = await doors.call(envelope(order_change(ORDER)), Idempotency_Key="k-1")

    assert other.status_code == 500
    assert b"Client" in other.content
    assert b'kind="key-reused"' in other.content
    assert await doors.kept() == 1


async def test_fifty_requests_at_once_under_one_key_are_one_message(doors: Doors) -> None:
    answers = await asyncio.gather(*(doors.say(bin_request(), Idempotency_Key="k-1") for _ in range(50)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["message"] for answer in answers}) == 1
    assert [answer.json()["duplicate"] for answer in answers].count(False) == 1
    assert await doors.kept() == 1


async def test_fifty_soap_calls_at_once_under_one_key_are_one_message(doors: Doors) -> None:
    answers = await asyncio.gather(*(doors.call(envelope(order_change()), Idempotency_Key="k-1") for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert await doors.kept() == 1


async def test_fifty_requests_at_once_with_two_contents_under_one_key_keep_one_and_refuse_the_other(doors: Doors) -> None:
    said = [bin_request(f"D-{number % 2}") for number in range(50)]

    answers = await asyncio.gather(*(doors.say(each, Idempotency_Key="k-1") for each in said))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [202] * 25 + [422] * 25
    assert await doors.kept() == 1


async def test_without_a_key_the_business_key_of_the_exchange_tells_a_repeat(doors: Doors) -> None:
    first = await doors.say(bin_request("D-1"))
    again = await doors.say(bin_request("D-1"))
    other = await doors.say(bin_request("D-1", usager={"nom": "MARTIN", "prenom": "Ana"}))
    new = await doors.say(bin_request("D-2"))

    assert first.json()["message"] == again.json()["message"]
    assert [answer.status_code for answer in (again, other, new)] == [202, 422, 202]
    assert await doors.kept() == 2


async def test_without_a_key_a_soap_call_is_told_from_another_by_the_rows_of_its_exchange(doors: Doors) -> None:
    first = await doors.call(envelope(order_change()))
    again = await doors.call(envelope(order_change()))
    other = await doors.call(envelope(order_change(ORDER)))

    assert [answer.status_code for answer in (first, again, other)] == [200] * 3
    assert await doors.kept() == 2


@pytest.mark.parametrize(
    "key",
    [b"", b" ", b"a b", b"x" * 256, b"x" * 5000, b"tab\there", b"bell\x07", b"nul\x00", b"del\x7f", "é".encode()],
    ids=["empty", "blank", "space", "256", "5000", "tab", "control", "nul", "delete", "utf-8"],
)
async def test_a_key_that_is_too_long_or_not_visible_ascii_is_refused(doors: Doors, key: bytes) -> None:
    answer = await say_as_is(doors, key)

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:problem:idempotency-key-not-accepted")
    assert await doors.kept() == 0


async def test_a_key_of_255_characters_is_taken(doors: Doors) -> None:
    assert (await say_as_is(doors, b"x" * 255)).status_code == 202


async def test_keys_are_compared_byte_for_byte_and_look_alikes_are_refused(doors: Doors) -> None:
    kept = [
        await doors.say(bin_request(f"D-{number}"), Idempotency_Key=key) for number, key in enumerate(["key", "KEY", "Key"])
    ]
    cyrillic = await say_as_is(doors, "kеy".encode())
    composed = await say_as_is(doors, "ke\u0301y".encode())

    assert [answer.status_code for answer in kept] == [202] * 3
    assert not any(answer.json()["duplicate"] for answer in kept)
    assert [cyrillic.status_code, composed.status_code] == [400, 400]


async def test_two_keys_in_one_request_are_refused(doors: Doors) -> None:
    headers = [(b"Authorization", f"Bearer {doors.portal}".encode()), (b"Content-Type", b"application/json")]
    headers += [(b"Idempotency-Key", b"k-1"), (b"Idempotency-Key", b"k-2")]
    body = json.dumps(bin_request()).encode()

    answer = await doors.client.post("/api/v1/exchanges/bin-replacement/messages", content=body, headers=headers)

    assert answer.status_code == 400


async def test_the_same_key_of_another_authority_or_application_is_another_key(doors: Doors) -> None:
    elsewhere = await doors.hub.desk.issue_key("portal", "ville-b", ("send:*", "status:own"), actor="test")

    here = await doors.say(bin_request(), Idempotency_Key="k-1")
    there = await doors.say(bin_request("D-2"), key=elsewhere, Idempotency_Key="k-1")
    waste = await doors.call(envelope(order_change()), Idempotency_Key="k-1")

    assert [here.status_code, there.status_code, waste.status_code] == [202, 202, 200]
    assert not there.json()["duplicate"]
    assert await doors.kept() == 3
