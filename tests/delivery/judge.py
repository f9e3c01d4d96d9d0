"""Holds what a simulated campaign left in the book, at the applications and with the senders against the promises, each by
the name that the campaign of real nodes gives it too. A pure function of what was found: it returns what was broken."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from hub.ledger import chain
from tests.delivery.simulation import CANARY, MESSAGES, Simulation
from tests.delivery.town import NOON

LIVE = ("retry", "unanswered", "throttled", "not-sent", "stopped", "lease-lost", "released", "lease-ended")
GRAMMAR = re.compile(
    rf"accepted (?:(?:{'|'.join(LIVE)}|replayed) )*(?:(?:dead|expired) (?:replayed (?:(?:{'|'.join(LIVE)}|replayed) )*)?)*"
    r"(?:delivered |confirmed |cancelled )?"
)
"""What the journal may say of a delivery, lines of stale hands and of repeats left out."""
SETTLED = ("delivered", "retry", "unanswered", "throttled", "not-sent", "stopped", "dead", "expired")
CHARGED = ("retry", "unanswered", "dead")
HELD = "sending"
ENDED = ("delivered", "cancelled")


@dataclass(frozen=True)
class Broken:
    """A promise that was not kept, and where."""

    name: str
    where: str

    def __str__(self) -> str:
        return f"{self.name}: {self.where}"


def judge(simulation: Simulation, log: str) -> list[Broken]:
    """Everything that was broken, the first of each name."""
    found: dict[str, Broken] = {}
    for each in _Bench(simulation, log).findings():
        found.setdefault(each.name, each)
    return list(found.values())


class _Bench:
    """What the judge looks at."""

    def __init__(self, simulation: Simulation, log: str) -> None:
        self.played, self.log = simulation, log
        self.town = simulation.town.applications
        self.wire = simulation.town.reader.book.wire
        cursor = self.wire.cursor()
        cursor.row_factory = sqlite3.Row
        self.messages = {row["id"]: row for row in cursor.execute("SELECT * FROM message")}
        self.deliveries = {row["id"]: row for row in cursor.execute("SELECT * FROM delivery ORDER BY position")}
        self.lines = cursor.execute("SELECT * FROM journal ORDER BY id").fetchall()
        self.trail: dict[str, list[sqlite3.Row]] = defaultdict(list)
        for row in cursor.execute("SELECT * FROM trail ORDER BY id"):
            self.trail[row["delivery"]].append(row)
        self.of_delivery: dict[str, list[sqlite3.Row]] = defaultdict(list)
        for line in self.lines:
            self.of_delivery[line["delivery"]].append(line)
        self.effects = list(self._effects())

    def findings(self) -> Iterator[Broken]:
        yield from self.i1_no_loss()
        yield from self.i2_nothing_from_nowhere()
        yield from self.i3_no_false_delivery()
        yield from self.i4_effects()
        yield from self.i5_order()
        yield from self.i6_end()
        yield from self.i7_journal()
        yield from self.i8_totals()
        yield from self.i9_terminal()
        yield from self.i10_fencing()
        yield from self.i11_intake()
        yield from self.i14_silence()
        yield from self.one_run_a_slot()

    def _effects(self) -> Iterator[tuple[float, sqlite3.Row | None, str]]:
        """What was done, when, and because of which delivery: the waste application knows the request, the portal the
        key of the call."""
        by_request, by_key = {}, {self._key(each): each for each in self.deliveries.values()}
        for key, order in self.played.said.items():
            for each in self.messages.values():
                if each["key"] == key:
                    by_request[order.reference, str(order.number)] = self._of(each["id"])
        for effect in self.town.effects:
            if effect.application == "waste":
                yield effect.at, by_request.get((effect.reference, effect.about)), f"{effect.reference}/{effect.about}"
            else:
                yield effect.at, by_key.get(effect.key), effect.key or f"{effect.reference} (no key)"

    def _key(self, delivery: sqlite3.Row) -> str:
        """The key that its calls must carry: made of what its sender said."""
        message = self.messages[delivery["message"]]
        told = [message[part] for part in ("authority", "sender", "exchange", "key")]
        said = "\x1f".join((*told, delivery["receiver"], delivery["operation"]))
        return hashlib.sha256(said.encode()).hexdigest()[:32] if message["key"] else delivery["id"]

    def _of(self, message: str) -> sqlite3.Row | None:
        return next((each for each in self.deliveries.values() if each["message"] == message), None)

    # -- the promises -------------------------------------------------------------------------------------------------

    def i1_no_loss(self) -> Iterator[Broken]:
        for key, receipts in self.played.receipts.items():
            for receipt in receipts:
                if receipt.message not in self.messages or not self._of(receipt.message):
                    yield Broken("I1", f"{key} was accepted as {receipt.message}, which is not in the book")
        for delivery, changes in self.trail.items():
            if any(change["after"] == "" for change in changes):
                yield Broken("I1", f"{delivery} was deleted")

    def i2_nothing_from_nowhere(self) -> Iterator[Broken]:
        for _, delivery, about in self.effects:
            if delivery is None:
                yield Broken("I2", f"{about} was carried out, and no delivery says it")

    def i3_no_false_delivery(self) -> Iterator[Broken]:
        done = {delivery["id"] for _, delivery, _ in self.effects if delivery}
        for each in self.deliveries.values():
            if each["state"] == "delivered" and each["id"] not in done:
                yield Broken("I3", f"{each['id']} is delivered, and nobody carried it out")

    def i4_effects(self) -> Iterator[Broken]:
        for id_, count in Counter(delivery["id"] for _, delivery, _ in self.effects if delivery).items():
            if count > 1:
                yield Broken("I4", f"{id_} was carried out {count} times")
        told = (effect.about for effect in self.town.effects if effect.application == "portal")
        said = Counter(about for about in told if "I-" in about)
        for about, count in said.items():
            if count > 1:
                yield Broken("I4", f"the portal took {count} times: {about}")

    def i5_order(self) -> Iterator[Broken]:
        last: dict[tuple[str, str], sqlite3.Row] = {}
        done: set[str] = set()
        for at, delivery, _ in self.effects:
            if delivery is None or delivery["id"] in done:
                continue
            done.add(delivery["id"])
            before = last.get(line := (delivery["lane"], delivery["reference"]))
            if before and before["position"] > delivery["position"]:
                yield Broken("I5", f"{delivery['id']} was carried out after {before['id']}")
            last[line] = delivery
            if behind := self._not_ended_before(delivery, at):
                yield Broken("I5", f"{delivery['id']} was carried out before {behind} had ended")

    def _not_ended_before(self, delivery: sqlite3.Row, at: float) -> str:
        """An earlier delivery of the reference that had not ended then."""
        for other in self.deliveries.values():
            if (other["lane"], other["reference"]) != (delivery["lane"], delivery["reference"]):
                continue
            if other["position"] >= delivery["position"]:
                continue
            ends = [row["at"] for row in self.trail[other["id"]] if row["after"] in ENDED]
            if not ends or ends[0] > at:
                return str(other["id"])
        return ""

    def i6_end(self) -> Iterator[Broken]:
        if len(self.played.receipts) < MESSAGES:
            yield Broken("I6", f"{MESSAGES - len(self.played.receipts)} requests were never accepted")
        for each in self.deliveries.values():
            if each["state"] not in ENDED:
                yield Broken("I6", f"{each['id']} is {each['state']} long after all faults, due at {each['due_at']}")

    def i7_journal(self) -> Iterator[Broken]:
        with self.played.town.engine.begin() as connection:
            if flaw := chain.verify(connection):
                yield Broken("I7", f"{flaw.chain} {flaw.position}: {flaw.text.en}")
        firsts = Counter(line["message"] for line in self.lines if line["event"] == "accepted")
        for each in self.messages:
            if firsts[each] != 1:
                yield Broken("I7", f"{each} was accepted {firsts[each]} times, says the journal")
        for each in self.deliveries.values():
            yield from self._story(each)

    def _story(self, held: sqlite3.Row) -> Iterator[Broken]:
        """The lines of a delivery tell its states, its claims and what it was charged for."""
        lines = [line for line in self.of_delivery[held["id"]] if line["event"] not in ("fenced", "follow-up-refused")]
        told = " ".join(["accepted", *(line["event"] for line in lines), ""])
        if not GRAMMAR.fullmatch(told):
            yield Broken("I7", f"{held['id']}: {told}")
        claims = sum(row["after"] == HELD and row["token_after"] != row["token"] for row in self.trail[held["id"]])
        ends = sum(line["event"] in (*SETTLED, "lease-lost", "released", "lease-ended") for line in lines)
        ends -= sum(line["event"] == "dead" and "token" not in line["detail"] for line in lines)
        deadly = sum(line["event"] == "dead" and "token" not in line["detail"] for line in lines)
        if claims != ends + deadly + (held["state"] == HELD):
            yield Broken("I7", f"{held['id']} was claimed {claims} times, and {ends + deadly} ends are told: {told}")
        charged = 0
        for line in lines:
            if line["event"] == "replayed":
                charged = 0
            elif line["event"] in CHARGED and "token" in line["detail"]:
                probed = (held["id"], json.loads(line["detail"])["token"]) in self.played.probes
                charged += line["event"] == "dead" or not probed
        if held["attempts"] != charged:
            yield Broken("I7", f"{held['id']} was charged {held['attempts']} times, and {charged} are told: {told}")

    def i8_totals(self) -> Iterator[Broken]:
        states = Counter(each["state"] for each in self.deliveries.values())
        if len(self.deliveries) != sum(states.values()) or len(self.messages) != len({*self.messages}):
            yield Broken("I8", str(states))
        done = {delivery["id"] for _, delivery, _ in self.effects if delivery}
        delivered = {id_ for id_, each in self.deliveries.items() if each["state"] == "delivered"}
        if done - delivered:
            yield Broken("I8", f"carried out, and not delivered: {sorted(done - delivered)}")
        told = Counter(each["key"].split(":")[0] for each in self.messages.values() if ":delivered:" in each["key"])
        for id_ in delivered:
            if self.deliveries[id_]["receiver"] == "waste" and told[id_] != (id_ not in self.played.confirmed):
                yield Broken("I8", f"{id_} is delivered, and the portal is told so {told[id_]} times")

    def i9_terminal(self) -> Iterator[Broken]:
        for delivery, changes in self.trail.items():
            replays = sum(line["event"] == "replayed" for line in self.of_delivery[delivery])
            for change in changes:
                if change["before"] in ENDED and change["after"] != change["before"]:
                    yield Broken("I9", f"{delivery} was {change['before']}, and became {change['after'] or 'nothing'}")
                if change["before"] == "dead" and change["after"] not in ("dead", "waiting", "cancelled"):
                    yield Broken("I9", f"{delivery} was dead, and became {change['after']}")
                if change["before"] == "dead" and change["after"] == "waiting":
                    replays -= 1
            if replays < 0:
                yield Broken("I9", f"{delivery} left its end without a replay in the journal")

    def i10_fencing(self) -> Iterator[Broken]:
        for delivery, changes in self.trail.items():
            settled = [json.loads(line["detail"])["token"] for line in self._settlements(delivery)]
            for change in changes:
                if not 0 <= change["token_after"] - change["token"] <= 1:
                    yield Broken("I10", f"{delivery}: token {change['token']} became {change['token_after']}")
                if change["before"] == HELD == change["after"]:
                    yield Broken("I10", f"{delivery} went from {change['holder']} to {change['holder_after']}")
                if change["before"] == HELD != change["after"]:
                    yield from self._let_go(delivery, change, settled)
            for token in settled:
                yield Broken("I10", f"{delivery} was settled under token {token}, which it had no more")

    def _settlements(self, delivery: str) -> list[sqlite3.Row]:
        return [line for line in self.of_delivery[delivery] if line["event"] in SETTLED and "token" in line["detail"]]

    def _let_go(self, delivery: str, change: sqlite3.Row, settled: list[int]) -> Iterator[Broken]:
        """A lease ends by its own hand; or it was lost, by a node that something had befallen."""
        if change["token"] in settled:
            settled.remove(change["token"])
            return
        # Felt when the lease ran out, however long nobody was there to take it up.
        lost_at = min(change["at"], change["lease_until"] / 1e6 - NOON.timestamp() + 1.0)
        well = lost_at > self.played.unwell.get(change["holder"], -1.0)
        if well and not self._released(delivery, change["holder"]):
            yield Broken("I10", f"{delivery} was taken from {change['holder']}, which was well")

    def _released(self, delivery: str, holder: str) -> bool:
        return any(line["event"] == "released" and holder in line["detail"] for line in self.of_delivery[delivery])

    def i11_intake(self) -> Iterator[Broken]:
        for key, receipts in self.played.receipts.items():
            if len({receipt.message for receipt in receipts}) > 1:
                yield Broken("I11", f"{key} became {sorted({receipt.message for receipt in receipts})}")
        keys = Counter((each["sender"], each["exchange"], each["key"]) for each in self.messages.values() if each["key"])
        for key, count in keys.items():
            if count > 1:
                yield Broken("I11", f"{key} is {count} messages")
        for key in self.played.taken_unlike:
            yield Broken("I11", f"{key} was taken for another content")

    def i14_silence(self) -> Iterator[Broken]:
        if CANARY in self.log:
            at = self.log.index(CANARY)
            yield Broken("I14", f"the log says: {self.log[max(0, at - 120) : at + 20]}")
        for line in self.lines:
            if CANARY in line["detail"] or CANARY in line["reason"]:
                yield Broken("I14", f"the journal says: {line['detail']} {line['reason']}")

    def one_run_a_slot(self) -> Iterator[Broken]:
        """A node fetches as often as it won a slot, and each slot is one node's."""
        names = dict(self.wire.execute("SELECT boot, name FROM node").fetchall())
        won = Counter(name for (name,) in self.wire.execute("SELECT node FROM fired"))
        fetched = Counter(names[boot] for _, boot in self.town.fetched)
        for name in fetched:
            if fetched[name] > won[name]:
                yield Broken("T01", f"{name} won {won[name]} slots and fetched {fetched[name]} times")
        for slot, count in self.wire.execute("SELECT slot, count(DISTINCT node) FROM fired GROUP BY slot"):
            if count > 1:
                yield Broken("T01", f"{slot} was won by {count} nodes")
