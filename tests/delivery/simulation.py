"""A whole campaign under virtual time: the real intake, worker, dispatcher, decisions, SQL and group commit; applications
that fail in every way, nodes that die, stand still and lose sight of the ledger, people who operate it. Then all heals.

An application ends its work within its time limit, called for or not: that is what the promise rests on.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.call import Reply
from hub.catalogue import Catalogue
from hub.errors import CallNotSent, CallUnanswered, Conflict, HubUnavailable, MessageError, same
from hub.intake import Arrival
from hub.ledger import Claim
from hub.message import ENDED, Delivery, Receipt, State
from hub.scheduler import CronTrigger
from hub.worker import Worker
from tests.delivery.applications import (
    Manner,
    Order,
    carried_out_and_cut,
    cut,
    cut_then_carried_out,
    down,
    failing,
    found,
    found_late,
    listing,
    number,
    obliging,
    refusing,
    slow,
)
from tests.delivery.book import Commit, VirtualLedger
from tests.delivery.swarm import LEASE, PACES, Swarm
from tests.delivery.town import LANE, Node, Town, virtual_now
from tests.delivery.virtual import outside
from tests.faults.traffic import bin_request

REFERENCES, MESSAGES = 4, 10
PEACE = 600.0
"""Seconds within which all is settled once the faults end."""
SCHEDULE = "waste-progress"
CANARY = "KANARI"
"""The name of every citizen here: it may stand in sealed contents and in calls, and nowhere else."""


class Clock:
    """A node's time: the ledger's, as far as it has agreed with it. A step stays until it agrees again."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return virtual_now() + self.ahead

    async def agree(self, ledger: VirtualLedger) -> None:
        """Take over the ledger's time."""
        await ledger.ping()
        self.ahead = timedelta(0)


FELT = 25.0
"""Virtual seconds after a fault in which a lease may still end because of it: a lease, and two renewals."""


