"""What a campaign's evidence proves: a pure function that names every invariant that was broken, and says whether the
campaign was hard enough to prove anything. `python -m tests.faults.campaign.judge FOLDER` judges saved files anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.faults.campaign.back_office import FORGETFUL
from tests.faults.campaign.evidence import Evidence, Row, read
from tests.faults.campaign.takeover import takeovers

INVARIANTS = {
    "I1": "nothing that was accepted is lost",
    "I2": "nothing is done that nobody said, and nothing is kept that was refused at the door",
    "I3": "nothing is called delivered that was not carried out",
    "I4": "nothing is carried out twice, but where a receiver that forgets left its caller without an answer",
    "I5": "messages of one key are carried out in the order in which they were accepted, each after the end of the last",
    "I6": "once trouble is over, everything comes to an end in time",
    "I7": "the journal tells each attempt once, and its chains hold",
    "I8": "each message has its delivery, and the console shows what the ledger has",
    "I9": "an end is an end",
    "I10": "a hand that lost a delivery changes nothing any more",
    "I11": "one key is one message",
    "I14": "no content shows in a log or in the journal",
}
ENDS = {"delivered": "delivered", "confirmed": "delivered", "cancelled": "cancelled"}
"""Journal events after which a delivery is over, and the state that it then has."""
LOSSES = ("lease-lost", "released", "lease-ended")
ANYHOW = "fenced"
UNKNOWN = ("unanswered", "lease-lost", "fenced")


@dataclass(frozen=True)
class Verdict:
    """Every violation by its invariant, what was too easy, and the figures."""

    violations: Mapping[str, Sequence[str]]
    too_easy: Sequence[str]
    figures: Mapping[str, Any]

    @property
    def broken(self) -> tuple[str, ...]:
        """The invariants that do not hold."""
        return tuple(name for name in INVARIANTS if self.violations.get(name))

    def facts(self) -> dict[str, Any]:
        """The verdict as one JSON object."""
        verdict = "broken" if self.broken else "invalid" if self.too_easy else "passed"
        examples = {name: list(found[:3]) for name, found in self.violations.items() if found}
        easy = {"valid": not self.too_easy, **({"too_easy": list(self.too_easy)} if self.too_easy else {})}
        return {**self.figures, **easy, "broken": list(self.broken), "examples": examples, "verdict": verdict}


@dataclass
class Told:
    """One message, from every side. `lines`: the journal lines of its delivery, in the order of writing."""

    id: str
    destination: str = ""
    reference: str = ""
    number: int = 0
    oks: list[Row] = field(default_factory=list)
    refused: bool = False
    message: Row | None = None
    delivery: Row | None = None
    lines: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)

    @property
    def effects(self) -> int:
        return sum(bool(call["applied"]) for call in self.calls)

    @property
    def state(self) -> str:
        return str(self.delivery["state"]) if self.delivery else ""

    @property
    def claims(self) -> list[Row]:
        """The lines that end a claim."""
        return [line for line in self.lines if (_token(line) and line["event"] != ANYHOW) or line["event"] in LOSSES]


def judge(evidence: Evidence) -> Verdict:
    """What the evidence proves."""
    told = _told(evidence)
    found: dict[str, list[str]] = {name: [] for name in INVARIANTS}
    for each in told.values():
        for law in LAWS:
            for name, text in law(each):
                found[name].append(f"{each.id}: {text}")
    for name, text in (*_order(told.values()), *_whole(evidence)):
        found[name].append(text)
    figures = _figures(evidence, told, found)
    return Verdict(found, _too_easy(evidence, figures), figures)


def _told(evidence: Evidence) -> dict[str, Told]:
    """Every message that anybody speaks of, by the id in its content."""
    told: dict[str, Told] = {}
    for event in evidence.history:
        if event["kind"] == "nemesis":
            continue
        each = told.setdefault(event["id"], Told(event["id"]))
        if event["kind"] == "invoke":
            each.destination, each.reference, each.number = event["destination"], event["reference"], event["number"]
        each.oks += [event] if event["kind"] == "ok" else []
        each.refused |= event["kind"] == "fail"
    by_message = {}
    for message in evidence.messages:
        each = told.setdefault(message["key"], Told(message["key"]))
        each.message = each.message or message
        by_message[message["id"]] = each
    for delivery in evidence.deliveries:
        if delivery["message"] in by_message:
            by_message[delivery["message"]].delivery = delivery
    for line in evidence.journal:
        if line["message"] in by_message and line["delivery"]:
            by_message[line["message"]].lines.append(line)
    for call in evidence.calls:
        if call["kind"] == "call":
            told.setdefault(call["id"], Told(call["id"])).calls.append(call)
    return told


# -- one message ------------------------------------------------------------------------------------------------------

Found = Iterator[tuple[str, str]]


def _kept(each: Told) -> Found:
    """Accepted is on disk with a delivery; what was refused is nowhere; what was never said is not done."""
    if each.oks and (each.message is None or each.delivery is None):
        yield "I1", "accepted, and not in the ledger"
    if each.refused and not each.oks and each.message is not None:
        yield "I2", "refused at the door, and kept"
    if not each.reference:
        yield "I2", "never said by anybody"


def _once(each: Told) -> Found:
    """One key, one message."""
    ids = {ok["message"] for ok in each.oks} | ({each.message["id"]} if each.message and each.oks else set())
    if len(ids) > 1:
        yield "I11", f"accepted as {', '.join(sorted(ids))}"


def _done(each: Told) -> Found:
    """Delivered is carried out; and nothing twice."""
    if each.state == "delivered" and not any(call["applied"] or call["duplicate"] for call in each.calls):
        yield "I3", "called delivered, and no back office took it"
    most = 1
    if each.destination == FORGETFUL:
        most += sum(line["event"] in UNKNOWN for line in each.lines) + _set_aside(each)
    if each.effects > most:
        yield "I4", f"carried out {each.effects} times, {most} at most"


def _ended(each: Told) -> Found:
    """Nothing is left under way."""
    if each.delivery and each.state not in ("delivered", "dead", "cancelled"):
        yield "I6", f"still {each.state}"


def _attempts(each: Told) -> Found:
    """Each claim has its token, in turn, and its one line; an end is the last."""
    token, end = 0, ""
    for line in each.lines:
        event, own = line["event"], _token(line)
        if event == ANYHOW:
            if own > token:
                yield "I10", f"fenced with {own} while {token} was the last that was taken back"
            continue
        if own or event in LOSSES or (event == "dead" and not own):
            yield from _next_token(event, own, token)
            token = max(token, own) if own else token + 1
        if end and (own or event in (*LOSSES, *ENDS, "replayed", "dead")):
            yield "I9", f"{event} after {end}"
        end = event if event in ENDS else end
    if each.delivery and each.state in ("delivered", "cancelled", "dead"):
        yield from _agrees(each, token, end)


def _next_token(event: str, own: int, last: int) -> Found:
    if own and own <= last:
        yield "I10", f"{event} by token {own} after {last} was taken back"
    if own > last + 1:
        yield "I7", f"{event} by token {own} after {last}: an attempt is missing in the journal"


def _agrees(each: Told, token: int, end: str) -> Found:
    """The delivery's row is what its lines say."""
    assert each.delivery
    if (each.state in ENDS.values() or end) and ENDS.get(end, "") != each.state:
        yield "I7", f"{each.state} in the ledger, {end or 'not ended'} in the journal"
    if each.delivery["token"] != token:
        yield "I7", f"claimed {each.delivery['token']} times, {token} in the journal"
    released = sum(line["event"] == "released" for line in each.lines)
    if each.delivery["tries"] != token - released:
        yield "I7", f"{each.delivery['tries']} tries, {token - released} in the journal"


