"""Settling: what became of claimed deliveries and all that follows, in the transaction that fences stale holders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from hub.errors import HubError
from hub.ledger import images
from hub.ledger.accepting import accept
from hub.ledger.claiming import lanes_for_update, save_lanes
from hub.ledger.facts import Crossing, Settlement, packed
from hub.ledger.rows import delivery_of, lane_of, row_of
from hub.ledger.tables import content, crosswalk, delivery, lane, message, state_in
from hub.ledger.writer import Transaction
from hub.lifecycle import Lane, check_transition, lane_after
from hub.message import Delivery, State


def settle(to: Transaction, settlements: Sequence[Settlement]) -> Sequence[bool | HubError]:
    """Settle those whose claim still holds; the others change nothing but the journal."""
    unsettled = _locked(to, {each.claim.delivery.id for each in settlements})
    now = images.versions(to, [held for each in settlements for held in each.images])
    good, answers = [], []
    for each in settlements:
        holds = _holds(each, unsettled.get(each.claim.delivery.id))
        after = _unless_moved(each, now)
        if holds:
            check_transition(State.SENDING, after.decision.state)
            unsettled.pop(after.claim.delivery.id)
            good.append(after)
            images.keep(to, after.images, now, told=True)
        answers.append(holds)
        _write_line(to, after, event=after.decision.event if holds else "fenced")
    if good:
        _save(to, good)
    return answers


def _unless_moved(each: Settlement, now: Mapping[images.Place, int]) -> Settlement:
    """The settlement; or, when its receiver changed what it was told meanwhile, one that has it told again, merged anew."""
    if each.moved is None or images.unmoved(each.images, now):
        return each
    return replace(each, decision=each.moved, images=(), follow_ups=())


def remember(to: Transaction, crossings: Sequence[Crossing], *, now: datetime | None = None) -> None:
    """Enter identifiers, or point those that are known to their new reference; what came by one of them joins it."""
    rows = {(each.authority, each.application, each.name, each.value): row_of(each) for each in crossings}
    entry = insert(crosswalk)
    entry = entry.on_conflict_do_update(
        index_elements=list(crosswalk.primary_key),
        set_={"reference": entry.excluded.reference, "exchange": entry.excluded.exchange},
    )
    if rows:
        to.connection.execute(entry, [rows[key] for key in sorted(rows)])
        _join(to, crossings, now=now)


def _join(to: Transaction, crossings: Sequence[Crossing], *, now: datetime | None) -> None:
    """Let messages that were accepted by an identifier alone, before it was known, take their place in its reference;
    they waited for nothing else, so they are due at `now`. Their reference until then is `<name>:<value>` (routing)."""
    known = {(each.authority, each.application, f"{each.name}:{each.value}"): each.reference for each in crossings}
    asked = sa.select(message.c.id, message.c.authority, message.c.sender, message.c.reference)
    for row in to.connection.execute(asked.where(message.c.reference.in_(sorted({key[2] for key in known})))).all():
        reference = known.get((row.authority, row.sender, row.reference))
        if reference is None:
            continue
        mine = delivery.c.message == row.id
        to.connection.execute(sa.update(message).where(message.c.id == row.id).values(reference=reference))
        to.connection.execute(sa.update(delivery).where(mine).values(reference=reference))
        if now:
            waiting = sa.update(delivery).where(mine, state_in(delivery, (State.WAITING,)), delivery.c.due_at > now)
            to.connection.execute(waiting.values(due_at=now))


def _locked(to: Transaction, ids: set[str]) -> dict[str, Delivery]:
    """These deliveries by id, locked in the order of their ids so that two nodes never wait for each other."""
    asked = sa.select(delivery).where(delivery.c.id.in_(sorted(ids))).order_by(delivery.c.id).with_for_update()
    return {row["id"]: delivery_of(row) for row in to.connection.execute(asked).mappings()}


def _holds(each: Settlement, now_held: Delivery | None) -> bool:
    """Whether the delivery is still in the hand that claimed it."""
    claimed = each.claim.delivery
    return now_held is not None and (now_held.state, now_held.token, now_held.holder) == (
        State.SENDING,
        claimed.token,
        claimed.holder,
    )


def _save(to: Transaction, settlements: Sequence[Settlement]) -> None:
    to.connection.execute(SETTLE, [_settled(each) for each in settlements])
    _keep(to, settlements)
    remember(to, [crossing for each in settlements for crossing in each.crosswalk], now=settlements[0].now)
    _follow_up(to, settlements)
    _turn_lanes(to, settlements)


SETTLE = (
    sa.update(delivery)
    .where(delivery.c.id == sa.bindparam("settled"))
    .values(
        {
            name: sa.bindparam(name)
            for name in ("state", "due_at", "attempts", "look_up", "failing_since", "reason", "holder", "lease_until")
        }
    )
)


def _settled(each: Settlement) -> dict[str, Any]:
    decision = each.decision
    return {
        "settled": each.claim.delivery.id,
        "state": decision.state,
        "due_at": decision.due_at,
        "attempts": decision.attempts,
        "look_up": decision.look_up,
        "failing_since": decision.failing_since,
        "reason": packed(decision.reason),
        "holder": "",
        "lease_until": None,
    }


def _keep(to: Transaction, settlements: Sequence[Settlement]) -> None:
    rows = [
        {"message": each.claim.message.id, "name": part.name, "media": part.media, "sealed": part.data}
        for each in settlements
        for part in each.keep
    ]
    entry = insert(content)
    entry = entry.on_conflict_do_update(
        index_elements=list(content.primary_key),
        set_={"media": entry.excluded.media, "sealed": entry.excluded.sealed},
    )
    if rows:
        to.connection.execute(entry, rows)


def _follow_up(to: Transaction, settlements: Sequence[Settlement]) -> None:
    """Accept what follows. One whose key was used for another content is not: the journal says so, the rest stands."""
    causes = [(each, follow_up) for each in settlements for follow_up in each.follow_ups]
    for (each, follow_up), answer in zip(causes, accept(to, [follow_up for _, follow_up in causes]), strict=True):
        if isinstance(answer, HubError):
            detail = {"exchange": follow_up.message.exchange, "key": follow_up.message.key}
            held = each.claim.delivery
            to.journal.write(
                "follow-up-refused", at=each.now, message=held.message, delivery=held.id, reason=answer.text, detail=detail
            )


def _turn_lanes(to: Transaction, settlements: Sequence[Settlement]) -> None:
    """Let the outcomes act on their lanes. A lane that they leave as it is, the usual case, is not even locked."""
    names = {each.claim.delivery.lane for each in settlements}
    asked = sa.select(lane).where(lane.c.name.in_(sorted(names)))
    seen = {row["name"]: lane_of(row) for row in to.connection.execute(asked).mappings()}
    changed = [name for name, after in _turned(seen, settlements).items() if after != seen[name]]
    locked = lanes_for_update(to, changed)
    save_lanes(to, _turned(locked, settlements).values())


def _turned(lanes: Mapping[str, Lane], settlements: Sequence[Settlement]) -> dict[str, Lane]:
    """The lanes after the outcomes of their deliveries, in turn."""
    after = dict(lanes)
    for each in settlements:
        name = each.claim.delivery.lane
        if name in after and each.lesson is not None:
            after[name] = lane_after(after[name], each.lesson, policy=each.policy, now=each.now)
    return after


def _write_line(to: Transaction, each: Settlement, *, event: str) -> None:
    held = each.claim.delivery
    to.journal.write(
        event,
        at=each.now,
        message=held.message,
        delivery=held.id,
        reason=each.decision.reason,
        detail={"token": held.token, "try": held.tries, **each.detail},
    )
