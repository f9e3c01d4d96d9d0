"""An application that is down: nothing is lost, nothing is charged, and the order of each reference is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

import pytest

from hub.doubles import Mode
from tests.faults.conftest import double_of
from tests.faults.traffic import Sender, effects_in, requests_over
from tests.installation import Admin, Installation, Node

REST = 2
"""Seconds from one probe of a broken lane to the next."""


@pytest.mark.timeout(300)
async def test_three_hundred_messages_wait_out_an_outage_and_leave_in_order_with_no_attempt_spent(
    patient_town: Installation, nodes: list[Node], tmp_path: Path
) -> None:
    recording = tmp_path / "waste.jsonl"
    requests = requests_over(60, 300)
    async with double_of("waste", patient_town, recording) as waste, double_of("portal", patient_town):
        await waste.tell(Mode("down"))
        nodes.append(await asyncio.to_thread(started, patient_town))
        admin = Admin(nodes[0].url, patient_town.admin_key)
        sender = Sender(admin.key_for("portal"), lambda: nodes[0].url)

        began = monotonic()
        await sender.say(requests)
        await asyncio.sleep(4)
        await until(lambda: attempts_of(admin)["tried"] >= 5, seconds=60)
        during = await asyncio.to_thread(attempts_of, admin)
        probes = (monotonic() - began) / REST
        await waste.tell(Mode())
        await drained(admin, seconds=120)

    assert len(sender.accepted) == 300
    assert during["charged"] == 0
    assert 5 <= during["tried"] <= 26 + probes, "five failures in a row open the breaker; then only probes go out"
    effects = effects_in(recording)
    assert len(effects.counts) == 300 and effects.doubled == []
    assert all(numbers == sorted(numbers) for numbers in effects.by_reference.values())
    after = await asyncio.to_thread(attempts_of, admin)
    assert after["charged"] == 0


async def test_a_healthy_application_is_served_while_another_is_down(
    patient_town: Installation, nodes: list[Node], tmp_path: Path
) -> None:
    async with double_of("waste", patient_town) as waste, double_of("portal", patient_town) as portal:
        await waste.tell(Mode("down"))
        nodes.append(await asyncio.to_thread(started, patient_town))
        admin = Admin(nodes[0].url, patient_town.admin_key)
        sender = Sender(admin.key_for("portal"), lambda: nodes[0].url)
        await sender.say(requests_over(20, 20))
        progress = Progress(admin.key_for("waste"), nodes[0].url)

        await progress.say("D-2026-00001")
        await until(lambda: bool(portal.kept("statuses")), seconds=60)

    assert portal.kept("statuses")[0].values["numero"] == "D-2026-00001"


class Progress:
    """The waste application, saying over SOAP how far an order is."""

    def __init__(self, key: str, url: str) -> None:
        self._key = key
        self._url = url

    async def say(self, reference: str) -> None:
        """The order of a reference is planned."""
        import zeep
        from requests import Session

        session = Session()
        session.headers["X-API-Key"] = self._key
        session.trust_env = False

        def call() -> None:
            client = zeep.Client(f"{self._url}/soap/waste?wsdl", transport=zeep.Transport(session=session))
            client.service.NotifyOrderChange(
                NumIntervention="I-000001",
                RefExterne=reference,
                Statut="03",
                DateModif="20/11/2026 10:00:00",
                origine="AGENT",
            )

        await asyncio.to_thread(call)


def started(town: Installation, name: str = "node-1") -> Node:
    """A ready node; the first one makes the admin key."""
    if not town.admin_key:
        town.init()
    return Node(town, name=name).start()


async def drained(admin: Admin, *, seconds: float) -> None:
    """Return when nothing is waiting, sending or unanswered."""

    def empty() -> bool:
        states = admin.states()
        return not any(states.get(state) for state in ("waiting", "sending", "unanswered"))

    await until(empty, seconds=seconds)


async def until(done, *, seconds: float) -> None:
    """Wait until something is true."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        if await asyncio.to_thread(done):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def attempts_of(admin: Admin) -> dict[str, int]:
    """What all bin requests together were charged for, and how often they were tried."""
    charged = tried = 0
    after = ""
    while True:
        page = admin.get("/messages", exchange="bin-replacement", limit="200", after=after)
        for message in page["messages"]:
            charged += sum(delivery["attempts"] for delivery in message["deliveries"])
            tried += sum(delivery["tries"] for delivery in message["deliveries"])
        if not (after := page["next"]):
            return {"charged": charged, "tried": tried}
