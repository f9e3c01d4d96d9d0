"""Leases: who sends what, for how long, within each lane's limits; and what becomes of what a dead node held."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import sqlalchemy as sa

from hub.facts import replace
from hub.ledger.facts import Claim, packed
from hub.ledger.rows import COLUMNS, MESSAGE_COLUMNS, PLAIN, delivery_of, lane_of, message_of
from hub.ledger.statements import change
from hub.ledger.tables import (
    CLAIMABLE,
    MICROSECOND,
    Instant,
    content,
    delivery,
    journal,
    lane,
    message,
    node,
    plain_time,
    state_in,
)
from hub.ledger.turns import AT, first_of, put_aside
from hub.ledger.writer import Transaction
from hub.lifecycle import (
    SUSPECT,
    Event,
    Gate,
    Lane,
    LanePolicy,
    after_loss,
    allowance,
    check_transition,
    taken,
)
from hub.message import Delivery, Priority, State

MANY = 1000
"""At most so many lost leases in one transaction: the rest is found at the next look."""

FEW = 16
"""At least so many are looked at together, to find those whose turn it is."""

HEAD_START = timedelta(minutes=10)
"""A delivery goes before those of the next lower priority that are due for up to so much longer. So what comes later can put
off even the lowest only for so long."""

_OF_PRIORITY = """
SELECT * FROM (SELECT position, lane, reference, authority, due_at + {later} AS turn_at FROM delivery
  WHERE lane = :lane AND state IN ('waiting', 'unanswered') AND NOT behind AND priority = {priority} AND due_at <= :now
  ORDER BY due_at, position LIMIT :few) AS of_{priority}
"""
TURNS = sa.text(
    f"SELECT position, CASE WHEN reference = '' THEN position ELSE {first_of('turn')} END AS head FROM ("
    + " UNION ALL ".join(
        _OF_PRIORITY.format(priority=int(each), later=each * (HEAD_START // MICROSECOND)) for each in Priority
    )
    + ") AS turn ORDER BY turn_at, position LIMIT :few"
).bindparams(sa.bindparam("now", type_=Instant))
"""What is due in a lane by its turn, each with the first that holds its reference back: itself, or the one it is behind."""

_DUE = (
    sa.select(delivery, *MESSAGE_COLUMNS, content.c.sealed)
    .join_from(delivery, message, message.c.id == delivery.c.message)
    .outerjoin(content, sa.and_(content.c.message == message.c.id, content.c.name == "record"))
    .where(state_in(delivery, CLAIMABLE))
    .with_for_update(of=delivery, skip_locked=True)
)
DUE = {dialect: _DUE.where(sa.text(at)) for dialect, at in AT.items()}
"""What is claimed, with its message and its record, by position; locked."""

SAVE_LANES = change(lane, COLUMNS[Lane][1:], by="name")
HOLD = change(delivery, ("state", "holder", "lease_until", "token", "tries"), by="position")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lanes to claim from, for whom, until when, and how many in all."""

    lanes: Mapping[str, LanePolicy]
    holder: str
    lease_until: datetime
    limit: int


def register(to: Transaction, *, now: datetime) -> None:
    """Enter this start of this node."""
    to.connection.execute(sa.insert(node).values(boot=to.boot, name=to.node, seen_at=now))


def claim(to: Transaction, wanted: Wanted, *, now: datetime) -> tuple[Claim, ...]:
    """Take what is due, lane by lane, in the order of the lanes' names."""
    lanes = lanes_for_update(to, wanted.lanes.keys(), skip_locked=True)
    flying = _in_flight(to, lanes)
    claims: list[Claim] = []
    for name, before in lanes.items():
        count, after = allowance(before, policy=wanted.lanes[name], in_flight=flying.get(name, 0), now=now)
        count = min(count, wanted.limit - len(claims))
        rows = _due(to, name, count, now=now) if count else []
        claims += [_claimed(row, after, wanted) for row in rows]
        if rows:
            save_lanes(to, [taken(after, len(rows))])
    if claims:
        HOLD.run(to.connection, [_hold(each.delivery) for each in claims])
    return tuple(claims)


