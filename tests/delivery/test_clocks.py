"""Clocks that jump, and values that a database will never take."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from hub.assembly import Clock
from hub.errors import MessageError
from hub.ledger import Ledger
from tests.delivery.town import Town
from tests.ledger.makers import Reversing, an_acceptance
from tests.postgres import Postgres


async def test_a_clock_that_is_set_while_the_hub_runs_moves_no_lease(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await town.node()
    clock = Clock()
    await clock.agree_with(node.ledger)
    agreed, real = clock(), time.monotonic

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=3), tick=True):
        monkeypatch.setattr(time, "monotonic", real)
        after = clock()

    assert timedelta(0) <= after - agreed < timedelta(minutes=1)


@pytest.mark.parametrize("off", [timedelta(hours=3), timedelta(days=-90)])
async def test_a_node_whose_own_clock_is_wrong_keeps_the_ledger_s_time(postgres: Postgres, off: timedelta) -> None:
    truly = datetime.now(UTC)

    with time_machine.travel(truly + off, tick=True):
        ledger = await Ledger.open(postgres.new_database(), cipher=Reversing(), node="node-1", boot="boot-1")
        clock = Clock()
        await clock.agree_with(ledger)
        kept = clock()
        await ledger.close()

    assert abs(kept - truly) < timedelta(minutes=1)


async def test_a_message_that_postgresql_cannot_keep_is_refused_and_not_put_off_for_ever(postgres: Postgres) -> None:
    ledger = await Ledger.open(postgres.new_database(), cipher=Reversing(), node="node-1", boot="boot-1")

    with pytest.raises(MessageError):
        await ledger.accept(an_acceptance("D-\x00"))

    receipt = await ledger.accept(an_acceptance("D-1"))
    await ledger.close()
    assert receipt.reference == "D-1"
