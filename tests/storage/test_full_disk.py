"""A full disk: nothing is taken in that is not kept, what is held goes on, and all comes back by itself."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.doubles import Mode
from hub.errors import HubUnavailable, NoRoom
from hub.facts import replace
from hub.ledger import Acceptance, Content, Ledger, Search, room, writer
from hub.message import Receipt, State
from tests.endpoints.doors import Doors, bin_request, envelope, order_change
from tests.faults.conftest import double_of
from tests.faults.test_outage import drained, until
from tests.faults.traffic import Sender, effects_in, requests_over
from tests.faults.traffic import bin_request as request_of
from tests.installation import Admin, Installation, Node
from tests.ledger.makers import NOON, a_settlement, accepted, an_acceptance, claimed, seconds
from tests.storage.conftest import Mount, fill, open_at

MEGABYTE = 1024 * 1024


@dataclass
class Watch:
    """The ledger's own time of waiting for room, which passes when a test says so."""

    now: float = 1000.0
    sleep = staticmethod(time.sleep)

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    for module in (room, writer):
        monkeypatch.setattr(module, "time", watch)
    return watch


async def set_pages(ledger: Ledger, most: int) -> None:
    """Bound the file as a full disk would: SQLite then says SQLITE_FULL. It never goes below what is used."""
    await ledger._writer.run(lambda to: to.connection.exec_driver_sql(f"PRAGMA max_page_count={most}").scalar())


def large(reference: str, size: int = 300_000) -> Acceptance:
    return replace(an_acceptance(reference), contents=(Content("original", "image/jpeg", os.urandom(size)),))


def padded(document: Mapping[str, Any]) -> bytes:
    """The document with much white space, which is kept as it came and does not compress away."""
    return json.dumps(document).encode() + blank().encode()


def blank() -> str:
    return "".join(random.choices(" \t\n\r", k=200_000))


async def ids(ledger: Ledger) -> set[str]:
    return {each.message.id for each in (await ledger.find(Search(limit=1000))).found}


# -- without a mount: SQLite's own bound of the file ------------------------------------------------------------------


async def test_the_door_says_507_with_retry_after_in_both_languages_and_keeps_nothing(doors: Doors) -> None:
    await set_pages(doors.hub.ledger, 1)
    many = [padded(bin_request(f"D-2026-{number:05d}")) for number in range(20)]

    replies = await asyncio.gather(*(doors.say(each, Accept_Language="fr") for each in many))
    english = await doors.say(padded(bin_request("D-2026-1")), Accept_Language="en")
    kept = await doors.kept()
    faults = [await doors.call(envelope(order_change())) for _ in range(40)]
    await set_pages(doors.hub.ledger, 1_000_000)
    after = await doors.say(bin_request("D-2026-2"))

    refused = [reply for reply in replies if reply.status_code != 202]
    assert refused and {reply.status_code for reply in refused} == {507}
    assert kept == len(replies) - len(refused)
    assert refused[0].json()["title"] == "Le disque du hub est plein"
    assert english.status_code == 507 and english.json()["type"] == "urn:hub:problem:no-room"
    assert "disk is full" in english.json()["detail"] and english.headers["retry-after"] == "60"
    assert faults[-1].status_code == 507 and b"no-room" in faults[-1].content
    assert after.status_code == 202


async def test_readiness_says_full_and_then_ok_again(doors: Doors, watch: Watch) -> None:
    await set_pages(doors.hub.ledger, 1)
    with pytest.raises(NoRoom):
        await doors.hub.ledger.accept(large("R1"))

    full = await doors.get("/health/ready")
    await set_pages(doors.hub.ledger, 1_000_000)
    watch.now += writer.STAYS_FULL + 0.5
    await doors.hub.ledger.accept(large("R2"))
    again = await doors.get("/health/ready")

    assert full.status_code == 503 and full.json()["parts"]["ledger"] == "full"
    assert again.json()["parts"]["ledger"] == "ok"