def lanes_for_update(to: Transaction, names: Collection[str], *, skip_locked: bool = False) -> dict[str, Lane]:
    """These lanes by name, locked, in the order of their names; those that another node has locked may be left out."""
    if not names:
        return {}
    asked = sa.select(lane).where(lane.c.name.in_(sorted(names))).order_by(lane.c.name)
    rows = to.connection.execute(asked.with_for_update(skip_locked=skip_locked)).mappings()
    return {row["name"]: lane_of(row) for row in rows}


def save_lanes(to: Transaction, lanes: Iterable[Lane]) -> None:
    """Write lanes that were read for update."""
    if rows := list(map(PLAIN[Lane], lanes)):
        SAVE_LANES.run(to.connection, rows)


def _in_flight(to: Transaction, names: Collection[str]) -> dict[str, int]:
    """How many deliveries of each lane are held, by whichever node; a call may outlast its lease until it is taken up."""
    if not names:
        return {}
    held = sa.select(delivery.c.lane, sa.func.count()).where(
        state_in(delivery, (State.SENDING,)), delivery.c.lane.in_(sorted(names))
    )
    return {row[0]: row[1] for row in to.connection.execute(held.group_by(delivery.c.lane))}


def _due(to: Transaction, name: str, count: int, *, now: datetime) -> Sequence[sa.RowMapping]:
    """What may go now in a lane: due, and the first of its authority's reference that has not ended. What is due and stands
    behind another is put aside, so that it is met once."""
    chosen: list[int] = []
    for few in (max(count, FEW), MANY, MANY):
        found = to.connection.execute(TURNS, {"lane": name, "now": now, "few": few}).all()
        chosen = [row.position for row in found if row.head == row.position][:count]
        behind = {row.position: row.head for row in found if row.head != row.position}
        if not (behind and put_aside(to, behind)) or len(chosen) == count:
            break
    else:
        to.stirred.add(name)
    if not chosen:
        return []
    rows = to.connection.execute(DUE[to.connection.dialect.name], {"at": json.dumps(chosen)}).mappings().all()
    return sorted(rows, key=lambda row: chosen.index(row["position"]))


def _claimed(row: sa.RowMapping, lane_then: Lane, wanted: Wanted) -> Claim:
    before = delivery_of(row)
    check_transition(before.state, State.SENDING)
    held = replace(
        before,
        state=State.SENDING,
        holder=wanted.holder,
        lease_until=wanted.lease_until,
        token=before.token + 1,
        tries=before.tries + 1,
    )
    probing = lane_then.gate is Gate.HALF_OPEN
    return Claim(held, message_of(row, "message_"), lane_then, probing=probing, packed=row["sealed"] or b"")


def _hold(held: Delivery) -> tuple[Any, ...]:
    return held.position, held.state, held.holder, plain_time(held.lease_until), held.token, held.tries


def renew(to: Transaction, *, now: datetime, until: datetime, only: Collection[str] | None) -> int:
    """Extend this boot's leases, all or those of some deliveries, and say that it lives."""
    to.connection.execute(sa.update(node).where(node.c.boot == to.boot).values(seen_at=now))
    held = sa.update(delivery).where(state_in(delivery, (State.SENDING,)), delivery.c.holder == to.boot)
    held = held if only is None else held.where(delivery.c.id.in_(sorted(only)))
    return to.connection.execute(held.values(lease_until=until)).rowcount


def release(to: Transaction, ids: Collection[str], *, holder: str, now: datetime) -> int:
    """Give back, of these deliveries, those that the holder holds; the try is not counted."""
    mine = _sending().where(delivery.c.id.in_(ids), delivery.c.holder == holder)
    return _give_back(to, mine, _Return("released", now, due_at=now, tries=-1))


