"""Whole campaigns of a two-way exchange under virtual time, judged in each calm: users on both sides change the same
requests at any moment; calls are slow, cut or find nobody, notifications are late, nodes die or lose the ledger.

What crosses a call is judged by agreement alone, and only where both sides say soon what they were told.
"""

from __future__ import annotations

import asyncio
import copy
import os
import random
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.catalogue import Catalogue, load_catalogue
from hub.errors import HubUnavailable
from hub.ledger import Search
from hub.message import Delivery, State
from tests.delivery.neighbours import PLACES, SPARED, Neighbours, Temper, private, values
from tests.delivery.town import Town
from tests.delivery.two_applications import Pair, page
from tests.installation import Installation

SEEDS = range(int(os.environ.get("HUB_FIRST_SEED", "0")), int(os.environ.get("HUB_SEEDS", "3")))
LATER = range(3, 6)
"""More, in the long tests."""
OBJECTS, ROUNDS, EDITS = 3, 3, 5
STREAMS = (("om", "OM"), ("verre", "VE"), ("papier", "PA"))
SIDES = ("portal", "waste")
LABELS = {
    "phone": "Téléphone",
    "address": "Adresse",
    "family_name": "Nom",
    "given_name": "Prénom",
    "comment": "Commentaire",
    "status": "État",
    "bins": "Bacs",
}
ENDED = {State.DELIVERED, State.CANCELLED}
CALM = 45.0
"""Seconds after the last word in which a late echo may still be believed, and a call follow from it."""
LONG = 1200.0
"""Seconds in which all must have come to rest."""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The two-way exchange of test_two_way, with small waits."""
    root = tmp_path_factory.mktemp("two_way") / "installation"
    shutil.copytree(Path(__file__).parent / "two_way", root)
    for side in ("portal", "waste"):
        small = {"waits": ["1s", "3s"], "within": "96h"}
        Installation(root).edit(f"connectors/{side}/connector.yaml", retry=small, breaker={"rest": "3s"}, timeout="5s")
    return load_catalogue(root)


Values = dict[str, list[Any]]


@dataclass
class Round:
    """What happened to the objects since the last calm: by object, row and side the values that users gave."""

    before: dict[tuple[str, str], dict[str, Any]]
    edits: dict[tuple[str, str], dict[str, list[Any]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    count: int = 0


@dataclass
class Campaign:
    """Two applications and a node in trouble. `settled`: the requests that a person was asked about, and that rest since;
    `overridden`: the requests whose status the portal changed, which is not its own."""

    pair: Pair
    chance: random.Random
    settled: set[str] = field(default_factory=set)
    overridden: set[str] = field(default_factory=set)
    faults: int = 0

    @property
    def sides(self) -> Neighbours:
        assert isinstance(self.pair.applications, Neighbours)
        return self.pair.applications

    async def play(self) -> None:
        """Make the requests known to both, then trouble and calm in turn, judged in each calm."""
        await self.pair.node.worker.start()
        talking = [asyncio.create_task(self._talk(side, f"D-{n}")) for side in SIDES for n in range(OBJECTS)]
        for number in range(OBJECTS):
            self.sides.changed("portal", f"D-{number}", page(number))
        await self._calm()
        for _ in range(ROUNDS):
            await self._round()
        for task in talking:
            task.cancel()
        await self.pair.node.worker.stop()

    async def _round(self) -> None:
        held = {("portal", name): each for name, each in self.sides.pages.items()}
        held |= {("waste", name): each for name, each in self.sides.orders.items()}
        now, told, failed = Round(copy.deepcopy(held)), len(self.sides.told), self.sides.failed
        self.faults = 0
        self.sides.run_over.clear()
        self.sides.note("--- round")
        trouble = asyncio.create_task(self._trouble())
        await asyncio.gather(*(self._edit(now, name) for name in self.sides.pages if name not in self.settled))
        await trouble
        await self._calm()
        assert len(self.sides.told) - told <= 4 * now.count + self.sides.failed - failed + 3 * self.faults, "ping-pong"
        await self._judge(now)

    # -- the users ----------------------------------------------------------------------------------------------------

    async def _edit(self, now: Round, reference: str) -> None:
        """Some changes of one request; the rows of each side are its own, or, rarely, anyone's."""
        rows = list(PLACES)
        self.chance.shuffle(rows)
        rows.remove("status")
        together = self.chance.random() < 0.2
        share = {"portal": rows if together else rows[:3], "waste": [*(rows if together else rows[3:]), "status"]}
        for _ in range(EDITS):
            await asyncio.sleep(self.chance.uniform(0, 6))
            side = self.chance.choice(("portal", "waste"))
            self._one_edit(now, side, reference, share[side])

    def _one_edit(self, now: Round, side: str, reference: str, rows: list[str]) -> None:
        held = self.sides.pages if side == "portal" else self.sides.orders
        document, now.count = copy.deepcopy(held[reference]), now.count + 1
        if self.chance.random() < 0.15:
            document["noteInterne" if side == "portal" else "Equipe"] = f"privé {now.count}"
            now.edits[reference, "private"][side].append(private(document))
            changed = []
        else:
            changed = self.chance.sample(rows, self.chance.choice((1, 1, 2)))
        for row in changed:
            self._edit_row(side, row, document)
            given = values(document)[row]
            if given in [values(now.before[side, reference])[row], *now.edits[reference, row][side]]:
                self.sides.run_over.add((side, reference))
            now.edits[reference, row][side].append(given)
        if side == "portal" and self.chance.random() < 0.05:
            document["etat"] = self.chance.choice(("ouverte", "planifiee", "faite"))
            self.overridden.add(reference)
        touched = {PLACES[row][side == "waste"] for row in changed}
        spared = {name for name in SPARED if name not in touched and self.chance.random() < self.sides.temper.partial}
        self.sides.changed(side, reference, document, without=frozenset(spared))

    def _edit_row(self, side: str, row: str, document: dict[str, Any]) -> None:
        name = PLACES[row][side == "waste"]
        if row == "bins":
            document[name] = self._bins(side, document.get(name, []))
        elif row == "status":
            document[name] = self.chance.choice(("00", "10", "20"))
        else:
            home = document.setdefault("usager", {}) if side == "portal" and name in ("nom", "prenom") else document
            home[name] = "" if self.chance.random() < 0.1 else f"{row} {self.chance.randrange(10**6)}"

    def _bins(self, side: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Lines added, removed, changed or put in another order."""
        stream, litres = ("flux", "volume") if side == "portal" else ("CodeFlux", "Litrage")
        free = [each[side == "waste"] for each in STREAMS if each[side == "waste"] not in {line[stream] for line in lines}]
        lines = copy.deepcopy(lines)
        size = self.chance.randrange(1, 9999)
        match self.chance.choice(("add", "remove", "change", "order")):
            case "add" if free:
                lines.append({stream: free[0], litres: size if side == "portal" else str(size)})
            case "remove" if len(lines) > (side == "waste"):
                lines.pop(self.chance.randrange(len(lines)))
            case "change" if lines:
                self.chance.choice(lines)[litres] = size if side == "portal" else str(size)
            case _:
                self.chance.shuffle(lines)
        return lines

    async def _talk(self, side: str, reference: str) -> None:
        """A side says what it has to say of an object, in turn, each until it is accepted."""
        waiting = self.sides.unheard[side, reference]
        while True:
            await asyncio.sleep(self.chance.uniform(0.01, 0.01 + self.sides.temper.delay))
            if not waiting:
                continue
            try:
                receipt = await self.pair.echo(side, waiting[0].document)
            except HubUnavailable:
                self.faults += 1
                continue
            waiting.pop(0)
            self.sides.note(f"{side} heard {reference} {receipt.message[-4:]} {len(receipt.deliveries)}")

    # -- the trouble --------------------------------------------------------------------------------------------------

    async def _trouble(self) -> None:
        """Applications that nobody answers for, a node that is killed, a ledger that is away."""
        for _ in range(4):
            await asyncio.sleep(self.chance.uniform(0, 8))
            if self.chance.random() < self.sides.temper.down:
                side = self.chance.choice(("portal", "waste"))
                self.sides.away.add(side)
                await asyncio.sleep(self.chance.uniform(0, 10))
                self.sides.away.discard(side)
            elif self.sides.temper.cut:
                self.faults += 1
                await self.chance.choice((self._killed, self._blind))()

    async def _killed(self) -> None:
        self.sides.note("killed")
        self.pair.node.kill()
        await asyncio.sleep(self.chance.uniform(0.05, 3))
        self.pair.node = await self.pair.town.node()
        await self.pair.node.worker.start()

    async def _blind(self) -> None:
        self.sides.note("blind")
        self.pair.node.ledger.book.away = True
        await asyncio.sleep(self.chance.uniform(0.1, 20))
        self.pair.node.ledger.book.away = False

    async def _calm(self) -> None:
        """Wait until nobody has anything to say, nothing is due, and has not been for a while."""
        end, since = asyncio.get_running_loop().time() + LONG, asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(3)
            busy = any(self.sides.unheard.values()) or any(
                each.state not in {*ENDED, State.DEAD} for each in await self._open()
            )
            if busy:
                since = asyncio.get_running_loop().time()
            if asyncio.get_running_loop().time() - since > CALM:
                return
        raise AssertionError(f"no calm: {[each for each in await self._open() if each.state not in ENDED]}")

    async def _open(self) -> list[Delivery]:
        """The deliveries that have not ended, but those that stand behind one that waits for a person."""
        page = await self.pair.town.reader.find(Search(exchange="request-file", limit=1000))
        found = [each for summary in page.found for each in summary.deliveries if each.state not in ENDED]
        dead = {each.reference for each in found if each.state is State.DEAD}
        return [each for each in found if each.state is State.DEAD or each.reference not in dead]

    # -- the judgement ------------------------------------------------------------------------------------------------

    async def _judge(self, now: Round) -> None:
        for delivery in await self._open():
            if delivery.reference not in self.settled:
                self.settled.add(delivery.reference)
                self._judge_clash(now, delivery)
        for reference in self.sides.pages.keys() - self.settled:
            self._judge_object(now, reference)

    def _judge_clash(self, now: Round, dead: Delivery) -> None:
        """Only what both changed is for a person to settle."""
        assert "both changed" in dead.reason, dead.reason
        both = {row for (name, row), by in now.edits.items() if name == dead.reference and len(by) == 2}
        named = {row for row in PLACES if LABELS[row] in dead.reason}
        assert (named and named <= both) or self._was_run_over(dead.reference), (dead.reference, named, both)

    def _was_run_over(self, reference: str) -> bool:
        return bool({("portal", reference), ("waste", reference)} & self.sides.run_over)

    def _judge_object(self, now: Round, reference: str) -> None:
        portal, waste = self.sides.pages[reference], self.sides.orders[reference]
        here, there = values(portal), values(waste)
        unsure = self._was_run_over(reference)
        if unsure:
            self.settled.add(reference)
            if not self.sides.temper.heals:
                return
        for row in PLACES:
            if row == "status" and (reference in self.overridden or there[row] is None):
                continue
            assert here[row] == there[row], f"{reference}: {row} differs: {here[row]} / {there[row]}"
        for row in PLACES:
            by, was = now.edits.get((reference, row), {}), values(now.before["waste", reference])[row]
            possible = [value for each in by.values() for value in (each if len(by) > 1 or unsure else each[-1:])]
            if unsure or not by:
                possible.append(was)
            assert there[row] in possible, f"{reference}: {row} is {there[row]}, not of {possible}"
        if not unsure:
            for side, document in (("portal", portal), ("waste", waste)):
                kept = now.edits.get((reference, "private"), {}).get(side, [private(now.before[side, reference])])[-1]
                assert private(document) == kept, f"{reference}: {side} keeps {private(document)} for itself, not {kept}"
            if (reference, "bins") not in now.edits:
                assert portal.get("bacs") == now.before["portal", reference].get("bacs")


async def campaign_of(catalogue: Catalogue, seed: int) -> Campaign:
    chance = random.Random(seed)
    sides = Neighbours(temper=Temper.of(chance), chance=chance)
    town = Town(catalogue, sides, chance=chance)  # type: ignore[arg-type]  # another pair of applications
    return Campaign(Pair(town, await town.node(), sides), chance)


@pytest.mark.parametrize("seed", [*SEEDS, *(pytest.param(seed, marks=pytest.mark.long) for seed in LATER)])
async def test_both_sides_agree_in_the_end_and_nothing_else_is_altered(catalogue: Catalogue, seed: int) -> None:
    campaign = await campaign_of(catalogue, seed)

    try:
        await campaign.play()
    except AssertionError as error:
        error.add_note("\n".join([str(campaign.sides.temper), *campaign.sides.log]))
        raise
