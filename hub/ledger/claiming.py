"""Leases: who sends what, for how long, within each lane's limits; and what becomes of what a dead node held."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.ledger.facts import Claim
from hub.ledger.rows import MESSAGE_COLUMNS, delivery_of, lane_of, message_of, row_of
from hub.ledger.tables import CLAIMABLE, OPEN, delivery, lane, message, node, state_in
from hub.ledger.writer import Transaction
from hub.lifecycle import Gate, Lane, LanePolicy, allowance, check_transition, taken
from hub.message import Delivery, State

MANY = 1000
"""At most so many lost leases in one transaction: the rest is found at the next look."""

earlier = delivery.alias("earlier")


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
    names = due_lanes(to.connection, now=now) & wanted.lanes.keys()
    lanes = lanes_for_update(to, names, skip_locked=True)
    flying = _in_flight(to, lanes, now=now)
    claims: list[Claim] = []
    for name, before in lanes.items():
        count, after = allowance(before, policy=wanted.lanes[name], in_flight=flying.get(name, 0), now=now)
        count = min(count, wanted.limit - len(claims))
        rows = _due(to, name, count, now=now) if count else []
        claims += [_claimed(row, after, wanted) for row in rows]
        if rows:
            save_lanes(to, [taken(after, len(rows))])
    _save_claims(to, wanted, [each.delivery.id for each in claims])
    return tuple(claims)


def due_lanes(of: sa.Connection, *, now: datetime) -> frozenset[str]:
    """The lanes where something is due, be it held back: one look into an index for each lane."""
    due = sa.select(delivery.c.position).where(
        delivery.c.lane == lane.c.name, state_in(delivery, CLAIMABLE), delivery.c.due_at <= now
    )
    # A scalar with a limit, for PostgreSQL makes of EXISTS a join that reads all that is due.
    return frozenset(of.scalars(sa.select(lane.c.name).where(due.limit(1).scalar_subquery().is_not(None))))


def lanes_for_update(to: Transaction, names: Collection[str], *, skip_locked: bool = False) -> dict[str, Lane]:
    """These lanes by name, locked, in the order of their names; those that another node has locked may be left out."""
    if not names:
        return {}
    asked = sa.select(lane).where(lane.c.name.in_(sorted(names))).order_by(lane.c.name)
    rows = to.connection.execute(asked.with_for_update(skip_locked=skip_locked)).mappings()
    return {row["name"]: lane_of(row) for row in rows}


def save_lanes(to: Transaction, lanes: Iterable[Lane]) -> None:
    """Write lanes that were read for update."""
    for each in lanes:
        to.connection.execute(sa.update(lane).where(lane.c.name == each.name).values(row_of(each)))


def _in_flight(to: Transaction, names: Collection[str], *, now: datetime) -> dict[str, int]:
    """How many deliveries of each lane are held under a live lease, by whichever node."""
    if not names:
        return {}
    held = sa.select(delivery.c.lane, sa.func.count()).where(
        state_in(delivery, (State.SENDING,)), delivery.c.lane.in_(sorted(names)), delivery.c.lease_until >= now
    )
    return {row[0]: row[1] for row in to.connection.execute(held.group_by(delivery.c.lane))}


def _due(to: Transaction, name: str, count: int, *, now: datetime) -> Sequence[sa.RowMapping]:
    """What may go now in a lane: due, and the first of its reference that has not ended."""
    first = sa.select(earlier.c.position).where(
        earlier.c.lane == delivery.c.lane, earlier.c.reference == delivery.c.reference, state_in(earlier, OPEN)
    )
    # A scalar with a limit here too: PostgreSQL makes of NOT EXISTS a join that reads every open delivery.
    is_first = delivery.c.position == first.order_by(earlier.c.position).limit(1).scalar_subquery()
    free = sa.or_(delivery.c.reference == "", is_first)
    due = (
        sa.select(delivery, *MESSAGE_COLUMNS)
        .join_from(delivery, message, message.c.id == delivery.c.message)
        .where(delivery.c.lane == name, state_in(delivery, CLAIMABLE), delivery.c.due_at <= now, free)
        .order_by(delivery.c.due_at, delivery.c.position)
        .limit(count)
    )
    return to.connection.execute(due.with_for_update(of=delivery, skip_locked=True)).mappings().all()


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
    return Claim(held, message_of(row, "message_"), lane_then, probing=lane_then.gate is Gate.HALF_OPEN)


def _save_claims(to: Transaction, wanted: Wanted, ids: Sequence[str]) -> None:
    if ids:
        held = sa.update(delivery).where(delivery.c.id.in_(ids))
        to.connection.execute(
            held.values(
                state=State.SENDING,
                holder=wanted.holder,
                lease_until=wanted.lease_until,
                token=delivery.c.token + 1,
                tries=delivery.c.tries + 1,
            )
        )


def renew(to: Transaction, *, now: datetime, until: datetime) -> int:
    """Extend this boot's leases, and say that it lives."""
    to.connection.execute(sa.update(node).where(node.c.boot == to.boot).values(seen_at=now))
    held = sa.update(delivery).where(state_in(delivery, (State.SENDING,)), delivery.c.holder == to.boot)
    return to.connection.execute(held.values(lease_until=until)).rowcount


