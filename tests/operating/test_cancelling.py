"""Cancelling: it wins before the call leaves, or it is refused; a delivery never ends both ways."""

from __future__ import annotations

import asyncio

from tests.operating.conftest import Opening
from tests.operating.removals import RECEIVERS, slowly

ALONE = "done_when: [housing]\n"


async def test_what_is_being_sent_is_not_cancelled_and_ends_delivered_once(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    gate = asyncio.Event()
    hall.applications.manners["housing"] = slowly(gate)
    said = (await hall.say("M-1")).json()
    housing = said["deliveries"][0]
    async with asyncio.timeout(90):
        while not hall.applications.told["housing"]:
            await asyncio.sleep(0.01)

    refused = await hall.post(f"/deliveries/{housing}/cancel", reason="the citizen stays")
    gate.set()
    await hall.until(said["message"], "delivered")

    events = [
        line["event"] for line in (await hall.get(f"/messages/{said['message']}"))["story"] if line["delivery"] == housing
    ]
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:hub:problem:conflict")
    assert hall.applications.told["housing"] == [{"ref": "M-1", "city": "Lens"}]
    assert "cancelled" not in events


async def test_what_waits_is_cancelled_and_never_sent(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    for name in RECEIVERS:
        await hall.post(f"/lanes/{name}/default/pause", reason="works in the cellar")
    said = (await hall.say("M-1")).json()

    cancelled = await hall.post(f"/deliveries/{said['deliveries'][0]}/cancel", reason="the citizen stays")
    for name in RECEIVERS:
        await hall.post(f"/lanes/{name}/default/resume", reason="works are over")
    after = (await hall.say("M-2")).json()["message"]
    await hall.until(after, "delivered")

    assert cancelled.json()["state"] == "cancelled"
    assert [each["ref"] for each in hall.applications.told["housing"]] == ["M-2"]


async def test_forty_cancellations_against_forty_calls_leave_each_delivery_with_one_end(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    said = [(await hall.say(f"M-{number}")).json() for number in range(40)]

    answers = await asyncio.gather(
        *(hall.post(f"/deliveries/{each['deliveries'][0]}/cancel", reason="the citizen stays") for each in said)
    )
    for each in said:
        await hall.until(each["message"], "delivered", "cancelled")

    sent = {each["ref"] for each in hall.applications.told["housing"]}
    for number, (each, answer) in enumerate(zip(said, answers, strict=True)):
        story = await hall.get(f"/messages/{each['message']}")
        events = [line["event"] for line in story["story"] if line["delivery"] == each["deliveries"][0]]
        won = answer.status_code == 200
        assert (f"M-{number}" in sent) is not won
        assert (events.count("cancelled"), events.count("delivered")) == (int(won), int(not won))
