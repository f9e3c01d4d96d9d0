"""Dead letters of an outage are sent anew: looked at first, in order, under their own keys, at the lane's pace."""

from __future__ import annotations

import asyncio

from tests.operating.conftest import Opening, TownHall
from tests.operating.removals import refusing, taking

ALONE = "done_when: [tax]\n"


async def dead_letters(hall: TownHall, count: int) -> list[str]:
    """So many messages that the tax application refused, two to a reference."""
    hall.applications.manners["tax"] = refusing
    messages = [(await hall.say(f"M-{number // 2}", f"City {number}")).json()["message"] for number in range(count)]
    async with asyncio.timeout(90):
        while (await hall.post("/dead/replay", receiver="tax")).json()["deliveries"] < count // 2:
            await asyncio.sleep(0.05)
    return messages


async def test_a_dry_run_tells_what_would_be_done_and_changes_nothing(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    await dead_letters(hall, 10)

    seen = (await hall.post("/dead/replay", receiver="tax", text="unknown city")).json()

    assert seen["deliveries"] == 5
    assert [(cause["lane"], cause["exchange"], cause["deliveries"]) for cause in seen["causes"]] == [
        ("tax/default", "move", 5)
    ]
    assert [each["state"] for each in seen["first"]] == ["dead"] * 5
    assert (await hall.get("/overview"))["deliveries"]["dead"] == 5


async def test_they_leave_in_order_under_the_same_keys_and_a_second_click_does_nothing(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    messages = await dead_letters(hall, 20)
    seen = (await hall.post("/dead/replay", receiver="tax")).json()
    keys = set(hall.applications.keys["tax"])
    hall.applications.manners["tax"] = taking
    go = {"receiver": "tax", "dry_run": False, "reason": "the cities were entered", "ticket": seen["ticket"]}

    done = (await hall.post("/dead/replay", **go)).json()
    again = (await hall.post("/dead/replay", **go)).json()
    for message in messages:
        await hall.until(message, "delivered")

    assert (done["done"], again["done"]) == (10, 0)
    assert len(hall.applications.keys["tax"]) == 10 + 20
    assert set(hall.applications.keys["tax"][:10]) == keys
    assert keys <= set(hall.applications.keys["tax"][10:])
    for number in range(10):
        cities = [each["city"] for each in hall.applications.told["tax"][10:] if each["ref"] == f"M-{number}"]
        assert cities == [f"City {2 * number}", f"City {2 * number + 1}"]
    [line] = [line for line in (await hall.get(f"/messages/{messages[0]}"))["story"] if line["event"] == "replayed"]
    assert (line["reason"], line["actor"][:6]) == ("the cities were entered", "staff:")


async def test_a_ticket_is_good_for_its_own_search_and_verb_alone(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    await dead_letters(hall, 4)
    ticket = (await hall.post("/dead/replay", receiver="tax")).json()["ticket"]
    go = {"dry_run": False, "reason": "the cities were entered"}

    answers = [
        await hall.post("/dead/replay", **go),
        await hall.post("/dead/replay", **go, ticket=ticket),
        await hall.post("/dead/cancel", **go, receiver="tax", ticket=ticket),
        await hall.post("/dead/replay", **go, receiver="tax", ticket="x" + ticket),
        await hall.post("/dead/replay", receiver="tax", state="delivered"),
        await hall.post("/dead/replay", receiver="tax", ticket=ticket, dry_run=False, reason=" "),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409, 409, 422, 422]
    assert (await hall.get("/overview"))["deliveries"]["dead"] == 2


async def test_all_of_a_cause_are_skipped_and_what_waited_behind_them_goes(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    messages = await dead_letters(hall, 6)
    ticket = (await hall.post("/dead/cancel", receiver="tax")).json()["ticket"]
    hall.applications.manners["tax"] = taking

    done = await hall.post("/dead/cancel", receiver="tax", dry_run=False, reason="entered by hand", ticket=ticket)
    for message in messages[1::2]:
        await hall.until(message, "delivered")

    assert done.json()["done"] == 3
    assert [await hall.state(message) for message in messages[::2]] == ["cancelled"] * 3
