"""Which messages were to be followed by news of the same reference, and were not."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hub.ledger.facts import Expectation
from hub.ledger.marks import IN_TURN, beyond, mark
from hub.ledger.rows import MESSAGE, message_of
from hub.ledger.schedules import move_cursor
from hub.ledger.tables import cursor, delivery, message, micros
from hub.ledger.writer import Transaction
from hub.message import Message, State

MANY = 1000
"""At most so many in one transaction: the rest is found at the next look."""


def note_missed(to: Transaction, wanted: Expectation, *, now: datetime) -> tuple[Message, ...]:
    """The messages whose time for news has passed since the last look of any node without any, each told once: by these, and
    by a line of its own in the journal. The first look of all only notes from when on."""
    name, until = f"expects {wanted.exchange} {wanted.news}", now - wanted.within
    seen = to.connection.scalar(sa.select(cursor.c.value).where(cursor.c.schedule == name).with_for_update())
    missed = _missed(to, wanted, after=seen, until=until) if seen else ()
    for each in missed:
        to.journal.write("news-missed", at=now, message=each.id, actor="hub", detail={"exchange": wanted.news})
    if len(missed) == MANY:
        move_cursor(to, name, mark(missed[-1].accepted_at, missed[-1].id))
    elif not seen or micros(until) >= int(seen.partition(" ")[0]):
        move_cursor(to, name, mark(until))
    return missed


def _missed(to: Transaction, wanted: Expectation, *, after: str, until: datetime) -> tuple[Message, ...]:
    news = message.alias("news")
    told = sa.exists().where(
        news.c.reference == message.c.reference,
        news.c.authority == message.c.authority,
        news.c.exchange == wanted.news,
        news.c.accepted_at >= message.c.accepted_at,
    )
    open_ = sa.exists().where(delivery.c.message == message.c.id, delivery.c.state != State.CANCELLED)
    asked = (
        sa.select(*(message.c[name] for name in MESSAGE))
        .where(beyond(after), message.c.accepted_at <= until)
        .where(message.c.exchange == wanted.exchange, open_, sa.not_(told))
        .order_by(*IN_TURN)
        .limit(MANY)
    )
    return tuple(message_of(row) for row in to.connection.execute(asked).mappings())
