"""What is kept no longer, as senders and operators meet it."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from hub.retention import Retention
from tests.endpoints.doors import Doors, bin_request


def retention_of(doors: Doors) -> Retention:
    return Retention(catalogue=doors.hub.catalogue, ledger=doors.hub.ledger, clock=doors.hub.clock)


async def test_a_key_that_comes_again_after_its_retention_is_a_new_message(doors: Doors) -> None:
    first = await doors.say(bin_request(), Idempotency_Key="a")
    [delivery] = first.json()["deliveries"]
    await doors.post(f"/admin/api/deliveries/{delivery}/cancel", key=doors.admin, reason="Vu ailleurs")
    retention = retention_of(doors)

    await doors.let_pass(timedelta(days=89))
    assert await retention.go_on()
    repeat = await doors.say(bin_request(), Idempotency_Key="a")
    await doors.let_pass(timedelta(days=2))
    assert await retention.go_on()
    again = await doors.say(bin_request(), Idempotency_Key="a")

    assert (repeat.status_code, again.status_code) == (202, 202)
    assert repeat.json()["message"] == first.json()["message"] != again.json()["message"]
    assert "Idempotent-Replayed" not in again.headers


async def test_the_story_of_what_was_let_go_is_still_told_and_its_content_is_not_there(doors: Doors) -> None:
    said = (await doors.say(bin_request())).json()
    await doors.post(f"/admin/api/deliveries/{said['deliveries'][0]}/cancel", key=doors.admin, reason="Vu ailleurs")
    await doors.let_pass(timedelta(days=91))

    await retention_of(doors).go_on()

    story = (await doors.get(f"/admin/api/messages/{said['message']}", key=doors.admin)).json()
    assert [line["event"] for line in story["story"]] == ["accepted", "cancelled"]
    assert story["contents"] == []


async def test_what_waits_for_somebody_longer_than_it_may_is_said_in_the_log(
    doors: Doors, caplog: pytest.LogCaptureFixture
) -> None:
    await doors.say(bin_request())
    await doors.let_pass(timedelta(days=91))

    with caplog.at_level(logging.INFO, logger="hub.retention"):
        await retention_of(doors).go_on()

    assert [record.getMessage()[:32] for record in caplog.records] == ["1 messages have not ended, and t"]
