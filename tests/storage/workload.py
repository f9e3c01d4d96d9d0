"""A small life of a ledger, one phase a process, that says on its output what it may change and what it then has changed.

Each line is JSON: {"may": {delivery: state}} before, then {"is": {delivery: state}} once it is acknowledged, or
{"not": [deliveries]} when it was refused. `crash_points` breaks it off, or makes its disk fail, at every write.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hub.errors import HubUnavailable, NoRoom
from hub.facts import replace
from hub.ledger import Acceptance, Claim, Content, Crossing, Ledger
from hub.lifecycle import LanePolicy
from tests.ledger.makers import LANE, LEASE, NOON, REFUSED, Reversing, a_settlement, an_acceptance, seconds

POLICY = LanePolicy(at_once=10_000, per_second=1e9, failures=10_000)
LATER = NOON + seconds(3600)


@dataclass(frozen=True)
class Life:
    """An open ledger in its phase."""

    ledger: Ledger

    async def change(self, may: Mapping[str, str], doing: Awaitable[Mapping[str, str] | None], **more: object) -> None:
        """Say what may change, do it, and say what came of it. A disk that is not sure ends the process, as `hub serve`."""
        say(may=may, **more)
        try:
            changed = await doing
        except NoRoom:
            say(**{"not": list(may)})
        except HubUnavailable:
            if self.ledger._writer.unsure.done():
                os._exit(os.EX_IOERR)
            say(**{"not": list(may)})
        else:
            say(**{"is": may if changed is None else changed})

    async def accept(self, acceptance: Acceptance) -> None:
        """Take one message in."""
        delivery, said = acceptance.deliveries[0].id, acceptance.message

        async def accepted() -> Mapping[str, str]:
            receipt = await self.ledger.accept(acceptance)
            return {receipt.deliveries[0]: "waiting"}

        await self.change({delivery: "waiting"}, accepted(), key=said.key, reference=said.reference)

    async def claim(self, waiting: Sequence[str]) -> tuple[Claim, ...]:
        """Claim all that is due."""
        claims: list[Claim] = []

        async def claimed() -> Mapping[str, str]:
            claims.extend(await self.ledger.claim({LANE: POLICY}, now=LATER, lease=LEASE))
            return {claim.delivery.id: "sending" for claim in claims}

        await self.change(dict.fromkeys(waiting, "sending"), claimed())
        return tuple(claims)

    async def together(self, doing: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Do it all in one commit, however threads get their turns: the writer is held up until everything waits for it."""
        writer, begun, gate = self.ledger._writer, threading.Event(), threading.Event()
        holding = asyncio.create_task(writer.run(lambda _: begun.set() or gate.wait(60)))
        while not (begun.is_set() or holding.done()):
            await asyncio.sleep(0.001)
        tasks = [asyncio.create_task(each) for each in doing]
        while writer._queue.qsize() < sum(not each.done() for each in tasks):
            await asyncio.sleep(0.001)
        gate.set()
        await asyncio.gather(*tasks)
        await asyncio.wait({holding})


def say(**fact: object) -> None:
    os.write(1, json.dumps(fact).encode() + b"\n")


def message(name: str, size: int = 300) -> Acceptance:
    """A message with so many bytes."""
    whole = an_acceptance(name, key=f"key-{name}")
    return replace(whole, contents=(Content("original", "application/json", os.urandom(size)),))


# -- phases -----------------------------------------------------------------------------------------------------------


async def prepare(life: Life, _: Sequence[str]) -> None:
    """What every phase finds: five messages that wait, and two that a dead node held."""
    for number in range(2):
        await life.accept(message(f"held-{number}"))
    await life.claim([])
    for number in range(5):
        await life.accept(message(f"kept-{number}"))


async def migrate(life: Life, _: Sequence[str]) -> None:
    """Making the book was the work."""


async def intake(life: Life, _: Sequence[str]) -> None:
    """Five callers at once, a large message, one that comes twice, and one alone."""
    await life.together(life.accept(message(f"at-once-{number}")) for number in range(5))
    await life.accept(message("large", 40_000))
    await life.accept(message("alone"))


