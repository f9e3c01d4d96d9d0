"""What a person does to deliveries and lanes, each with who and why in the journal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.errors import Conflict, HubError, NotFound, Text, same
from hub.facts import replace
from hub.ledger import images
from hub.ledger.accepting import accept
from hub.ledger.birth import open_lanes
from hub.ledger.claiming import lanes_for_update, save_lanes
from hub.ledger.facts import Acceptance, Detail, Held
from hub.ledger.rows import delivery_of
from hub.ledger.tables import delivery
from hub.ledger.turns import come_forward, is_over
from hub.ledger.writer import Transaction
from hub.lifecycle import Gate, Lane, check_transition
from hub.message import Delivery, Receipt, State


@dataclass(frozen=True, slots=True)
class Action:
    """Who does it, why, and when."""

    actor: str
    reason: str
    now: datetime


def replay(to: Transaction, id_: str, *, by: Action, look_up: bool | None) -> None:
    """Let a delivery go anew, as if it had never failed. One that waits for a person was looked at by this person."""
    held = _held(to, id_, State.WAITING, of=(State.DEAD, State.UNANSWERED))
    settled = held.state is State.UNANSWERED and held.due_at is None
    asked_first = held.look_up and not settled if look_up is None else look_up
    anew = {"due_at": by.now, "attempts": 0, "failing_since": None, "look_up": asked_first}
    _change(to, held, State.WAITING, by=by, event="replayed", values=anew)


def cancel(to: Transaction, id_: str, *, by: Action) -> None:
    """End a delivery that has not been sent."""
    held = _held(to, id_, State.CANCELLED, of=State)
    _change(to, held, State.CANCELLED, by=by, event="cancelled", values={"due_at": None})


def confirm(to: Transaction, id_: str, *, by: Action) -> None:
    """End an unanswered delivery that a person saw carried out."""
    held = _held(to, id_, State.DELIVERED, of=(State.UNANSWERED,))
    _change(to, held, State.DELIVERED, by=by, event="confirmed", values={"due_at": None, "look_up": False})
    images.confirm(to, Held(held.authority, held.exchange, held.reference, held.receiver))


def replace_dead(to: Transaction, id_: str, corrected: Acceptance, *, by: Action) -> Receipt:
    """Accept a message in the place of a dead letter: in its place in the order, too, and in doubt if that one was."""
    held = _held(to, id_, State.CANCELLED, of=(State.DEAD,))
    [item] = corrected.deliveries
    [receipt] = accept(to, [replace(corrected, deliveries=(replace(item, look_up=held.look_up),))])
    if isinstance(receipt, HubError):
        raise receipt
    _exchange_places(to, held, item.id)
    _change(to, held, State.CANCELLED, by=by, event="replaced", values={"due_at": None})
    detail = {"message": held.message, "delivery": held.id}
    why = same(by.reason)
    to.journal.write("replaces", at=by.now, message=receipt.message, actor=by.actor, reason=why, detail=detail)
    return receipt


def _exchange_places(to: Transaction, held: Delivery, new: str) -> None:
    place = to.connection.execute(sa.select(delivery.c.position).where(delivery.c.id == new)).scalar_one()
    for id_, position in ((held.id, -held.position), (new, held.position), (held.id, place)):
        to.connection.execute(sa.update(delivery).where(delivery.c.id == id_).values(position=position))


def pause_lane(to: Transaction, name: str, *, by: Action) -> None:
    """Stop a lane."""
    lane = _lane(to, name)
    save_lanes(to, [replace(lane, paused=True)])
    _note_lane(to, "lane-paused", name, by=by)


def resume_lane(to: Transaction, name: str, *, by: Action) -> None:
    """Start a lane, its failures forgotten."""
    lane = _lane(to, name)
    healthy = replace(lane, paused=False, gate=Gate.CLOSED, failures=0, failing_from=None, until=None, reason="")
    save_lanes(to, [healthy])
    to.stirred.add(name)
    _note_lane(to, "lane-resumed", name, by=by)


def note(to: Transaction, event: str, *, by: Action, message: str, detail: Detail) -> None:
    """Write a line of its own."""
    reason = same(by.reason) if by.reason else None
    to.journal.write(event, at=by.now, message=message, actor=by.actor, reason=reason, detail=detail)


def _held(to: Transaction, id_: str, after: State, *, of: Collection[State] | type[State]) -> Delivery:
    """The delivery, locked, when it may become `after` from one of these states. NotFound or Conflict otherwise."""
    row = to.connection.execute(sa.select(delivery).where(delivery.c.id == id_).with_for_update()).mappings().first()
    if row is None:
        raise NotFound
    held = delivery_of(row)
    check_transition(held.state, after)
    if held.state not in of:
        raise Conflict(
            Text(
                en=f"This cannot be done to a delivery that is {held.state}.",
                fr=f"Impossible pour une remise à l'état « {held.state} ».",
            )
        )
    return held


def _change(to: Transaction, held: Delivery, after: State, *, by: Action, event: str, values: dict[str, Any]) -> None:
    anew = {"behind": False} if after is State.WAITING else {}
    to.connection.execute(sa.update(delivery).where(delivery.c.id == held.id).values(state=after, **values, **anew))
    to.stirred.add(held.lane)
    if is_over(after, held):
        come_forward(to, [held])
    to.journal.write(
        event,
        at=by.now,
        message=held.message,
        delivery=held.id,
        actor=by.actor,
        reason=same(by.reason),
        detail={"from": held.state},
    )


def _lane(to: Transaction, name: str) -> Lane:
    open_lanes(to, [name])
    return lanes_for_update(to, [name])[name]


def _note_lane(to: Transaction, event: str, name: str, *, by: Action) -> None:
    to.journal.write(event, at=by.now, actor=by.actor, reason=same(by.reason), detail={"lane": name})
