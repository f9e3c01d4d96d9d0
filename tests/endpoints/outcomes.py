"""Lets deliveries end as if the worker had called the application."""

from __future__ import annotations

from datetime import timedelta

from hub.call import Outcome, Refused
from hub.dispatcher.recollection import clash_of
from hub.errors import same
from hub.ledger import Content, Settlement
from hub.lifecycle import LanePolicy, RetryPolicy, decide
from hub.translation import pack
from tests.endpoints.doors import Doors

WIDE = LanePolicy(at_once=1000, per_second=1e6)


async def ends(doors: Doors, outcome: Outcome, *, limit: int = 100, can_look_up: bool = True) -> None:
    """What is due in the waste lane came to `outcome`."""
    now, ledger = doors.hub.clock(), doors.hub.ledger
    policy = RetryPolicy((timedelta(seconds=5),), timedelta(hours=96), repeatable=False, can_look_up=can_look_up)
    claims = await ledger.claim({"waste/default": WIDE}, now=now, lease=timedelta(seconds=15), limit=limit)
    for claim in claims:
        decision = decide(outcome, claim.delivery, policy=policy, now=now, jitter=1.0)
        await ledger.settle(Settlement(claim, outcome, decision, WIDE, now))


async def clashes(doors: Doors, **rows: dict[str, str]) -> None:
    """What is due in the waste lane waits for a person, for both sides changed these rows."""
    now, ledger = doors.hub.clock(), doors.hub.ledger
    outcome = Refused(same("both changed it"))
    policy = RetryPolicy((timedelta(seconds=5),), timedelta(hours=96), repeatable=True)
    for claim in await ledger.claim({"waste/default": WIDE}, now=now, lease=timedelta(seconds=15)):
        decision = decide(outcome, claim.delivery, policy=policy, now=now, jitter=1.0)
        keep = (Content(clash_of(claim.delivery.id), "application/json", pack(rows)),)
        await ledger.settle(Settlement(claim, None, decision, WIDE, now, keep=keep))
