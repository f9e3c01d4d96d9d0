"""Keys: one answer to every failure, rights per exchange, an end, and never in a URL."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest

from hub.desk import digest
from hub.endpoints.auth import Credentials, Doorkeeper, Identity
from hub.errors import HubUnavailable, MessageError, NotAllowed
from hub.facts import replace
from hub.ledger import ApiKey
from tests.endpoints.doors import Doors, bin_request


async def test_every_wrong_key_gets_the_same_answer(doors: Doors) -> None:
    revoked = await doors.hub.desk.issue_key("portal", "default", ("send:*",), actor="test")
    await doors.hub.desk.revoke_key(revoked.split("_")[1], actor="test", reason="leaked")
    long_ago = datetime.now(UTC) - timedelta(days=2)
    expired = ApiKey("0" * 12, "portal", "default", digest("a" * 64), ("send:*",), long_ago, expires_at=long_ago)
    await doors.hub.ledger.add_key(expired, actor="test")
    wrong = {
        "none": {},
        "empty": {"Authorization": "Bearer "},
        "not a key": {"Authorization": "Bearer hello"},
        "cut": {"Authorization": f"Bearer {doors.portal[:-1]}"},
        "other secret": {"Authorization": f"Bearer {doors.portal[:-64]}{'0' * 64}"},
        "unknown id": {"X-API-Key": f"hub_{'f' * 12}_{'0' * 64}"},
        "revoked": {"X-API-Key": revoked},
        "expired": {"X-API-Key": f"hub_{'0' * 12}_{'a' * 64}"},
        "basic": {"Authorization": "Basic " + base64.b64encode(b"user:password").decode()},
    }

    answers = {
        name: await doors.client.post("/api/v1/exchanges/bin-replacement/messages", json={}, headers=headers)
        for name, headers in wrong.items()
    }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(wrong, 401)
    assert len({answer.text for answer in answers.values()}) == 1
    assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers.values())


async def test_a_key_opens_by_either_header(doors: Doors) -> None:
    bearer = await doors.say(bin_request())
    own = await doors.say(bin_request("D-2"), key="", X_API_Key=doors.portal)

    assert (bearer.status_code, own.status_code) == (202, 202)


@pytest.mark.parametrize("name", ["api_key", "key", "access_token", "anything"])
async def test_a_key_in_the_url_is_refused_even_beside_a_good_one(doors: Doors, name: str) -> None:
    headers = {"Authorization": f"Bearer {doors.portal}", "Content-Type": "application/json"}

    answer = await doors.client.post(
        f"/api/v1/exchanges/bin-replacement/messages?{name}={doors.portal}", content=b"{}", headers=headers
    )

    assert answer.status_code == 401
    assert doors.portal not in answer.text


async def test_a_key_sends_only_the_exchanges_of_its_rights(doors: Doors) -> None:
    narrow = await doors.hub.desk.issue_key("portal", "default", ("send:birth-certificate",), actor="test")

    answer = await doors.say(bin_request(), key=narrow)

    assert answer.status_code == 403
    assert "send:bin-replacement" in answer.json()["detail"]


async def test_a_key_of_another_application_does_not_send_as_the_portal(doors: Doors) -> None:
    answer = await doors.say(bin_request(), key=doors.waste)

    assert answer.status_code == 403
    assert await doors.kept() == 0


async def test_rights_are_judged_before_the_body_is_read(doors: Doors) -> None:
    read = False

    async def body():
        nonlocal read
        read = True
        yield b"{}"

    answer = await doors.client.post(
        "/api/v1/exchanges/bin-replacement/messages",
        content=body(),
        headers={"Authorization": f"Bearer {doors.waste}", "Content-Type": "application/json"},
    )

    assert answer.status_code == 403
    assert not read


async def test_only_a_hash_of_a_secret_is_kept_and_its_last_use_is_noted(doors: Doors) -> None:
    await doors.say(bin_request())

    key = await doors.hub.ledger.key(doors.portal.split("_")[1])

    assert key.hash == digest(doors.portal.split("_")[2])
    assert doors.portal.split("_")[2] not in repr(key)
    assert key.last_used_at is not None


async def test_a_key_ends_within_a_year(doors: Doors) -> None:
    key = await doors.hub.ledger.key(doors.portal.split("_")[1])
    assert key.expires_at and key.expires_at - key.created_at <= timedelta(days=366)

    with pytest.raises(MessageError):
        await doors.hub.desk.issue_key(
            "portal", "default", ("send:*",), actor="test", expires=datetime.now(UTC) + timedelta(days=800)
        )


async def test_a_right_that_nobody_knows_is_refused(doors: Doors) -> None:
    with pytest.raises(MessageError):
        await doors.hub.desk.issue_key("portal", "default", ("everything",), actor="test")


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/admin/api/overview", "/admin/api/messages", "/admin/api/keys", "/soap/waste?wsdl"],
)
async def test_nothing_but_health_is_open(doors: Doors, path: str) -> None:
    nobody = await doors.client.get(path)
    sender = await doors.client.get(path, headers={"X-API-Key": doors.portal})
    reader = await doors.client.get(path, headers={"X-API-Key": doors.reader})

    assert (nobody.status_code, sender.status_code, reader.status_code) == (401, 403, 200)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_there_is_no_documentation_page(doors: Doors, path: str) -> None:
    assert (await doors.client.get(path)).status_code == 404


async def test_no_page_of_the_console_answers_a_stranger(doors: Doors) -> None:
    for path in ("/admin", "/admin/messages", "/admin/dead", "/admin/schedules"):
        answer = await doors.client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login")


async def test_a_key_that_this_node_ends_is_refused_at_once(doors: Doors) -> None:
    before = await doors.say(bin_request())

    await doors.hub.desk.revoke_key(doors.portal.split("_")[1], actor="test", reason="leaked")

    assert (before.status_code, (await doors.say(bin_request())).status_code) == (202, 401)


async def test_a_key_that_another_node_ends_is_refused_within_a_second(doors: Doors, tmp_path: Path) -> None:
    before = await doors.say(bin_request())

    with closing(sqlite3.connect(tmp_path / "hub.db")) as another_node, another_node:
        another_node.execute("update api_key set revoked_at = created_at where id = ?", (doors.portal.split("_")[1],))
    await asyncio.sleep(1.1)

    assert (before.status_code, (await doors.say(bin_request())).status_code) == (202, 401)


@pytest.mark.parametrize(("another", "status"), [({}, 202), ({"hash": digest("b" * 64)}, 401), ({"id": ""}, 401)])
async def test_a_header_that_was_right_is_right_as_long_as_its_key_is_the_same(
    doors: Doors, another: dict[str, str], status: int
) -> None:
    found = await doors.hub.ledger.key(doors.portal.split("_")[1])
    reading = AsyncMock(return_value=found)
    reading_by(doors, reading)
    before = [(await doors.say(bin_request())).status_code for _ in range(2)]

    reading.return_value = replace(found, **another)
    await doors.let_pass(timedelta(seconds=2))

    assert before == [202, 202]
    assert [(await doors.say(bin_request())).status_code for _ in range(3)] == [status] * 3


def reading_by(doors: Doors, read: Callable[[str], Awaitable[ApiKey]]) -> None:
    """Give the doors a doorkeeper that reads keys in this way, and has read none yet."""
    doors.app.doorkeeper = Doorkeeper(read)  # type: ignore[attr-defined]


async def test_all_who_come_while_a_key_is_read_are_served_by_one_reading(doors: Doors) -> None:
    reading = AsyncMock(side_effect=doors.hub.ledger.key)
    reading_by(doors, reading)

    answers = await asyncio.gather(*(doors.say(bin_request(f"D-{number}")) for number in range(20)))

    assert {answer.status_code for answer in answers} == {202}
    assert reading.await_count == 1


async def test_a_reading_that_failed_is_nobody_s_answer_but_theirs_who_waited_for_it(doors: Doors) -> None:
    reading = AsyncMock(side_effect=HubUnavailable())
    reading_by(doors, reading)
    failed = await asyncio.gather(*(doors.say(bin_request()) for _ in range(5)))

    reading.side_effect = doors.hub.ledger.key

    assert {answer.status_code for answer in failed} == {503}
    assert (await doors.say(bin_request())).status_code == 202


async def test_a_key_that_was_not_there_is_found_as_soon_as_it_is(doors: Doors) -> None:
    clear = f"hub_{'0' * 12}_{'a' * 64}"
    now = datetime.now(UTC)
    before = await doors.say(bin_request(), key=clear)

    made = ApiKey("0" * 12, "portal", "default", digest("a" * 64), ("send:*",), now, expires_at=now + timedelta(days=1))
    await doors.hub.ledger.add_key(made, actor="test")

    assert (before.status_code, (await doors.say(bin_request(), key=clear)).status_code) == (401, 202)


async def test_who_comes_after_a_key_was_ended_is_not_served_by_a_reading_from_before(doors: Doors) -> None:
    read, go_on = doors.hub.ledger.key, asyncio.Event()
    readings = 0

    async def slowly(key: str) -> ApiKey:
        nonlocal readings
        readings += 1
        found = await read(key)
        if readings == 1:
            await go_on.wait()
        return found

    reading_by(doors, slowly)
    early = asyncio.create_task(doors.say(bin_request()))
    while not readings:
        await asyncio.sleep(0)
    await doors.hub.desk.revoke_key(doors.portal.split("_")[1], actor="test", reason="leaked")
    late = await doors.say(bin_request("D-2"))
    go_on.set()
    await early

    assert late.status_code == 401
    assert (await doors.say(bin_request("D-3"))).status_code == 401


class Installation:
    """As much of a hub as a doorkeeper asks for, at a time that is set."""

    def __init__(self, now: datetime) -> None:
        self.now, self.key_changes = now, 0
        self.clock, self.ledger, self.touch_key = lambda: self.now, self, AsyncMock()


@pytest.mark.parametrize("ends", ["reading", "change", "expiry"])
async def test_a_header_is_known_again_while_its_key_is_taken_to_be_as_it_was_and_no_longer(ends: str) -> None:
    hub: Any = Installation(now=datetime.now(UTC))
    expires = hub.now + timedelta(seconds=0.5 if ends == "expiry" else 60)
    key = ApiKey("0" * 12, "portal", "default", digest("a" * 64), ("send:*",), hub.now, expires_at=expires)
    doorkeeper = Doorkeeper(AsyncMock(return_value=key))

    first = doorkeeper.identify_again("right", hub)
    shown = await doorkeeper.identify(Credentials(key.id, "a" * 64), hub, header="right")
    with pytest.raises(NotAllowed):
        await doorkeeper.identify(Credentials(key.id, "b" * 64), hub, header="wrong")
    again = [doorkeeper.identify_again(header, hub) for header in ("right", "right", "wrong")]
    hub.now += timedelta(seconds=1 if ends == "reading" else 0.5)
    hub.key_changes += ends == "change"
    later = doorkeeper.identify_again("right", hub)

    assert first is None
    assert again == [shown, shown, None]
    assert later is None


async def test_that_a_key_is_used_is_noted_every_minute_however_it_is_recognised() -> None:
    hub: Any = Installation(now=datetime.now(UTC))
    key = ApiKey("0" * 12, "portal", "default", digest("a" * 64), ("send:*",), hub.now)
    doorkeeper = Doorkeeper(AsyncMock(return_value=key))

    for _ in range(300):
        if doorkeeper.identify_again("right", hub) is None:
            await doorkeeper.identify(Credentials(key.id, "a" * 64), hub, header="right")
        hub.now += timedelta(seconds=0.5)

    assert hub.touch_key.await_count == 3


async def test_a_key_that_is_known_again_is_still_refused_in_a_url(doors: Doors) -> None:
    headers = {"Authorization": f"Bearer {doors.portal}", "Content-Type": "application/json"}
    path = "/api/v1/exchanges/bin-replacement/messages"

    answers = [
        await doors.client.post(f"{path}{query}", json=bin_request(), headers=headers) for query in ("", "?token=1", "")
    ]

    assert [answer.status_code for answer in answers] == [202, 401, 202]


async def test_no_more_headers_are_known_again_than_there_is_room_for(doors: Doors) -> None:
    doorkeeper: Doorkeeper = doors.app.doorkeeper  # type: ignore[attr-defined]
    shown = Credentials(*doors.portal.split("_")[1:])

    for number in range(2500):
        await doorkeeper.identify(shown, doors.hub, header=f"Bearer {' ' * number}{doors.portal}")

    kept = [number for number in range(2500) if doorkeeper.identify_again(f"Bearer {' ' * number}{doors.portal}", doors.hub)]
    assert len(kept) <= 1000


async def test_another_key_of_the_same_application_has_its_own_rights(doors: Doors) -> None:
    other = await doors.hub.desk.issue_key("portal", "default", ("status:own",), actor="test")

    answers = [await doors.say(bin_request(), key=key) for key in (doors.portal, other, doors.portal, other)]

    assert [answer.status_code for answer in answers] == [202, 403, 202, 403]


async def test_whoever_hangs_up_takes_the_reading_from_nobody(doors: Doors) -> None:
    read, reading, go_on = doors.hub.ledger.key, asyncio.Event(), asyncio.Event()

    async def slowly(key: str) -> ApiKey:
        reading.set()
        await go_on.wait()
        return await read(key)

    reading_by(doors, slowly)
    first = asyncio.create_task(doors.say(bin_request()))
    await reading.wait()
    second = asyncio.create_task(doors.say(bin_request("D-2")))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()

    assert (await second).status_code == 202


@pytest.mark.parametrize(
    ("held", "asked", "may"),
    [
        ("send:*", "send:bin-replacement", True),
        ("send:bin-replacement", "send:bin-replacement", True),
        ("send:birth-certificate", "send:bin-replacement", False),
        ("send:*", "send:", False),
        ("send:*", "collect:waste", False),
        ("admin", "read", True),
        ("admin", "status:own", True),
        ("admin", "content", False),
        ("admin", "send:bin-replacement", False),
        ("read", "admin", False),
        ("status:own", "status:own", True),
        ("read", "status:own", False),
    ],
)
def test_a_right_covers_what_it_names(held: str, asked: str, may: bool) -> None:
    assert Identity("k", "portal", "default", frozenset({held})).may(asked) is may