async def test_of_small_and_large_messages_in_one_commit_that_fills_the_disk_every_acknowledged_one_is_kept(
    ledger_on_sqlite: Ledger,
) -> None:
    ledger = ledger_on_sqlite
    await accepted(ledger, "R0")
    await set_pages(ledger, 1)
    mixed = [an_acceptance(f"S{n}") if n % 3 else large(f"L{n}") for n in range(60)]

    answers = await asyncio.gather(*(ledger.accept(each) for each in mixed), return_exceptions=True)
    await set_pages(ledger, 1_000_000)

    receipts = {answer.message for answer in answers if isinstance(answer, Receipt)}
    assert any(isinstance(answer, NoRoom) for answer in answers)
    assert receipts <= await ids(ledger)
    assert len(await ids(ledger)) == 1 + len(receipts)
    assert await ledger.verify_journal() is None


async def test_the_ballast_has_real_blocks_is_given_up_when_the_disk_is_full_and_is_made_again(
    tmp_path: Path, watch: Watch
) -> None:
    ledger = await open_at(tmp_path, ballast=2 * MEGABYTE)
    ballast = tmp_path / "hub.db.ballast"
    (held,) = await accepted(ledger, "R1")
    before = ballast.stat()
    await set_pages(ledger, 1)

    with pytest.raises(NoRoom):
        await ledger.accept(large("R2"))
    given_up = not ballast.exists()
    await set_pages(ledger, 1_000_000)
    with pytest.raises(NoRoom):
        await ledger.accept(an_acceptance("R3"))
    (claim,) = await claimed(ledger)
    settled = await ledger.settle(a_settlement(claim))
    watch.now += room.SETTLED
    standing = await ledger.standing()
    receipt = await ledger.accept(an_acceptance("R4"))

    assert before.st_size == 2 * MEGABYTE and before.st_blocks * 512 >= 2 * MEGABYTE
    assert given_up and settled and (await ledger.delivery(held)).state is State.DELIVERED
    assert ballast.stat().st_blocks * 512 >= 2 * MEGABYTE
    assert standing in ("ok", "full") and not receipt.duplicate
    lines = await ledger._store.read(lambda of: of.exec_driver_sql("SELECT event FROM journal ORDER BY id").scalars().all())
    assert [line for line in lines if line.startswith("room")] == ["room-ran-out", "room-regained"]
    assert await ledger.verify_journal() is None
    await ledger.close()


async def test_no_ballast_is_kept_where_the_setting_says_so(tmp_path: Path) -> None:
    await (await open_at(tmp_path, ballast=MEGABYTE)).close()

    await (await open_at(tmp_path, ballast=0)).close()

    assert not (tmp_path / "hub.db.ballast").exists()


# -- a disk that is really full ---------------------------------------------------------------------------------------


async def test_on_a_full_disk_what_is_held_is_settled_in_the_ballasts_room_and_intake_comes_back_alone(
    small_disk: Mount, watch: Watch
) -> None:
    disk = small_disk("24m")
    ledger = await open_at(disk, ballast=4 * MEGABYTE)
    held = await accepted(ledger, *(f"R{n}" for n in range(40)))
    junk = fill(disk)

    refused = [await attempt(ledger, large(f"F{n}", 100_000)) for n in range(60)]
    claims = await claimed_when_there_is_room(ledger)
    settled = [await ledger.settle(a_settlement(claim)) for claim in claims]
    during = await ledger.standing()
    junk.unlink()
    watch.now += room.SETTLED + 1.5
    receipt = await ledger.accept(large("R99"))

    kept = [answer.message for answer in refused if isinstance(answer, Receipt)]
    assert any(isinstance(answer, NoRoom) for answer in refused)
    assert settled == [True] * len(held) and during == "full"
    assert {*kept, receipt.message} <= await ids(ledger)
    assert (disk / "hub.db.ballast").exists()
    assert await ledger.verify_journal() is None
    await ledger.close()