async def claim(life: Life, waiting: Sequence[str]) -> None:
    """Take all that waits."""
    await life.claim(waiting)


async def settle(life: Life, waiting: Sequence[str]) -> None:
    """Settle all that waits: delivered with what follows from it, refused, and several in one commit."""
    first, second, *rest = await life.claim(waiting) or (None, None)
    if first is None or second is None:
        return
    follows = message("follows")
    crossing = Crossing("ville", "waste", "order", "I-1", "R1", "bin-replacement")
    kept = Content(f"reply:{first.delivery.id}", "text/xml", os.urandom(5000))
    whole = replace(a_settlement(first, at=LATER), follow_ups=(follows,), crosswalk=(crossing,), keep=(kept,))

    async def settled(settlement: object, may: Mapping[str, str]) -> None:
        async def held() -> None:
            assert await life.ledger.settle(settlement)

        await life.change(may, held())

    await settled(whole, {first.delivery.id: "delivered", follows.deliveries[0].id: "waiting"})
    await settled(a_settlement(second, REFUSED, at=LATER), {second.delivery.id: "dead"})
    await life.together(settled(a_settlement(each, at=LATER), {each.delivery.id: "delivered"}) for each in rest)


async def take_up(life: Life, _: Sequence[str]) -> None:
    """Take up what the dead node held."""
    held = {row.id: "unanswered" for row in await deliveries(life.ledger) if row.state == "sending"}
    await life.change(held, nothing(life.ledger.void(now=LATER)))


async def operate(life: Life, waiting: Sequence[str]) -> None:
    """A person cancels two deliveries and pauses the lane."""
    act = {"actor": "staff", "reason": "as told", "now": LATER}
    for delivery in waiting[:2]:
        await life.change({delivery: "cancelled"}, life.ledger.cancel(delivery, **act))
    await life.change({}, life.ledger.pause_lane(LANE, **act))


async def purge(life: Life, waiting: Sequence[str]) -> None:
    """Two messages end, and are kept no longer; all others wait, or are in doubt."""
    for delivery in waiting[:2]:
        doing = life.ledger.cancel(delivery, actor="staff", reason="as told", now=LATER)
        await life.change({delivery: "cancelled"}, doing)
    await life.change({}, nothing(life.ledger.forget({}, now=LATER + timedelta(days=100))))


async def close(life: Life, _: Sequence[str]) -> None:
    """Write the log that the last process left back into the book: the checkpoint."""
    await life.ledger.close()


async def traffic(life: Life, waiting: Sequence[str]) -> None:
    """Everything, several times, with a log that is written back in between: what a power loss is tried on."""
    await settle(life, waiting)
    for turn in range(4):
        await life.together(life.accept(message(f"{turn}-{number}")) for number in range(8))
        await life.accept(message(f"{turn}-large", 1_500_000))
        now = [row.id for row in await deliveries(life.ledger) if row.state == "waiting"]
        claims = await life.claim(now)
        for each in claims:
            await life.change({each.delivery.id: "delivered"}, nothing(life.ledger.settle(a_settlement(each, at=LATER))))
    await life.ledger.close()


PHASES: dict[str, Callable[[Life, Sequence[str]], Awaitable[None]]] = {
    "prepare": prepare,
    "migrate": migrate,
    "intake": intake,
    "claim": claim,
    "settle": settle,
    "take-up": take_up,
    "operate": operate,
    "purge": purge,
    "close": close,
    "traffic": traffic,
}


async def nothing(doing: Awaitable[object]) -> None:
    """What was done, whatever it gave."""
    await doing


async def deliveries(ledger: Ledger) -> Sequence[object]:
    """All deliveries as they stand."""
    return await ledger._store.read(lambda of: of.exec_driver_sql("SELECT id, state FROM delivery ORDER BY position").all())


async def main(phase: str, url: str) -> None:
    ledger = await Ledger.open(url, cipher=Reversing(), node="node-1", boot=uuid.uuid4().hex)
    waiting = [row.id for row in await deliveries(ledger) if row.state == "waiting"]
    await PHASES[phase](Life(ledger), waiting)
    os._exit(0)  # as a kill: only the phase "close" lets go of the book


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
