"""What comes too late is refused at the door, and what waits for too long is set aside wherever it waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.operating.conftest import Opening, TownHall
from tests.operating.removals import failing

SOON = timedelta(minutes=1)


def expiring(after: timedelta) -> dict[str, str]:
    """The header with a deadline."""
    return {"CE-ExpiryTime": (datetime.now(UTC) + after).isoformat()}


async def kept(hall: TownHall) -> int:
    return len((await hall.get("/messages?exchange=move"))["messages"])


async def test_what_comes_after_its_deadline_is_refused_and_nothing_is_kept(opening: Opening) -> None:
    hall = await opening()

    by_header = await hall.say("M-1", headers=expiring(-SOON))
    by_row = await hall.say("M-2", until="2020-01-31")
    in_time = await hall.say("M-3", until="9999-12-31", headers=expiring(timedelta(days=1)))

    assert (by_header.status_code, by_row.status_code, in_time.status_code) == (422, 422, 202)
    assert by_header.json()["type"] == by_row.json()["type"] == "urn:hub:problem:expired"
    assert "2020-01-31 23:00:00 UTC" in by_row.json()["detail"]
    assert await kept(hall) == 1


@pytest.mark.parametrize("given", ["soon", "2026-03-02", "2026-03-02T18:00:00", "0001-01-01T00:00:00+23:00"])
async def test_a_deadline_that_is_no_moment_is_refused(opening: Opening, given: str) -> None:
    hall = await opening()

    answer = await hall.say("M-1", headers={"CE-ExpiryTime": given})

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:problem:deadline-not-accepted")


async def test_the_earliest_of_its_deadlines_counts(opening: Opening) -> None:
    hall = await opening(more="expires: 30d\n")
    month = timedelta(days=30)

    plain = (await hall.say("M-1")).json()["message"]
    sooner = (await hall.say("M-2", headers=expiring(timedelta(days=2)))).json()["message"]
    later = (await hall.say("M-3", headers=expiring(timedelta(days=90)))).json()["message"]

    left = [(await hall.hub.ledger.message(each)).expires_at - hall.hub.clock() for each in (plain, sooner, later)]
    for seen, wanted in zip(left, (month, timedelta(days=2), month), strict=True):
        assert abs(seen - wanted) < timedelta(minutes=1)


async def test_a_repeat_of_what_came_in_time_is_recognised_after_the_deadline(opening: Opening) -> None:
    hall = await opening()
    deadline = expiring(SOON)
    first = await hall.say("M-1", headers={"Idempotency-Key": "k-1", **deadline})
    await hall.let_pass(2 * SOON)

    again = await hall.say("M-1", headers={"Idempotency-Key": "k-1", **deadline})

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["message"] == first.json()["message"]
    assert again.json()["duplicate"]


async def test_what_waits_in_a_lane_that_stands_still_is_set_aside_unsent_and_its_sender_is_told(opening: Opening) -> None:
    hall = await opening(more="done_when: [housing]\n")
    for name in ("housing", "leisure", "tax"):
        await hall.post(f"/lanes/{name}/default/pause", reason="works in the cellar")

    message = (await hall.say("M-1", headers=expiring(SOON))).json()["message"]
    await hall.let_pass(2 * SOON)
    await hall.until(message, "dead")
    [told] = await hall.told()

    story = await hall.get(f"/messages/{message}")
    lines = [line["event"] for line in story["story"] if line["delivery"].endswith("-1")]
    assert (told["number"], told["status"], told["reason"][:12]) == ("M-1", "refused", "Périmé depui")
    assert lines == ["expired"]
    assert not hall.applications.told["housing"]


async def test_what_waits_behind_another_is_set_aside_unsent(opening: Opening) -> None:
    hall = await opening()
    hall.applications.manners |= dict.fromkeys(("housing", "leisure", "tax"), failing)
    await hall.say("M-1", "Lens")

    behind = (await hall.say("M-1", "Arras", headers=expiring(SOON))).json()["message"]
    await hall.let_pass(2 * SOON)
    await hall.until(behind, "dead")

    story = await hall.get(f"/messages/{behind}")
    assert "Arras" not in {each.get("city") for told in hall.applications.told.values() for each in told}
    assert {each["tries"] for each in story["deliveries"]} <= {0}


async def test_an_expired_one_that_is_sent_anew_is_not_sent(opening: Opening) -> None:
    hall = await opening()
    await hall.post("/lanes/tax/default/pause", reason="works in the cellar")
    message = (await hall.say("M-1", headers=expiring(SOON))).json()["message"]
    await hall.stand(message, housing="delivered", leisure="delivered")
    await hall.let_pass(2 * SOON)
    await hall.until(message, "dead")
    await hall.post("/lanes/tax/default/resume", reason="works are over")
    [dead] = [each["delivery"] for each in (await hall.get(f"/messages/{message}"))["deliveries"] if each["state"] == "dead"]

    await hall.post(f"/deliveries/{dead}/replay", reason="try it all the same")
    await hall.until(message, "waiting", "sending", "dead")
    await hall.until(message, "dead")

    assert not hall.applications.told["tax"]
