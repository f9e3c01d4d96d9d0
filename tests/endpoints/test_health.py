"""Health and measures."""

from __future__ import annotations

from hub.call import Refused
from hub.errors import Text
from hub.signals import Attempted
from tests.endpoints.doors import Doors, bin_request
from tests.endpoints.outcomes import ends


async def test_a_node_lives_without_its_ledger_but_is_not_ready(doors: Doors) -> None:
    await doors.hub.ledger.close()

    live, ready = await doors.get("/health/live"), await doors.get("/health/ready")

    assert live.status_code == 200
    assert ready.status_code == 503
    assert ready.json()["ready"] is False


async def test_a_node_whose_worker_does_not_run_is_not_ready(doors: Doors) -> None:
    ready = await doors.get("/health/ready")

    assert ready.status_code == 503
    assert ready.json()["parts"] == {"ledger": "ok", "worker": "stopped"}


async def test_measures_tell_how_the_ledger_stands(doors: Doors) -> None:
    await doors.say(bin_request("D-1"))
    await doors.say(bin_request("D-2"))
    await doors.say(b"{")
    await ends(doors, Refused(Text(en="No", fr="Non")), limit=1)
    doors.hub.telemetry.listen(Attempted("bin-replacement", "waste/default", "D-1", "m", "d", "dead", 0.2))

    measures = (await doors.get("/metrics", key=doors.reader)).text

    for line in (
        'hub_messages_accepted_total{duplicate="false",exchange="bin-replacement",sender="portal"} 2.0',
        'hub_deliveries{exchange="bin-replacement",lane="waste/default",state="waiting"} 1.0',
        'hub_deliveries{exchange="bin-replacement",lane="waste/default",state="dead"} 1.0',
        'hub_lane_gate{gate="closed",lane="waste/default"} 1.0',
        'hub_attempts_total{event="dead",exchange="bin-replacement",lane="waste/default"} 1.0',
        'hub_attempt_seconds_count{lane="waste/default"} 1.0',
    ):
        assert line in measures
    assert "hub_messages_refused_total" in measures
    assert "D-1" not in measures
