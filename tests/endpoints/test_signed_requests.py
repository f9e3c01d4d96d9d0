"""Requests that are signed with a key's secret (Standard Webhooks) in place of showing it: the bytes, the time, once."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.transports.webhooks import signature
from tests.endpoints.doors import Doors, bin_request

EXCHANGE = "bin-replacement"
PATH = f"/api/v1/exchanges/{EXCHANGE}/messages"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Signer:
    """An application that signs what it says."""

    doors: Doors
    key: str
    secret: bytes

    def headers(self, body: bytes, *, late: timedelta = timedelta(0), id: str = "msg_1", **changed: str) -> dict[str, str]:
        """The headers of a signed request; `changed` replaces them, "" takes one away."""
        at = changed.get("webhook_timestamp") or str(int((self.doors.hub.clock() - late).timestamp()))
        made = {
            "Content-Type": "application/json",
            "X-Hub-Key": self.key,
            "webhook-id": id,
            "webhook-timestamp": at,
            "webhook-signature": signature(self.secret, id=id, timestamp=at, body=body),
        }
        made |= {name.replace("_", "-"): value for name, value in changed.items()}
        return {name: value for name, value in made.items() if value}

    async def say(self, body: bytes | dict[str, Any] | None = None, **changed: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body or bin_request()).encode()
        return await self.send(content, self.headers(content, **changed))

    async def send(self, content: bytes, headers: dict[str, str], path: str = PATH) -> httpx.Response:
        return await self.doors.client.post(path, content=content, headers=headers)


async def a_signer(doors: Doors, *scopes: str, sealed: bool = True) -> Signer:
    """A key that signs, as the desk issues it."""
    clear = await doors.hub.desk.issue_key("portal", "default", scopes or (f"send:{EXCHANGE}",), actor="test", sealed=sealed)
    _, key, secret = clear.split("_")
    return Signer(doors, key, bytes.fromhex(secret))


@pytest.fixture
async def signer(doors: Doors) -> AsyncIterator[Signer]:
    yield await a_signer(doors)


async def test_a_signed_request_is_a_message_under_its_id(doors: Doors, signer: Signer) -> None:
    answer = await signer.say()

    assert answer.status_code == 202
    story = await doors.hub.ledger.story(answer.json()["message"])
    assert (story.message.sender, story.message.key) == ("portal", "msg_1")


async def test_a_replay_inside_the_tolerance_is_the_same_message(doors: Doors, signer: Signer) -> None:
    body = json.dumps(bin_request()).encode()
    headers = signer.headers(body)

    answers = await asyncio.gather(*(signer.send(body, headers) for _ in range(10)))

    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["message"] for answer in answers if answer.status_code == 202}) == 1
    assert await doors.kept() == 1


async def test_a_delivery_that_its_sender_tries_again_later_is_the_same_message(doors: Doors, signer: Signer) -> None:
    first = await signer.say(late=4 * MINUTE)
    again = await signer.say()

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["duplicate"] and await doors.kept() == 1


@pytest.mark.parametrize("late", [6 * MINUTE, -6 * MINUTE])
async def test_a_replay_outside_five_minutes_proves_nothing(doors: Doors, signer: Signer, late: timedelta) -> None:
    answer = await signer.say(late=late)

    assert answer.status_code == 401
    assert await doors.kept() == 0


@pytest.mark.parametrize("late", [4 * MINUTE, -4 * MINUTE])
async def test_a_clock_that_is_four_minutes_off_still_proves(signer: Signer, late: timedelta) -> None:
    assert (await signer.say(late=late)).status_code == 202


async def test_all_that_proves_nothing_gets_one_same_answer_and_leaves_nothing(doors: Doors, signer: Signer) -> None:
    body = json.dumps(bin_request()).encode()
    good = signer.headers(body)
    other, unsealed = await a_signer(doors), await a_signer(doors, sealed=False)
    right = good["webhook-signature"]
    requests = {
        "forged": (body, {**good, "webhook-signature": "v1," + b64encode(b"0" * 32).decode()}),
        "body changed": (body.replace(b"Yann", b"Yohn"), good),
        "body written anew": (json.dumps(bin_request(), indent=1).encode(), good),
        "id changed": (body, {**good, "webhook-id": "msg_2"}),
        "timestamp changed": (body, {**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}),
        "other secret": (body, {**good, "X-Hub-Key": other.key}),
        "no signature": (body, {name: value for name, value in good.items() if name != "webhook-signature"}),
        "empty signature": (body, {**good, "webhook-signature": ""}),
        "version 0": (body, {**good, "webhook-signature": right.replace("v1", "v0")}),
        "without a version": (body, {**good, "webhook-signature": right[3:]}),
        "no timestamp": (body, {name: value for name, value in good.items() if name != "webhook-timestamp"}),
        "no time": (body, {**good, "webhook-timestamp": "now"}),
        "a time before all": (body, {**good, "webhook-timestamp": "-1"}),
        "a time after all": (body, {**good, "webhook-timestamp": "9" * 11}),
        "unknown key": (body, {**good, "X-Hub-Key": "f" * 12}),
        "no key": (body, {**good, "X-Hub-Key": ""}),
        "a key that keeps no secret": (body, unsealed.headers(body)),
        "another key beside it": (body, {**good, "Authorization": f"Bearer {doors.portal}"}),
    }

    answers = {name: await signer.send(*request) for name, request in requests.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(requests, 401)
    assert len({answer.json()["detail"] for answer in answers.values()}) == 1
    assert await doors.kept() == 0


async def test_either_of_two_signatures_proves_during_a_rotation(doors: Doors, signer: Signer) -> None:
    body, renewed = json.dumps(bin_request()).encode(), await a_signer(doors)
    at = signer.headers(body)["webhook-timestamp"]
    old, new = (each.headers(body, webhook_timestamp=at)["webhook-signature"] for each in (signer, renewed))
    both = {"webhook_timestamp": at, "webhook_signature": f"{new} {old}"}

    by_old = await signer.send(body, signer.headers(body, **both))
    by_new = await renewed.send(body, renewed.headers(body, **both))

    assert (by_old.status_code, by_new.status_code) == (202, 202)
    assert by_new.json()["duplicate"], "the message is the sender's, whichever key it is signed with"


async def test_a_revoked_key_proves_nothing(doors: Doors, signer: Signer) -> None:
    await doors.hub.desk.revoke_key(signer.key, actor="test", reason="a rotation")

    assert (await signer.say()).status_code == 401


async def test_the_bytes_are_proven_and_not_what_they_say(doors: Doors, signer: Signer) -> None:
    spaced = json.dumps(bin_request(), indent=3, ensure_ascii=False).encode()

    assert (await signer.say(spaced)).status_code == 202


@pytest.mark.parametrize("id_", ["msg.1", "a" * 256, "é", "a b"])
async def test_an_id_that_would_blur_what_is_signed_is_refused_in_words(doors: Doors, signer: Signer, id_: str) -> None:
    body = json.dumps(bin_request()).encode()
    headers = [(name.encode(), value.encode()) for name, value in {**signer.headers(body, id=id_)}.items()]

    answer = await doors.client.post(PATH, content=body, headers=headers)

    assert answer.status_code == 400 and "webhook-id" in answer.json()["detail"]
    assert await doors.kept() == 0


async def test_a_key_that_is_not_signed_makes_no_message_more(doors: Doors, signer: Signer) -> None:
    first = await signer.say()
    same = await signer.say(Idempotency_Key="msg_1")
    other = await signer.say(Idempotency_Key="k-2")

    assert (first.status_code, same.status_code, other.status_code) == (202, 202, 400)
    assert await doors.kept() == 1


async def test_a_message_of_several_parts_is_not_signed(doors: Doors, signer: Signer) -> None:
    body = b"--edge\r\n\r\n{}\r\n--edge--\r\n"

    answer = await signer.send(body, signer.headers(body, Content_Type="multipart/related; boundary=edge"))

    assert answer.status_code == 415 and str(doors.hub.settings.largest_body) in answer.json()["detail"]


async def test_a_body_beyond_the_limit_is_refused_before_it_is_proven(doors: Doors, signer: Signer, chunks: Any) -> None:
    headers = signer.headers(b"")

    answer = await doors.client.post(PATH, content=chunks(doors.hub.settings.largest_body + 65536 * 2), headers=headers)

    assert answer.status_code == 413


@pytest.mark.parametrize("scopes", [("send:*",), (f"send:{EXCHANGE}", "send:bin-progress")])
async def test_a_key_of_several_exchanges_does_not_sign_for_any(doors: Doors, scopes: tuple[str, ...]) -> None:
    wide = await a_signer(doors, *scopes)

    answer = await wide.say()

    assert answer.status_code == 403 and "one exchange" in answer.json()["detail"]


async def test_a_signed_request_cannot_be_said_again_in_another_exchange(doors: Doors, signer: Signer) -> None:
    body = json.dumps(bin_request()).encode()

    answer = await signer.send(body, signer.headers(body), path="/api/v1/exchanges/bin-progress/messages")

    assert answer.status_code == 403


async def test_a_signature_opens_nothing_but_the_door_of_messages(doors: Doors, signer: Signer) -> None:
    message = (await signer.say()).json()["message"]

    answer = await doors.client.get(f"/api/v1/messages/{message}", headers=signer.headers(b""))

    assert answer.status_code == 401


async def test_a_key_that_signs_is_issued_with_its_secret_in_place_of_the_key(doors: Doors) -> None:
    asked = {"application": "portal", "scopes": [f"send:{EXCHANGE}"], "hmac": True}

    issued = (await doors.post("/admin/api/keys", key=doors.admin, **asked)).json()
    signer = Signer(doors, issued["id"], b64decode(issued["key"].removeprefix("whsec_")))

    assert issued["key"].startswith("whsec_") and "hub_" not in issued["key"]
    assert (await signer.say()).status_code == 202


@pytest.mark.parametrize("scopes", [["send:*"], ["status:own"], [f"send:{EXCHANGE}", "send:bin-progress"]])
async def test_a_key_that_signs_is_not_issued_for_several_exchanges(doors: Doors, scopes: list[str]) -> None:
    answer = await doors.post("/admin/api/keys", key=doors.admin, application="portal", scopes=scopes, hmac=True)

    assert answer.status_code == 422


def on_disk(folder: Path) -> bytes:
    """All that the ledger has written."""
    return b"".join(file.read_bytes() for file in folder.glob("hub.db*"))


async def test_the_secret_is_on_disk_nowhere_in_clear(doors: Doors, signer: Signer, tmp_path: Path) -> None:
    await signer.say()

    written = on_disk(tmp_path)
    assert signer.secret not in written
    assert signer.secret.hex().encode() not in written
