"""A UsernameToken that shows a digest of a key: taken once, when it is new, and told nothing else."""

from __future__ import annotations

import asyncio
import sqlite3
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hub.transports.envelope import digested
from tests.endpoints.doors import SECURITY, Doors, envelope, order_change

UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def digest_key(doors: Doors) -> AsyncIterator[str]:
    """A key of the waste application whose secret is kept, sealed."""
    yield await doors.hub.desk.issue_key("waste", "default", ("send:*",), actor="test", sealed=True)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def token(
    key: str, *, created: str, nonce: bytes | None = b"0123456789abcdef", kind: str = "PasswordDigest", password: str = ""
) -> str:
    """The header of a token of this key; `password` in the place of its secret."""
    _, user, secret = key.split("_")
    known = password or secret
    shown = digested(known, nonce=nonce or b"", created=created) if kind == "PasswordDigest" else known
    given = f"<w:Nonce>{b64encode(nonce).decode()}</w:Nonce>" if nonce is not None else ""
    made = f'<u:Created xmlns:u="{UTILITY}">{created}</u:Created>' if created else ""
    return (
        f'<w:Security xmlns:w="{SECURITY}" s:mustUnderstand="1"><w:UsernameToken><w:Username>{user}</w:Username>'
        f'<w:Password Type="{PROFILE}#{kind}">{shown}</w:Password>{given}{made}</w:UsernameToken></w:Security>'
    )


async def called(doors: Doors, header: str, number: str = "I-000001") -> httpx.Response:
    told = order_change().replace("I-000001", number)
    return await doors.call(envelope(told, header=header), key="")


async def test_a_digest_of_a_key_that_was_issued_for_it_opens(doors: Doors, digest_key: str) -> None:
    now = stamp(doors.hub.clock())

    of_secret = await called(doors, token(digest_key, created=now), "I-000001")
    of_whole_key = await called(
        doors, token(digest_key, created=now, nonce=b"another nonce", password=digest_key), "I-000002"
    )

    assert (of_secret.status_code, of_whole_key.status_code) == (200, 200)
    assert await doors.kept() == 2


async def test_a_token_that_is_shown_a_second_time_is_refused(doors: Doors, digest_key: str) -> None:
    now = stamp(doors.hub.clock())

    first = await called(doors, token(digest_key, created=now), "I-000001")
    again = await called(doors, token(digest_key, created=now), "I-000002")

    assert (first.status_code, again.status_code) == (200, 401)
    assert await doors.kept() == 1


async def test_of_twenty_replays_at_once_one_is_taken(doors: Doors, digest_key: str) -> None:
    header = token(digest_key, created=stamp(doors.hub.clock()))

    answers = await asyncio.gather(*(called(doors, header, f"I-{number:06}") for number in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 19]


async def test_all_that_is_wrong_with_a_digest_gets_one_same_answer(doors: Doors, digest_key: str) -> None:
    now = doors.hub.clock()
    good = stamp(now)
    headers = {
        "old": token(digest_key, created=stamp(now - 6 * MINUTE)),
        "of the future": token(digest_key, created=stamp(now + 6 * MINUTE)),
        "no nonce": token(digest_key, created=good, nonce=None),
        "empty nonce": token(digest_key, created=good, nonce=b""),
        "short nonce": token(digest_key, created=good, nonce=b"1234567"),
        "no time": token(digest_key, created=""),
        "no instant": token(digest_key, created="yesterday"),
        "no such day": token(digest_key, created="2026-02-30T12:00:00Z"),
        "other password": token(digest_key, created=good, password="0" * 64),
        "a key that keeps no secret": token(doors.waste, created=good),
        "unknown key": token(f"hub_{'f' * 12}_{'0' * 64}", created=good),
        "no key": token("hub_waste_waste", created=good),
        "nothing": "",
    }

    answers = {name: await called(doors, header) for name, header in headers.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(headers, 401)
    assert len({answer.text for answer in answers.values()}) == 1
    assert await doors.kept() == 0


async def test_a_clock_that_is_four_minutes_off_still_opens(doors: Doors, digest_key: str) -> None:
    now = doors.hub.clock()

    slow = await called(doors, token(digest_key, created=stamp(now - 4 * MINUTE)), "I-000001")
    fast = await called(doors, token(digest_key, created=stamp(now + 4 * MINUTE)), "I-000002")

    assert (slow.status_code, fast.status_code) == (200, 200)


@pytest.mark.parametrize(
    "form", ["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S.%f0Z", "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S"]
)
async def test_the_times_that_stacks_write_are_read(doors: Doors, digest_key: str, form: str) -> None:
    answer = await called(doors, token(digest_key, created=doors.hub.clock().strftime(form)))

    assert answer.status_code == 200


async def test_a_revoked_key_opens_by_its_digest_no_more(doors: Doors, digest_key: str) -> None:
    await doors.hub.desk.revoke_key(digest_key.split("_")[1], actor="test", reason="leaked")

    answer = await called(doors, token(digest_key, created=stamp(doors.hub.clock())))

    assert answer.status_code == 401


async def test_a_password_in_clear_with_a_nonce_is_taken_once_too(doors: Doors) -> None:
    now = doors.hub.clock()
    good = token(doors.waste, created=stamp(now), kind="PasswordText")

    first = await called(doors, good, "I-000001")
    others = [
        await called(doors, header, "I-000002")
        for header in (
            good,
            token(doors.waste, created=stamp(now - 6 * MINUTE), nonce=b"another nonce", kind="PasswordText"),
            token(doors.waste, created="", nonce=b"another nonce", kind="PasswordText"),
            token(doors.waste, created=stamp(now - 6 * MINUTE), nonce=None, kind="PasswordText"),
        )
    ]

    assert first.status_code == 200
    assert [other.status_code for other in others] == [401] * 4
    assert await doors.kept() == 1


async def test_a_node_at_work_forgets_the_proofs_that_are_too_old(doors: Doors) -> None:
    ledger, now = doors.hub.ledger, doors.hub.clock()
    await ledger.use_proof("old", until=now - MINUTE)
    await ledger.use_proof("new", until=now + MINUTE)

    await doors.hub.worker.start()
    async with asyncio.timeout(60):
        while not await ledger.use_proof("old", until=now):
            await asyncio.sleep(0.05)
    await doors.hub.worker.stop()

    assert not await ledger.use_proof("new", until=now)


async def test_the_secret_of_a_key_lies_in_the_book_sealed_and_only_where_it_was_asked_for(
    doors: Doors, digest_key: str, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(f"file:{tmp_path}/hub.db?mode=ro", uri=True)) as book:
        rows = dict(book.execute("SELECT id, sealed FROM api_key").fetchall())
    _, id_, secret = digest_key.split("_")

    assert [name for name, sealed in rows.items() if sealed is not None] == [id_]
    assert secret.encode() not in rows[id_]
    assert doors.hub.ledger.opened_secret(id_, rows[id_]) == secret


async def test_a_key_for_digests_is_issued_through_the_administration_and_shown_as_such(doors: Doors) -> None:
    new = {"application": "waste", "scopes": ["send:*"], "digest": True}

    made = (await doors.post("/admin/api/keys", key=doors.admin, **new)).json()

    listed = (await doors.get("/admin/api/keys", key=doors.reader)).json()["keys"]
    assert [key["id"] for key in listed if key["digest"]] == [made["id"]]
    assert (await called(doors, token(made["key"], created=stamp(doors.hub.clock())))).status_code == 200