def release(to: Transaction, ids: Collection[str], *, holder: str, now: datetime) -> int:
    """Give back, of these deliveries, those that the holder holds; the try is not counted."""
    mine = _sending().where(delivery.c.id.in_(ids), delivery.c.holder == holder)
    return _give_back(to, mine, now=now, event="released", sent=False)


def take_up(to: Transaction, *, now: datetime) -> int:
    """Give back what is held beyond its lease: a dead node's as maybe sent, a collector's as it was."""
    expired = _sending().where(delivery.c.lease_until < now).order_by(delivery.c.lease_until).limit(MANY)
    boots = sa.select(node.c.boot)
    lost = _give_back(to, expired.where(delivery.c.holder.in_(boots)), now=now, event="lease-lost", sent=True)
    ended = _give_back(to, expired.where(delivery.c.holder.not_in(boots)), now=now, event="lease-ended", sent=None)
    return lost + ended


def void(to: Transaction, *, now: datetime) -> int:
    """Give back what earlier boots of this node held; SQLite serves one process, so there it is what any boot held."""
    boots = sa.select(node.c.boot).where(node.c.boot != to.boot)
    if to.connection.dialect.name != "sqlite":
        boots = boots.where(node.c.name == to.node)
    return _give_back(to, _sending().where(delivery.c.holder.in_(boots)), now=now, event="lease-lost", sent=True)


def _sending() -> sa.Select[Any]:
    return sa.select(delivery).where(state_in(delivery, (State.SENDING,))).with_for_update(skip_locked=True)


def _give_back(to: Transaction, held: sa.Select[Any], *, now: datetime, event: str, sent: bool | None) -> int:
    """Make what is held claimable now. `sent`: maybe, not at all (the try is not counted), or None: handed out."""
    deliveries = [delivery_of(row) for row in to.connection.execute(held).mappings()]
    for each in deliveries:
        _free(to, each, now=now, maybe_sent=bool(sent), tries=each.tries - (sent is False))
        to.journal.write(event, at=now, message=each.message, delivery=each.id, detail={"holder": each.holder})
    return len(deliveries)


def _free(to: Transaction, each: Delivery, *, now: datetime, maybe_sent: bool, tries: int) -> None:
    look_up = each.look_up or maybe_sent
    after = State.UNANSWERED if look_up else State.WAITING
    check_transition(each.state, after)
    freed = sa.update(delivery).where(delivery.c.id == each.id)
    to.connection.execute(freed.values(state=after, look_up=look_up, due_at=now, holder="", lease_until=None, tries=tries))
