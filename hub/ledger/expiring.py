"""What has waited beyond its deadline: behind another, or in a lane that stands still, where no attempt would find it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hub.facts import replace
from hub.ledger.facts import Claim
from hub.ledger.rows import MESSAGE_COLUMNS, delivery_of, message_of
from hub.ledger.tables import delivery, message, state_in
from hub.ledger.writer import Transaction
from hub.lifecycle import Lane, check_transition
from hub.message import State


def claim_expired(to: Transaction, *, now: datetime, lease_until: datetime, limit: int) -> tuple[Claim, ...]:
    """Take what has expired, in whatever order and past every limit, for it is not sent any more. One that may have been
    carried out has no deadline: it is looked up."""
    asked = (
        sa.select(delivery, *MESSAGE_COLUMNS)
        .join_from(delivery, message, message.c.id == delivery.c.message)
        .where(state_in(delivery, (State.WAITING,)), delivery.c.expires_at <= now, sa.not_(delivery.c.look_up))
        .order_by(delivery.c.expires_at)
        .limit(limit)
        .with_for_update(of=delivery, skip_locked=True)
    )
    claims = [_claim(row, holder=to.boot, lease_until=lease_until) for row in to.connection.execute(asked).mappings()]
    if claims:
        held = sa.update(delivery).where(delivery.c.id.in_([each.delivery.id for each in claims]))
        taken = {"state": State.SENDING, "holder": to.boot, "lease_until": lease_until, "token": delivery.c.token + 1}
        to.connection.execute(held.values(taken))
    return tuple(claims)


def _claim(row: sa.RowMapping, *, holder: str, lease_until: datetime) -> Claim:
    before = delivery_of(row)
    check_transition(before.state, State.SENDING)
    held = replace(before, state=State.SENDING, holder=holder, lease_until=lease_until, token=before.token + 1)
    return Claim(held, message_of(row, "message_"), Lane(before.lane))
