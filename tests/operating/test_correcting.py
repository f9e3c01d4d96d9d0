"""An operator corrects a sender's document: a new message takes the dead one's place, and both stories say so."""

from __future__ import annotations

import json
from base64 import b64encode

import httpx
import pytest

from tests.operating.conftest import Opening, TownHall
from tests.operating.removals import refusing, taking

ALONE = "done_when: [tax]\n"


async def dead_letter(hall: TownHall, number: str = "M-1", city: str = "Lenz") -> tuple[str, str]:
    """A message that the tax application refused, and the delivery."""
    hall.applications.manners["tax"] = refusing
    message = (await hall.say(number, city)).json()["message"]
    await hall.until(message, "dead")
    deliveries = (await hall.get(f"/messages/{message}"))["deliveries"]
    [dead] = [each["delivery"] for each in deliveries if each["receiver"] == "tax"]
    return message, dead


async def correct(
    hall: TownHall, delivery: str, document: object, reason: str = "Lens, said by telephone"
) -> httpx.Response:
    encoded = b64encode(json.dumps(document).encode()).decode()
    return await hall.post(f"/deliveries/{delivery}/replace", document=encoded, reason=reason)


async def test_a_corrected_document_is_a_new_message_in_the_place_of_the_dead_one(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    old, dead = await dead_letter(hall)
    hall.applications.manners["tax"] = taking

    done = await correct(hall, dead, {"number": "M-1", "city": "Lens"})

    assert done.status_code == 200
    new = done.json()["message"]
    await hall.until(new, "delivered")
    before, after = await hall.get(f"/messages/{old}"), await hall.get(f"/messages/{new}")
    assert hall.applications.told["tax"][-1] == {"ref": "M-1", "city": "Lens"}
    assert [each["receiver"] for each in after["deliveries"]] == ["tax"]
    assert [each["state"] for each in before["deliveries"] if each["delivery"] == dead] == ["cancelled"]
    [replaced] = [line for line in before["story"] if line["event"] == "replaced"]
    [replaces] = [line for line in after["story"] if line["event"] == "replaces"]
    assert (replaced["reason"], replaced["actor"][:6]) == ("Lens, said by telephone", "staff:")
    assert replaces["detail"] == {"message": old, "delivery": dead}


async def test_what_waits_behind_the_dead_one_goes_after_its_correction(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    _, dead = await dead_letter(hall)
    behind = (await hall.say("M-1", "Arras")).json()["message"]
    hall.applications.manners["tax"] = taking

    await correct(hall, dead, {"number": "M-1", "city": "Lens"})
    await hall.until(behind, "delivered")

    assert [each["city"] for each in hall.applications.told["tax"]] == ["Lenz", "Lens", "Arras"]


async def test_a_second_click_does_nothing(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    _, dead = await dead_letter(hall)
    document = {"number": "M-1", "city": "Lens"}
    await correct(hall, dead, document)

    again = await correct(hall, dead, document)

    assert again.status_code == 409
    assert len((await hall.get("/messages?exchange=move"))["messages"]) == 2


@pytest.mark.parametrize("document", [{"number": "M-1"}, {"number": "M-1", "city": "x" * 21}, {"number": 7}, [], "no"])
async def test_a_document_that_is_not_accepted_changes_nothing(opening: Opening, document: object) -> None:
    hall = await opening(more=ALONE)
    old, dead = await dead_letter(hall)

    answer = await correct(hall, dead, document)

    assert answer.status_code == 422
    assert await hall.state(old) == "dead"
    assert len((await hall.get("/messages?exchange=move"))["messages"]) == 1


async def test_nobody_corrects_without_a_reason_or_the_right_to_see_content(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    old, dead = await dead_letter(hall)
    document = {"number": "M-1", "city": "Lens"}
    without = await hall.hub.desk.issue_key("staff", "default", ("admin",), actor="test")

    no_reason = await correct(hall, dead, document, reason=" ")
    hall.operator = without
    no_right = await correct(hall, dead, document)

    assert (no_reason.status_code, no_right.status_code) == (422, 403)
    assert await hall.state(old) == "dead"


async def test_only_a_dead_letter_is_corrected_and_only_what_a_sender_sent(opening: Opening) -> None:
    hall = await opening(more=ALONE)
    _, dead = await dead_letter(hall)
    [told] = await hall.told()
    [status] = (await hall.get("/messages?exchange=move-status"))["messages"]
    housing = dead[:-1] + "1"

    delivered = await correct(hall, housing, {"number": "M-1", "city": "Lens"})
    ours = await correct(hall, status["deliveries"][0]["delivery"], {"number": "M-1", "status": "done"})

    assert told["status"] == "refused"
    assert (delivered.status_code, ours.status_code) == (409, 422)
    assert ours.json()["type"] == "urn:hub:problem:no-document"
