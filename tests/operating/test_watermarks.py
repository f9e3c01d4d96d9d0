"""A hub that holds as much as it may: who floods it is told to slow down, and the others notice nothing."""

from __future__ import annotations

import asyncio

import httpx

from tests.operating.conftest import Opening, TownHall
from tests.operating.removals import RECEIVERS, failing


async def flood(hall: TownHall, count: int, *, prefix: str = "M") -> list[httpx.Response]:
    return [await hall.say(f"{prefix}-{number}") for number in range(count)]


async def once_let_in(hall: TownHall, number: str) -> httpx.Response:
    """What is answered once what has gone is counted: the longer a count took, the later comes the next."""
    async with asyncio.timeout(90):
        while (answer := await hall.say(number)).status_code == 429:
            await asyncio.sleep(0.1)
        return answer


async def stand_still(hall: TownHall) -> None:
    for name in RECEIVERS:
        assert (await hall.post(f"/lanes/{name}/default/pause", reason="works in the cellar")).is_success


async def test_beyond_its_share_a_sender_is_told_to_slow_down_and_when_to_come_again(opening: Opening) -> None:
    hall = await opening(HUB_MOST_WAITING="30")
    await stand_still(hall)

    answers = await flood(hall, 12)

    assert [answer.status_code for answer in answers] == [202] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].json()["type"] == "urn:hub:problem:too-many-waiting"
    assert "30" in answers[-1].json()["detail"]


async def test_it_is_said_in_french_too(opening: Opening) -> None:
    hall = await opening(HUB_MOST_WAITING="3")
    await stand_still(hall)
    await hall.say("M-1")

    refused = await hall.say("M-2", headers={"Accept-Language": "fr"})

    assert refused.json()["title"] == "Trop d'envois attendent déjà"


async def test_what_has_gone_makes_room_again(opening: Opening) -> None:
    hall = await opening(HUB_MOST_WAITING="9")
    await stand_still(hall)
    before = await flood(hall, 5)
    for name in RECEIVERS:
        await hall.post(f"/lanes/{name}/default/resume", reason="works are over")
    await hall.until(before[0].json()["message"], "delivered")

    after = await once_let_in(hall, "M-9")

    assert [answer.status_code for answer in before] == [202] * 3 + [429] * 2
    assert after.status_code == 202


async def test_dead_letters_take_up_no_room(opening: Opening) -> None:
    hall = await opening(HUB_MOST_WAITING="3", receivers="retry: {waits: [1s], within: 1s}\n")
    hall.applications.manners |= dict.fromkeys(RECEIVERS, failing)
    message = (await hall.say("M-1")).json()["message"]
    await hall.until(message, "dead")

    assert (await once_let_in(hall, "M-2")).status_code == 202


async def test_the_flood_of_one_sender_leaves_another_unaffected(opening: Opening) -> None:
    hall = await opening(with_school=True, HUB_MOST_WAITING="60")
    await stand_still(hall)
    school = await hall.hub.desk.issue_key("school", "default", ("send:*",), actor="test")
    headers = {"Authorization": f"Bearer {school}"}

    flooding = await flood(hall, 15)
    calm = [await hall.say(f"S-{number}", headers=headers, exchange="pupil") for number in range(10)]

    assert [answer.status_code for answer in flooding].count(429) == 5
    assert [answer.status_code for answer in calm] == [202] * 10