def _seen(each: Told) -> Found:
    """What the back office saw is in the journal, and the other way round."""
    if each.delivery is None:
        return
    never_left = sum(line["event"] in ("not-sent", "released") for line in each.lines)
    if len(each.calls) > len(each.claims) + _set_aside(each) - never_left:
        yield "I7", f"{len(each.calls)} calls seen, {len(each.claims) - never_left} in the journal"
    answered = sum("status" in line["detail"] and not line["detail"].get("looked_up") for line in each.lines)
    if answered > len(each.calls):
        yield "I7", f"{answered} answered calls in the journal, {len(each.calls)} seen"


def _set_aside(each: Told) -> int:
    """Claims that ended with the death of their holder, once too often."""
    return sum(line["event"] == "dead" and not _token(line) for line in each.lines)


LAWS: Sequence[Callable[[Told], Found]] = (_kept, _once, _done, _ended, _attempts, _seen)


def _token(line: Row) -> int:
    return int(line["detail"].get("token", 0))


# -- all of them ------------------------------------------------------------------------------------------------------


def _order(told: Iterable[Told]) -> Found:
    """Per key: effects in turn, and no attempt before the one before has ended."""
    keys: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        if each.delivery and each.reference:
            keys[each.reference].append(each)
    for reference, said in keys.items():
        said.sort(key=lambda each: each.number)
        firsts = [(min(call["n"] for call in each.calls if call["applied"]), each.number) for each in said if each.effects]
        for (_, before), (n, after) in pairwise(sorted(firsts)):
            if after < before:
                yield "I5", f"{reference}: {after} was first done after {before} (line {n})"
        for before, after in pairwise(said):
            ends = [line["id"] for line in before.lines if line["event"] in ENDS]
            if after.claims and (not ends or after.claims[0]["id"] < max(ends)):
                yield "I5", f"{reference}: {after.number} was tried before the end of {before.number}"


def _whole(evidence: Evidence) -> Found:
    """What is true of the ledger as a whole."""
    facts = evidence.facts
    if facts.get("flaw"):
        yield "I7", f"the journal does not hold: {facts['flaw']}"
    for name in facts.get("leaks", ()):
        yield "I14", f"a citizen's name shows in {name}"
    if facts.get("unsaid"):
        yield "I6", "a client could not have its message accepted after all had healed"
    if facts.get("left"):
        yield "I6", f"not drained within {facts.get('drain_within')} s: {facts['left']}"
    keys = Counter((row["sender"], row["exchange"], row["key"]) for row in evidence.messages)
    for key, count in keys.items():
        if count > 1:
            yield "I11", f"{key[2]}: {count} messages"
    accepted = Counter(line["message"] for line in evidence.journal if line["event"] == "accepted")
    for message in evidence.messages:
        if accepted[message["id"]] != 1:
            yield "I7", f"{message['key']}: accepted {accepted[message['id']]} times in the journal"
    yield from _totals(evidence)