@dataclass
class Simulation:
    """A town in trouble. `said`: the key and the request of each message; `receipts`: what each key was answered;
    `poison`: the requests that the application refuses for good; `unwell`: the starts of nodes that met a fault, and until
    when it may be felt; `probes`: the claims that tried whether a broken lane works again; `struck`: what befell nodes at an
    instant, until they are back."""

    town: Town
    chance: random.Random
    swarm: Swarm
    poison: set[int] = field(default_factory=set)
    said: dict[str, Order] = field(default_factory=dict)
    receipts: dict[str, list[Receipt]] = field(default_factory=lambda: defaultdict(list))
    taken_unlike: list[str] = field(default_factory=list)
    confirmed: set[str] = field(default_factory=set)
    unwell: dict[str, float] = field(default_factory=dict)
    probes: set[tuple[str, int]] = field(default_factory=set)
    struck: list[asyncio.Task[None]] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)
    troubled: bool = True
    stormy: bool = False

    def __post_init__(self) -> None:
        town = self.town.applications
        town.manner, town.look, town.portal, town.arrived = self._treated, self._looked, self._told, self._struck
        self.nodes: dict[str, Node] = {}
        self.clocks: dict[str, Clock] = {}
        self.poison = {each for each in range(1, MESSAGES + 1) if self.chance.random() < self.swarm.poison}

    async def play(self) -> None:
        """Trouble, then peace until all is settled."""
        swarm = self.swarm
        names = [f"node-{each}" for each in range(1, swarm.nodes + 1)]
        await asyncio.gather(*(self._start(name) for name in names))
        saying = [asyncio.create_task(self._say(each)) for each in range(REFERENCES)]
        by_node = {"kill": swarm.kill, "pause": swarm.pause, "stop": swarm.stop, "blind": swarm.blind, "step": swarm.step}
        of_all = {"outage": swarm.outage, "storm": swarm.storm, "hold": swarm.hold}
        troubles = [self._trouble(fault, every, name) for fault, every in by_node.items() if every for name in names]
        troubles += [self._trouble(fault, every, "") for fault, every in of_all.items() if every]
        person, timer = asyncio.create_task(self._settle()), asyncio.create_task(self._fire())
        await asyncio.gather(asyncio.sleep(swarm.trouble), *troubles)
        self.troubled = False
        await asyncio.gather(*self.struck)  # one that stood still goes on with what it was at, which may be to fetch a feed
        await asyncio.gather(*saying)
        await self._rest()
        timer.cancel()
        await self._rest()
        person.cancel()
        for node in list(self.nodes.values()):
            if not node.machine.is_dead:
                await node.asked(node.worker.stop(), within=60)

    @property
    def totals(self) -> Counter[str]:
        """What befell, and what came of it."""
        wire, applications = self.town.reader.book.wire, self.town.applications
        states = Counter(dict(wire.execute("SELECT state, count(*) FROM delivery GROUP BY state").fetchall()))
        [attempts] = wire.execute("SELECT sum(token) FROM delivery").fetchone()
        of_journal = dict(wire.execute("SELECT event, count(*) FROM journal GROUP BY event").fetchall())
        looked_up = {"looked up": len(applications.looked_up), "effects": len(applications.effects)}
        events = {name: of_journal.get(name, 0) for name in ("accepted", "repeated", "unanswered", "fenced", "lease-lost")}
        return self.count + states + Counter({"attempts": attempts, **looked_up, **events})

    async def _rest(self) -> None:
        end = _now() + PEACE
        while _now() < end:
            await asyncio.sleep(5)
            states = self.town.reader.book.wire.execute("SELECT DISTINCT state FROM delivery").fetchall()
            if len(self.receipts) == MESSAGES and {state for (state,) in states} <= ENDED:
                return

    # -- the applications ---------------------------------------------------------------------------------------------

    async def _treated(self, town: Any, order: Order) -> Reply:
        if self.stormy:
            return await down(town, order)
        if order.number in self.poison:
            return await refusing(town, order)
        return await (self._manner() if self.troubled else obliging)(town, order)

    def _manner(self) -> Manner:
        swarm, seconds = self.swarm, self.chance.uniform(0.02, self.swarm.longest)
        status = self.chance.choice((500, 503, 504))
        manners = (
            (swarm.cut, cut),
            (swarm.carried_out_and_cut, carried_out_and_cut),
            (swarm.late, cut_then_carried_out(seconds)),
            (swarm.slow, slow(seconds)),
            (swarm.down, down),
            (swarm.failing, failing(status)),
            (swarm.throttled, failing(429, retry_after="2")),
        )
        for share, manner in manners:
            if self.chance.random() < share:
                return manner
        return obliging

    async def _looked(self, town: Any, reference: str) -> Reply:
        if self.troubled and (self.stormy or self.chance.random() < self.swarm.failing):
            return await failing(self.chance.choice((500, 503, 504)))(town, Order(reference, 0))
        if self.troubled and self.chance.random() < self.swarm.slow:
            seconds = self.chance.uniform(0.85, 0.99) * PACES[self.swarm.pace].timeout
            return await found_late(seconds)(town, reference)
        return await found(town, reference)

    async def _told(self, tell: Callable[[], Reply]) -> Reply:
        """The portal knows a repeat by its key, so that its calls may be lost in any way."""
        if self.troubled and self.chance.random() < self.swarm.down / 2:
            raise CallNotSent(same("the connection was refused"))
        if self.troubled and self.chance.random() < self.swarm.cut / 2:
            raise CallUnanswered(same("the connection was cut"))
        if self.troubled and self.chance.random() < self.swarm.slow / 4:
            await asyncio.sleep(self.chance.uniform(0.1, 6))
        reply = tell()
        if self.troubled and self.chance.random() < self.swarm.carried_out_and_cut:
            raise CallUnanswered(same("the connection was cut"))
        return reply

    # -- the nodes ----------------------------------------------------------------------------------------------------

    async def _start(self, name: str) -> None:
        """A new start of a node, tried until the ledger takes it."""
        clock = self.clocks[name] = Clock()
        while True:
            try:
                node = await self.town.node(name, clock=clock, agree=clock.agree)
                break
            except HubUnavailable:
                await asyncio.sleep(0.5)
        self.nodes[name] = node
        self._listen_to(node.worker)
        book = node.ledger.book
        book.fate, book.noticed = lambda: self._fate(book.boot), lambda answer: self._noticed(node, answer)
        while not node.machine.is_dead:
            try:
                await node.asked(node.worker.start())
                break
            except HubUnavailable:
                await asyncio.sleep(0.5)
        if self.swarm.schedules:
            self._fire_on(node)

    def _fate(self, boot: str) -> Commit:
        drawn = self.chance.random() if self.troubled else 1.0
        if drawn >= self.swarm.refused + self.swarm.untold:
            return Commit.MADE
        self._ails(boot)
        self.count["commits refused" if drawn < self.swarm.refused else "commits untold"] += 1
        return Commit.REFUSED if drawn < self.swarm.refused else Commit.UNTOLD

    def _noticed(self, node: Node, answer: Any) -> None:
        """Something was committed or read; the node may not live to know it."""
        if isinstance(answer, tuple):
            self._note_probes(answer)
        if answer is True or isinstance(answer, Receipt | Delivery) or (isinstance(answer, tuple) and answer):
            self._strike(node)

    def _note_probes(self, claims: Iterable[Any]) -> None:
        self.probes |= {(each.delivery.id, each.delivery.token) for each in claims if getattr(each, "probing", False)}

    def _listen_to(self, worker: Worker) -> None:
        """What a commit leaves to a worker holds probes too: those claimed as another's successor."""
        take = worker.take

        def taken(claims: Sequence[Claim]) -> None:
            self._note_probes(claims)
            take(claims)

        worker.take = taken  # type: ignore[method-assign]

    def _struck(self) -> None:
        """A call has come in; the node that made it may not live to hear the answer."""
        for node in self.nodes.values():
            if node.machine is self.town.applications.caller:
                self._strike(node)

    def _strike(self, node: Node) -> None:
        if node.machine.is_dead or node.machine.is_still or not self.troubled or self.chance.random() >= self.swarm.instant:
            return
        self.count["at an instant"] += 1
        self.struck.append(outside(self._killed(node) if self._fells(node) else self._paused(node)))

    def _fells(self, node: Node) -> bool:
        """Whether the node dies of it, or only stands still; nothing more of it happens in this moment."""
        dies = self.chance.random() < 0.7
        if dies:
            self._note_kill(node)
            node.machine.die()
        else:
            node.machine.stand_still()
        return dies

    async def _trouble(self, fault: str, every: float, name: str) -> None:
        """One kind of fault again and again."""
        end = _now() + self.swarm.trouble
        while True:
            await asyncio.sleep(self.chance.uniform(0.2, 2) * every)
            if _now() >= end:
                return
            await self._befall(fault, name)

    async def _befall(self, fault: str, name: str) -> None:
        node = self.nodes.get(name)
        if node and (node.machine.is_dead or node.machine.is_still):
            return
        match fault, node:
            case "kill", Node():
                await self._killed(node)
            case "pause", Node():
                await self._paused(node)
            case "stop", Node():
                await self._stopped(node)
            case "blind", Node():
                self.count["partitions"] += 1
                await self._blinded([node], self.chance.choice((self.chance.uniform(0.1, 4), 1.5 * LEASE)))
            case "step", Node():
                self.count["clock steps"] += 1
                self.clocks[name].ahead = timedelta(seconds=self.chance.uniform(-1, 1) * self.swarm.skew)
            case "outage", _:
                self.count["outages"] += 1
                await self._blinded(list(self.nodes.values()), self.chance.uniform(0.1, 6))
            case "storm", _:
                self.count["storms"] += 1
                self.stormy = True
                await asyncio.sleep(self.chance.uniform(0.5, 8))
                self.stormy = False
            case "hold", _:
                await self._held()

    async def _stopped(self, node: Node) -> None:
        """SIGTERM, and a new start; unless something worse befalls it meanwhile."""
        self.count["stops"] += 1
        with suppress(HubUnavailable):
            await node.asked(node.worker.stop(), within=60)
            node.machine.die()
        await self._killed(node)

    async def _killed(self, node: Node) -> None:
        """kill -9, and a new start: soon, or when its leases have run out."""
        if not node.machine.is_dead:
            self._note_kill(node)
            node.machine.die()
        if node is self.nodes.get(node.name):
            del self.nodes[node.name]
            await asyncio.sleep(self.chance.choice((0.05, 0.5, 3.0, 1.4 * LEASE)))
            await self._start(node.name)

    def _ails(self, boot: str, *, seconds: float = 0.0) -> None:
        """A start of a node met a fault that lasts so long: what it holds may be lost until its next renewals."""
        self.unwell[boot] = max(self.unwell.get(boot, 0.0), asyncio.get_running_loop().time() + seconds + FELT)

    def _note_kill(self, node: Node) -> None:
        self._ails(node.ledger.boot, seconds=math.inf)
        self.count["kills"] += 1
        wire, boot = self.town.reader.book.wire, node.ledger.boot
        [held] = wire.execute("SELECT count(*) FROM delivery WHERE state = 'sending' AND holder = ?", [boot]).fetchone()
        self.count["kills of a holder"] += bool(held)

    async def _paused(self, node: Node) -> None:
        """SIGSTOP and SIGCONT, with the lease run out in between or not."""
        seconds = self.chance.choice((0.5, 4.0, 1.1 * LEASE, 2 * LEASE))
        self._ails(node.ledger.boot, seconds=seconds)
        self.count["pauses"] += 1
        node.machine.stand_still()
        await asyncio.sleep(seconds)
        node.machine.go_on()

    async def _blinded(self, nodes: list[Node], seconds: float) -> None:
        for node in nodes:
            self._ails(node.ledger.boot, seconds=seconds)
            node.ledger.book.away = True
        await asyncio.sleep(seconds)
        for node in nodes:
            node.ledger.book.away = False

    # -- schedules ----------------------------------------------------------------------------------------------------

    async def _fire(self) -> None:
        """The timers of all nodes meet each slot at the same moment, in which one of them may die."""
        while self.swarm.schedules:
            slot = CronTrigger(self.town.catalogue.schedules[SCHEDULE]).after(virtual_now())
            await asyncio.sleep((slot - virtual_now()).total_seconds())
            live = [node for node in self.nodes.values() if not node.machine.is_dead]
            for node in live:
                self._fire_on(node)
            self.count["slots"] += 1
            if self.troubled and live and self.chance.random() < 0.5:
                await asyncio.sleep(self.chance.choice((0.0, 0.0015, 0.0035, 0.5)))
                self.struck.append(outside(self._killed(self.chance.choice(live))))

    def _fire_on(self, node: Node) -> None:
        town = self.town.applications
        orders = enumerate(town.carried_out, start=1)
        town.changes = [listing(*((order.reference, number(serial), "03") for serial, order in orders))] * 20
        schedule = self.town.catalogue.schedules[SCHEDULE]
        fired = node.machine.started(node.scheduler._fire(schedule, CronTrigger(schedule)))
        fired.add_done_callback(lambda done: done.cancelled() or done.exception())

    # -- the people ---------------------------------------------------------------------------------------------------

    async def _say(self, reference: int) -> None:
        """One citizen's requests, each said until it is accepted, the next one then."""
        for count in range(1 + reference, MESSAGES + 1, REFERENCES):
            await asyncio.sleep(self.chance.uniform(0, 0.4) * self.swarm.trouble)
            order = Order(f"D-{reference}", count)
            key = f"{order.reference}/{count}"
            self.said[key] = order
            while not self.receipts.get(key):
                again = self.chance.random() < self.swarm.repeated
                await asyncio.gather(*(self._said(key, order) for _ in range(2 if again else 1)))
            if self.chance.random() < self.swarm.unlike:
                await self._said_unlike(key, order)

    async def _said(self, key: str, order: Order) -> None:
        receipt = await self._answered(lambda node: node.intake.accept(_arrival(key, order)))
        if receipt is None:
            self.count["said again"] += 1
        elif not (self.troubled and self.chance.random() < self.swarm.repeated / 2):
            self.receipts[key].append(receipt)

    async def _said_unlike(self, key: str, order: Order) -> None:
        """Another content under a key that was used: it must be refused."""
        try:
            unlike = Order(order.reference, order.number + 1000)
            if await self._answered(lambda node: node.intake.accept(_arrival(key, unlike))):
                self.taken_unlike.append(key)
        except MessageError:
            self.count["refused unlike"] += 1

    async def _answered(self, ask: Callable[[Node], Any]) -> Any:
        """What some node answers; None when none does."""
        live = [node for node in self.nodes.values() if not node.machine.is_dead]
        with suppress(HubUnavailable):
            if live:
                node = self.chance.choice(live)
                return await node.asked(ask(node), within=3)
        await asyncio.sleep(0.5)
        return None

    async def _held(self) -> None:
        """An operator stops the waste application's lane for a while."""
        self.count["lanes paused"] += 1
        await self.town.reader.pause_lane(LANE, **_by("Works"))
        await asyncio.sleep(self.chance.uniform(0.5, 6))
        await self.town.reader.resume_lane(LANE, **_by("Works have ended"))

    async def _settle(self) -> None:
        """A person looks at what waits for one, in the application itself, and says what to do; and tries other things."""
        while True:
            await asyncio.sleep(5)
            for delivery in await self.town.deliveries(exchange="") if self.swarm.operator or self._waits() else ():
                waits = delivery.state is State.UNANSWERED and delivery.due_at is None
                if waits or delivery.state is State.DEAD:
                    await asyncio.sleep(PACES[self.swarm.pace].timeout + 1)
                    await self._tried(lambda each=delivery: self._decide(each))
                elif self.swarm.operator and delivery.exchange == "bin-replacement" and self.chance.random() < 0.1:
                    await self._tried(lambda each=delivery: self._meddle(each))

    def _waits(self) -> bool:
        """Whether anything waits for a person."""
        asked = "SELECT count(*) FROM delivery WHERE state = 'dead' OR (state = 'unanswered' AND due_at IS NULL)"
        [waiting] = self.town.reader.book.wire.execute(asked).fetchone()
        return bool(waiting)

    async def _tried(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except Conflict:
            self.count["operator refused"] += 1

    async def _decide(self, held: Delivery) -> None:
        ledger, order = self.town.reader, self._order(held)
        if order is None:  # what a request's sender is told: each of five nodes died with it in hand
            self.count["replayed"] += 1
            await ledger.replay(held.id, **_by("Not told yet"))
        elif order in self.town.applications.carried_out and held.state is not State.DEAD:
            await ledger.confirm(held.id, **_by("Seen in the application"))
            self.confirmed.add(held.id)
        elif order.number in self.poison:
            self.count["cancelled"] += 1
            await ledger.cancel(held.id, **_by("Not to be done"))
        else:
            self.count["replayed"] += 1
            await ledger.replay(held.id, **_by("Not in the application"))

    async def _meddle(self, held: Delivery) -> None:
        """What may only be done while nothing was sent, or not at all."""
        if held.state in ENDED and self.chance.random() < 0.5:
            await self.town.reader.replay(held.id, **_by("Once more"))
        elif held.state in ENDED:
            await self.town.reader.cancel(held.id, **_by("Too late"))

    def _order(self, held: Delivery) -> Order | None:
        """What was asked for; None for what follows from a request."""
        row = self.town.reader.book.wire.execute("SELECT key FROM message WHERE id = ?", [held.message]).fetchone()
        return self.said.get(row[0])


def _arrival(key: str, order: Order) -> Arrival:
    body = bin_request(order.reference, order.number - 1)
    body["usager"]["nom"] = CANARY
    return Arrival("bin-replacement", "portal", "default", json.dumps(body).encode(), key=key)


def _by(reason: str) -> dict[str, Any]:
    return {"actor": "awa", "reason": reason, "now": virtual_now()}


def _now() -> float:
    return asyncio.get_running_loop().time()


async def simulated(catalogue: Catalogue, seed: int) -> Simulation:
    """The campaign of a seed, played to its end."""
    chance = random.Random(seed)
    swarm = Swarm.drawn(chance)
    simulation = Simulation(Town(catalogue, chance=chance), chance, swarm)
    await simulation.play()
    return simulation
