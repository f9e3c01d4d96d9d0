"""A real hub and its waste application in one process, and between them many ways, each with a fault proxy of its own.

A way is one authority's: its own instance of the connector, so its own lane and breaker. What ships is unchanged but for
waits and limits small enough for a test.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from hub.assembly import Hub, assemble
from hub.doubles import RunningDouble, Stage, load_double
from hub.intake import Arrival
from hub.ledger import Search
from hub.lifecycle import Gate, Lane
from hub.message import Delivery, State
from hub.settings import read_settings
from hub.signals import Attempted, Signal
from tests.faults.proxy import Proxy
from tests.faults.traffic import bin_request
from tests.installation import Installation, install

TOTAL = 60.0
"""Seconds that a call may take here; where they are to run out, they are let pass."""
REST = 1.0
"""Seconds that a broken lane rests before it is probed."""
OPEN = (State.WAITING, State.SENDING, State.UNANSWERED)

_numbers = itertools.count(1)


@dataclass
class Way:
    """One authority's way to its waste application, and the portal that is told of it."""

    hub: Hub
    authority: str
    waste: Proxy
    portal: Proxy
    double: RunningDouble
    told: RunningDouble
    signals: list[Signal]
    said: list[tuple[str, int]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def lane_name(self) -> str:
        """The lane of its waste application."""
        return f"waste/{self.authority}"

    @property
    def attempts(self) -> list[Attempted]:
        """What each attempt at its waste application came to, so far."""
        return [each for each in self.signals if isinstance(each, Attempted) and each.lane == self.lane_name]

    @property
    def orders(self) -> list[tuple[str, int]]:
        """What its waste application carried out, in turn: the reference and the number of each request."""
        calls = [call for call in self.double.calls if call.operation == "create_order" and call.applied]
        found = [(str(call.document["RefExterne"]), call.document["NumBacAncien"]) for call in calls]
        mine = {reference for reference, _ in self.said}
        return [(reference, int(str(bin).removeprefix("OM-")) - 1) for reference, bin in found if reference in mine]

    async def say(self, reference: str = "") -> str:
        """The portal says a bin request, of a new reference if none is given; the reference."""
        number = next(_numbers)
        reference = reference or f"D-2026-{number:05d}"
        body = json.dumps(bin_request(reference, number)).encode()
        self.said.append((reference, number))
        arrival = Arrival("bin-replacement", "portal", self.authority, body, key=f"{reference}/{number}")
        receipt = await self.hub.intake.accept(arrival)
        self.numbers[receipt.message] = number
        return reference

    async def deliveries(self, exchange: str = "bin-replacement") -> list[Delivery]:
        """Its deliveries, oldest first."""
        page = await self.hub.ledger.find(Search(exchange=exchange, authority=self.authority, limit=1000))
        found = [delivery for summary in page.found for delivery in summary.deliveries]
        return sorted(found, key=lambda each: (each.position, each.message))

    async def states(self) -> list[State]:
        """How its bin requests stand."""
        return [delivery.state for delivery in await self.deliveries()]

    async def lane(self) -> Lane:
        """The lane of its waste application."""
        views = {view.lane.name: view.lane for view in await self.hub.ledger.lanes_overview()}
        return views[self.lane_name]

    async def first_attempt(self) -> Attempted:
        """What the first attempt came to."""
        await until(lambda: bool(self.attempts))
        return self.attempts[0]

    async def done(self) -> list[State]:
        """How its bin requests ended, once all have, or none will by itself."""

        async def ended() -> bool:
            stopped = (await self.lane()).gate is not Gate.CLOSED
            deliveries = await self.deliveries()
            return stopped or all(each.state not in OPEN or each.due_at is None for each in deliveries)

        await until(ended)
        return await self.states()

    async def looked_after(self) -> None:
        """An operator settles what is left to a person, by what the waste application carried out."""
        for each in await self.deliveries():
            if each.state is State.UNANSWERED and each.due_at is None:
                if (each.reference, self.numbers[each.message]) in self.orders:
                    await self.hub.desk.confirm(each.id, actor="awa", reason="It is there")
                else:
                    await self.hub.desk.replay(each.id, actor="awa", reason="It is not there", look_up=False)

    async def all_carried_out(self) -> bool:
        """Whether every request was, an operator looking after what is in doubt."""
        await self.looked_after()
        return len(self.orders) == len(self.said)

    async def mended(self) -> None:
        """An operator lets the lane go again."""
        await self.hub.desk.resume_lane(self.lane_name, actor="awa", reason="Corrected")


async def until(done: Callable[[], object], *, seconds: float = 90) -> None:
    """Return when something, asked now and again, is true."""
    end = monotonic() + seconds
    while True:
        answer = done()
        if await answer if asyncio.iscoroutine(answer) else answer:
            return
        assert monotonic() < end, f"still not so after {seconds} s"
        await asyncio.sleep(0.05)


def far_from(moment: datetime | None) -> timedelta:
    """How far away a moment is."""
    assert moment is not None
    return moment - datetime.now(UTC)


@dataclass
class Street:
    """The hub, and its ways that no test has taken yet."""

    hub: Hub
    ways: list[Way]

    def way(self) -> Way:
        """A way for one test."""
        return self.ways.pop()


def quick(installation: Installation, proxies: dict[str, dict[str, Proxy]]) -> None:
    """Small waits and limits, and an instance for each way."""
    for name, own in proxies.items():
        instances = {way: {"address": proxy.url, "credentials": f"secret:{name}"} for way, proxy in own.items()}
        default = {"address": f"${{{name.upper()}_URL}}", "credentials": f"secret:{name}"}
        installation.edit(
            f"connectors/{name}/connector.yaml",
            retry={"waits": ["1s"], "within": "96h"},
            limits={"at_once": "4", "per_second": "400"},
            breaker={"failures": "5", "within": "2m", "rest": f"{REST:g}s"},
            timeout=f"{TOTAL:g}s",
            instances=instances | {"default": default},
        )


@asynccontextmanager
async def street(folder: Path, *, ways: int, edit: Callable[[Installation], None] | None = None) -> AsyncIterator[Street]:
    """A started hub with so many ways."""
    installation = install(folder)
    root, names = installation.root, [f"way-{number}" for number in range(ways)]
    if edit:
        edit(installation)
    async with AsyncExitStack() as stack:
        doubles = {
            name: await stack.enter_async_context(load_double(root / "connectors" / name, Stage(), root=root))
            for name in ("waste", "portal")
        }
        proxies: dict[str, dict[str, Proxy]] = {name: {} for name in doubles}
        for name, double in doubles.items():
            host, _, port = double.address.removeprefix("http://").rpartition(":")
            for way in names:
                proxies[name][way] = await stack.enter_async_context(Proxy(host, int(port), seed=7))
        quick(installation, proxies)
        signals: list[Signal] = []
        hub = await assemble(read_settings(installation.environment), listeners=(signals.append,))
        stack.push_async_callback(hub.stop)
        await hub.start()
        both = doubles["waste"], doubles["portal"]
        yield Street(
            hub, [Way(hub, way, proxies["waste"][way], proxies["portal"][way], *both, signals) for way in reversed(names)]
        )