def _totals(evidence: Evidence) -> Found:
    """Each message has its delivery, and each console shows what the ledger has."""
    if len(evidence.deliveries) != len(evidence.messages):
        yield "I8", f"{len(evidence.messages)} messages, {len(evidence.deliveries)} deliveries"
    states = Counter(row["state"] for row in evidence.deliveries)
    for shown in evidence.facts.get("overviews", ()):
        for state in ("waiting", "sending", "unanswered", "dead"):
            if shown.get(state, 0) != states[state]:
                yield "I8", f"the console says {shown.get(state, 0)} {state}, the ledger {states[state]}"


# -- figures ----------------------------------------------------------------------------------------------------------


def _figures(evidence: Evidence, told: Mapping[str, Told], found: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    nemesis = Counter(event["what"] for event in evidence.history if event["kind"] == "nemesis")
    events = Counter(line["event"] for line in evidence.journal)
    took = takeovers(evidence)
    modes = Counter(call["mode"] for call in evidence.calls if call["kind"] == "call")
    invoked = Counter(event["id"] for event in evidence.history if event["kind"] == "invoke")
    return {
        "accepted": sum(bool(each.oks) for each in told.values()),
        "recovered": sum(bool(each.message) and not each.oks for each in told.values()),
        "refused_at_the_door": sum(each.refused for each in told.values()),
        "repeats": sum(count - 1 for count in invoked.values()),
        "delivered": sum(each.state == "delivered" for each in told.values()),
        "cancelled": sum(each.state == "cancelled" for each in told.values()),
        "replayed": events["replayed"],
        "confirmed": events["confirmed"],
        "kills": nemesis["kill"],
        "kills_on_a_held_lease": took.held,
        "terms": nemesis["term"],
        "pauses": nemesis["pause"],
        "replaced": nemesis["removed"],
        "postgresql_restarts": nemesis["postgresql-crash"],
        "postgresql_pauses": nemesis["postgresql-pause"],
        "postgresql_hang_ups": nemesis["postgresql-hang-up"],
        "partitions": nemesis["partition-of-database"] + nemesis["partition-of-office"],
        "attempts": sum(len(each.claims) for each in told.values()),
        "unknown_outcomes": events["unanswered"] + events["lease-lost"],
        "looked_up": sum(call["kind"] == "look" for call in evidence.calls),
        "lost": len(found["I1"]),
        "doubled": len(found["I4"]),
        "out_of_order": len(found["I5"]),
        "false_delivered": len(found["I3"]),
        "audit_gaps": len(found["I7"]),
        "fenced": events["fenced"],
        "extra_effects_explained": sum(max(0, each.effects - 1) for each in told.values() if each.destination == FORGETFUL),
        **took.facts(),
        "modes": dict(sorted(modes.items())),
        "delivered_by": _delivered_by(evidence),
        "drained_s": evidence.facts.get("drained_s"),
    }


def _delivered_by(evidence: Evidence) -> dict[str, int]:
    """How many deliveries ended well on each node."""
    names = {node["boot"]: node["name"].partition(".")[0] for node in evidence.nodes}
    ends = Counter(names.get(line["chain"], "?") for line in evidence.journal if line["event"] == "delivered")
    return dict(sorted(ends.items()))


def _too_easy(evidence: Evidence, figures: Mapping[str, Any]) -> list[str]:
    """Why the campaign proves nothing, if it does not."""
    plan = evidence.facts.get("plan", {})
    short = [f"{mode} was seen {count} times" for mode, count in figures["modes"].items() if count < plan["of_each_mode"]]
    short += [f"{mode} was not seen" for mode in evidence.facts.get("modes", ()) if mode not in figures["modes"]]
    for name in ("kills", "kills_on_a_held_lease"):
        if figures[name] < plan[name]:
            short.append(f"{name}: {figures[name]} of {plan[name]}")
    short += [f"no {name.replace('_', ' ')}" for name in ("accepted", "repeats", "unknown_outcomes") if not figures[name]]
    by, all_of_them = figures["delivered_by"], sum(figures["delivered_by"].values())
    for number in range(1, plan["nodes"] + 1):
        if by.get(f"node-{number}", 0) * 10 < all_of_them:
            short.append(f"node-{number} delivered less than a tenth")
    return short


def main() -> None:
    """Judge the files of a folder; exit code 0 when all holds and the campaign was hard enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    facts = judge(read(parser.parse_args().folder)).facts()
    print(json.dumps(facts, ensure_ascii=False))
    sys.exit(0 if facts["verdict"] == "passed" else 1)


if __name__ == "__main__":
    main()