def put_back(to: Transaction, held: Delivery, *, now: datetime, due_at: datetime) -> int:
    """Give back what a collector fetched, for later, if it holds it still under that token."""
    same = _sending().where(delivery.c.id == held.id, delivery.c.holder == held.holder, delivery.c.token == held.token)
    return _give_back(to, same, _Return("released", now, due_at=due_at))


def take_up(to: Transaction, *, now: datetime) -> int:
    """Give back what is held beyond its lease: a dead node's as maybe sent, a collector's as it was."""
    expired = _sending().where(delivery.c.lease_until < now).order_by(delivery.c.lease_until).limit(MANY)
    boots = sa.select(node.c.boot)
    lost = _lose(to, expired.where(delivery.c.holder.in_(boots)), now=now)
    ended = _give_back(
        to, expired.where(delivery.c.holder.not_in(boots)), _Return("lease-ended", now, due_at=now, attempts=1)
    )
    return lost + ended


def void(to: Transaction, *, now: datetime) -> int:
    """Give back what earlier boots of this node held; SQLite serves one process, so there it is what any boot held."""
    boots = sa.select(node.c.boot).where(node.c.boot != to.boot)
    if to.connection.dialect.name != "sqlite":
        boots = boots.where(node.c.name == to.node)
    return _lose(to, _sending().where(delivery.c.holder.in_(boots)), now=now)


def _sending() -> sa.Select[Any]:
    return sa.select(delivery).where(state_in(delivery, (State.SENDING,))).with_for_update(skip_locked=True)


@dataclass(frozen=True, slots=True)
class _Return:
    """How what was held becomes claimable again: by which event, when, and what it adds to its counts."""

    event: str
    at: datetime
    due_at: datetime
    tries: int = 0
    attempts: int = 0


def _give_back(to: Transaction, held: sa.Select[Any], by: _Return) -> int:
    """Make what is held claimable, as it was before."""
    deliveries = [delivery_of(row) for row in to.connection.execute(held).mappings()]
    for each in deliveries:
        state = State.UNANSWERED if each.look_up else State.WAITING
        counts = {"tries": each.tries + by.tries, "attempts": each.attempts + by.attempts}
        _free(to, each, state=state, due_at=by.due_at, **counts)
        to.journal.write(by.event, at=by.at, message=each.message, delivery=each.id, detail={"holder": each.holder})
    return len(deliveries)


def _lose(to: Transaction, held: sa.Select[Any], *, now: datetime) -> int:
    """Let what dead nodes held become what `lifecycle` says of a loss."""
    deliveries = [delivery_of(row) for row in to.connection.execute(held).mappings()]
    losses = {each.id: 1 + _losses(to, each) for each in deliveries}
    suspects = sorted((id_ for id_, count in losses.items() if count >= SUSPECT), key=lambda id_: (losses[id_], id_))
    for each in deliveries:
        place = suspects.index(each.id) if each.id in suspects else 0
        after = after_loss(each, losses=losses[each.id], now=now, place=place, of=max(1, len(suspects)))
        reason = {"reason": packed(after.reason)} if after.reason else {}
        _free(to, each, state=after.state, due_at=after.due_at, look_up=after.look_up, **reason)
        detail = {"holder": each.holder}
        to.journal.write(after.event, at=now, message=each.message, delivery=each.id, reason=after.reason, detail=detail)
    return len(deliveries)


def _losses(to: Transaction, each: Delivery) -> int:
    """How often in a row, up to now, a holder of a delivery died before it had an outcome."""
    written = sa.select(journal.c.event).where(journal.c.message == each.message, journal.c.delivery == each.id)
    events = to.connection.scalars(written.order_by(journal.c.id)).all()
    return len(list(takewhile(lambda event: event == Event.LOST, reversed(events))))


def _free(to: Transaction, each: Delivery, *, state: State, due_at: datetime | None, **values: Any) -> None:
    check_transition(each.state, state)
    to.stirred.add(each.lane)
    freed = sa.update(delivery).where(delivery.c.id == each.id)
    to.connection.execute(freed.values(state=state, due_at=due_at, holder="", lease_until=None, **values))
