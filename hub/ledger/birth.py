"""Born leased: which new deliveries are leased to this node as they are put down, so that nobody need claim them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy.dialects.postgresql import insert

from hub.facts import replace
from hub.ledger.claiming import save_lanes
from hub.ledger.facts import Acceptance, Claim, Offer
from hub.ledger.rows import COLUMNS, lane_from, row_of
from hub.ledger.statements import Question
from hub.ledger.tables import lane, micros
from hub.ledger.writer import Transaction
from hub.lifecycle import CLOSED, Lane, allowance, check_transition, taken
from hub.message import SENDING, WAITING, Delivery

Place = tuple[str, str, str]
"""What order holds in: lane, authority, reference."""

_LANES = f"""
SELECT {", ".join(COLUMNS[Lane])},
  (SELECT count(*) FROM delivery WHERE delivery.lane = lane.name AND state IN ('sending')) AS in_flight,
  (SELECT position FROM (VALUES (0), (1), (2)) AS level CROSS JOIN delivery WHERE delivery.lane = lane.name
    AND state IN ('waiting', 'unanswered') AND NOT behind AND priority = level.column1 AND due_at <= {{now}} LIMIT 1)
    IS NOT NULL AS waiting
FROM {{given}}
"""
_OPEN = """
(SELECT position FROM delivery WHERE delivery.lane = {lane} AND delivery.reference = {reference}
  AND delivery.authority = {authority} AND state NOT IN ('delivered', 'cancelled')
  AND NOT (state = 'dead' AND skipped) LIMIT 1) IS NOT NULL
"""
_PLACE_OPEN = _OPEN.format(lane="r.value ->> 0", authority="r.value ->> 1", reference="r.value ->> 2")
_LANES_SQLITE = _LANES.format(now="?", given="json_each(?) AS given CROSS JOIN lane WHERE lane.name = given.value")
_LANES_POSTGRESQL = _LANES.format(
    now="%s", given="lane WHERE lane.name = ANY(ARRAY(SELECT json_array_elements_text(CAST(%s AS json))))"
)

LANES = Question(_LANES_SQLITE, _LANES_POSTGRESQL)
"""How lanes stand now: asked with the time and their names."""
LANES_LOCKED = Question(_LANES_SQLITE, f"{_LANES_POSTGRESQL} FOR UPDATE OF lane SKIP LOCKED")
"""The same, left out where another node has them locked: nobody waits for anybody, so what is not leased now is claimed."""

HELD_BACK = Question(
    f"SELECT r.key FROM json_each(?) AS r WHERE {_PLACE_OPEN}",
    f"SELECT place - 1 FROM json_array_elements(CAST(%s AS json)) WITH ORDINALITY AS r(value, place) WHERE {_PLACE_OPEN}",
)
"""Which of these places have an earlier delivery that has not ended; as a scalar, for PostgreSQL makes of EXISTS a join."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A lane, how many of its deliveries are held, and whether one that is due waits to be claimed."""

    lane: Lane
    in_flight: int
    waiting: bool


def open_lanes(to: Transaction, names: Iterable[str]) -> list[str]:
    """Make the rows of lanes that have none yet; the names of those that were made."""
    rows = [row_of(Lane(name)) for name in sorted(set(names))]
    made = insert(lane).on_conflict_do_nothing().returning(lane.c.name)
    return list(to.connection.scalars(made, rows)) if rows else []


def leased(to: Transaction, new: Sequence[tuple[Delivery, Acceptance]]) -> list[Delivery]:
    """The new deliveries, those that this node's worker takes at once leased to it; the others are to be claimed."""
    offer = to.offer()
    names = {each.lane for each, _ in new}
    if offer is None or not offer.room:
        open_lanes(to, names)
        return _left(to, [each for each, _ in new])
    lanes = _standing(to, names, offer)
    free = {name: _room(each, offer) for name, each in lanes.items()}
    first = _first_of_their_reference(to, [each for each, _ in new])
    born = []
    for (each, acceptance), is_first in zip(new, first, strict=True):
        if is_first and free.get(each.lane) and len(to.born) < offer.room and _is_due(each, offer):
            free[each.lane] -= 1
            held = _held(to, each, offer)
            document = acceptance.documents.get((each.receiver, each.operation))
            to.born.append(
                Claim(held, acceptance.message, lanes[each.lane].lane, record=acceptance.record, document=document)
            )
            born.append(held)
        else:
            born.append(each)
    _count(to, offer, lanes, Counter(each.lane for each in born if each.state is SENDING))
    return _left(to, born)


def _left(to: Transaction, new: Sequence[Delivery]) -> list[Delivery]:
    """Say that those which are not leased are there to be claimed."""
    to.stirred.update(each.lane for each in new if each.state is WAITING)
    return list(new)


def _is_due(each: Delivery, offer: Offer) -> bool:
    return each.state is WAITING and each.due_at is not None and each.due_at <= offer.now


def _held(to: Transaction, each: Delivery, offer: Offer) -> Delivery:
    check_transition(each.state, SENDING)
    return replace(each, state=SENDING, holder=to.boot, lease_until=offer.lease_until, token=1, tries=1)


def _standing(to: Transaction, names: set[str], offer: Offer) -> dict[str, Standing]:
    """How the lanes stand. One with limits is locked, for they hold for all nodes together; for others nobody waits."""
    bounded = {name for name in names if name in offer.lanes and offer.lanes[name].is_bounded}
    found = _read(to, bounded, LANES_LOCKED, now=offer.now) | standing(to, names - bounded, now=offer.now)
    if missing := names - found.keys():
        found |= {name: Standing(Lane(name), 0, False) for name in open_lanes(to, missing)}
    return found


def standing(to: Transaction, names: set[str], *, now: datetime) -> dict[str, Standing]:
    """How these lanes stand, by name; nothing of those that have no row yet."""
    return _read(to, names, LANES, now=now)


def _read(to: Transaction, names: set[str], asked: Question, *, now: datetime) -> dict[str, Standing]:
    if not names:
        return {}
    rows = asked.ask(to.connection, micros(now), orjson.dumps(sorted(names)).decode())
    return {row[0]: Standing(lane_from(row[:-2]), row[-2], bool(row[-1])) for row in rows}


def _room(each: Standing, offer: Offer) -> int:
    """How many may be leased now: none past those that wait for their turn, none while the lane is being probed."""
    policy = offer.lanes.get(each.lane.name)
    if policy is None or each.waiting or each.lane.gate is not CLOSED:
        return 0
    return allowance(each.lane, policy=policy, in_flight=each.in_flight, now=offer.now)[0]


def _first_of_their_reference(to: Transaction, new: Sequence[Delivery]) -> list[bool]:
    """Whether nothing open comes before each, on disk or among these."""
    places: dict[Place, int] = {}
    first = [not each.reference or places.setdefault(_place(each), at) == at for at, each in enumerate(new)]
    if places:
        ordered = list(places)
        for (at,) in HELD_BACK.ask(to.connection, orjson.dumps(ordered).decode()):
            first[places[ordered[at]]] = False
    return first


def _place(each: Delivery) -> Place:
    return each.lane, each.authority, each.reference


def _count(to: Transaction, offer: Offer, lanes: Mapping[str, Standing], leased_in: Mapping[str, int]) -> None:
    """Take what is leased out of the buckets of lanes with limits, which are locked."""
    counted = []
    for name, count in leased_in.items():
        policy, each = offer.lanes[name], lanes[name]
        if policy.is_bounded:
            after = allowance(each.lane, policy=policy, in_flight=each.in_flight, now=offer.now)[1]
            counted.append(taken(after, count))
    save_lanes(to, counted)