async def test_on_a_full_disk_what_is_kept_no_longer_is_let_go_in_the_ballasts_room(small_disk: Mount) -> None:
    disk = small_disk("24m")
    ledger = await open_at(disk, ballast=4 * MEGABYTE)
    for delivery in await accepted(ledger, *(f"R{n}" for n in range(40))):
        await ledger.cancel(delivery, actor="awa", reason="Done by hand", now=NOON)
    fill(disk)
    refused = [await attempt(ledger, large(f"F{n}", 100_000)) for n in range(60)]

    parts = [await ledger.forget({}, now=NOON + seconds(100 * 86_400)) for _ in range(3)]

    assert any(isinstance(answer, NoRoom) for answer in refused) and await ledger.standing() == "full"
    assert sum(part.contents for part in parts) == 40 and parts[-1].is_over
    await ledger.close()


async def test_a_node_starts_on_a_full_disk_by_giving_up_its_ballast(small_disk: Mount) -> None:
    disk = small_disk("16m")
    ledger = await open_at(disk, ballast=2 * MEGABYTE)
    await accepted(ledger, "R1")
    await ledger.close()
    fill(disk)

    again = await open_at(disk, ballast=2 * MEGABYTE)

    assert len(await ids(again)) == 1
    await again.close()


async def test_where_there_is_no_room_for_a_ballast_nothing_is_taken_in(small_disk: Mount) -> None:
    ledger = await open_at(small_disk("8m"), ballast=6 * MEGABYTE)

    with pytest.raises(NoRoom):
        await ledger.accept(an_acceptance("R1"))

    assert await ledger.standing() == "full"
    await ledger.close()


@pytest.mark.long
async def test_a_served_hub_on_a_full_disk_says_507_delivers_what_it_holds_and_loses_nothing(
    busy_town: Installation, nodes: list[Node], small_disk: Mount, tmp_path: Path
) -> None:
    disk, recording = small_disk("32m"), tmp_path / "waste.jsonl"
    busy_town.environment |= {"HUB_DATABASE": f"sqlite:///{disk}/hub.db", "HUB_BALLAST": str(6 * MEGABYTE)}
    busy_town.init()
    async with double_of("waste", busy_town, recording) as waste, double_of("portal", busy_town):
        await waste.tell(Mode("down"))
        nodes.append(await asyncio.to_thread(Node(busy_town).start))
        admin = Admin(nodes[0].url, busy_town.admin_key)
        sender = Sender(admin.key_for("portal"), lambda: nodes[0].url)
        await sender.say(requests_over(30, 30))
        junk = fill(disk)
        refusal = await refused_at(nodes[0].url, sender)
        await waste.tell(Mode())

        await drained(admin, seconds=60)
        ready = await asyncio.to_thread(parts_of, nodes[0])
        junk.unlink()
        await until(lambda: parts_of(nodes[0])["ledger"] == "ok", seconds=30)
        await sender.say([(f"D-2027-{number:05d}", 1000 + number) for number in range(5)])
        await drained(admin, seconds=30)

    assert refusal.status_code == 507 and refusal.headers["retry-after"] == "60"
    assert ready["ledger"] == "full"
    effects = effects_in(recording)
    assert len(sender.accepted) == 35 and effects.doubled == []
    assert sum(map(len, effects.by_reference.values())) >= 35


def parts_of(node: Node) -> dict[str, str]:
    """What a node says of each of its parts."""
    return httpx.get(f"{node.url}/health/ready", timeout=10, trust_env=False).json()["parts"]


async def refused_at(url: str, sender: Sender) -> httpx.Response:
    """Say large things until the hub refuses one."""
    headers = {"Authorization": f"Bearer {sender.key}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for number in range(400):
            body = padded(request_of(f"D-2028-{number:05d}", 5000 + number))
            reply = await client.post(f"{url}/api/v1/exchanges/bin-replacement/messages", content=body, headers=headers)
            if reply.status_code != 202:
                return reply
    raise AssertionError("the disk was never full")


async def attempt(ledger: Ledger, acceptance: Acceptance) -> Receipt | HubUnavailable:
    try:
        return await ledger.accept(acceptance)
    except HubUnavailable as error:
        return error


async def claimed_when_there_is_room(ledger: Ledger):
    """Claims, as the worker does: a failed step is made again."""
    for _ in range(5):
        try:
            return [claim for claim in await claimed(ledger, at=NOON) if claim.message.reference.startswith("R")]
        except NoRoom:
            await asyncio.sleep(0.1)
    raise AssertionError("the ballast made no room")
