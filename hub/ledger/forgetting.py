"""What has been kept as long as it may be: contents and files of messages that have ended, and keys that no sender repeats.

A round a day goes over all old messages, a part in a transaction: what was still open in one round is met in the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.ledger.facts import Forgotten, Kept
from hub.ledger.marks import IN_TURN, beyond, mark
from hub.ledger.schedules import move_cursor
from hub.ledger.tables import content, cursor, delivery, file, idempotency, message
from hub.ledger.writer import Transaction
from hub.message import ENDED

MANY = 50
"""Messages that a part looks at: their contents are deleted in some ten milliseconds, for which nobody else can write."""

LONGEST = Kept(content=timedelta(days=92), key=None)
"""For messages of an exchange that is there no more."""

ROUND = "retention"
OVER = "over"


def forget(to: Transaction, kept: Mapping[str, Kept], *, now: datetime) -> Forgotten:
    """Do the next part of today's round, whichever node did the last one."""
    today = f"{now:%Y-%m-%d}"
    day, _, reached = (_reached(to) or "").partition(" ")
    if (day, reached) == (today, OVER):
        return Forgotten(is_over=True)
    shortest = min(each for all_ in (LONGEST, *kept.values()) for each in (all_.content, all_.key) if each is not None)
    asked = old_ones(after=reached if day == today else "", until=now - shortest)
    old = to.connection.execute(asked).all()
    is_over = len(old) < MANY
    move_cursor(to, ROUND, f"{today} {OVER if is_over else mark(old[-1].accepted_at, old[-1].id)}")
    let_go = _let_go(to, kept, old, now=now)
    if let_go.contents or let_go.keys:
        detail = {"contents": let_go.contents, "files": let_go.files, "keys": let_go.keys}
        to.journal.write("purged", at=now, actor="hub", detail=detail)
    return Forgotten(let_go.contents, let_go.files, let_go.keys, let_go.overdue, is_over)


def _reached(to: Transaction) -> str | None:
    """The day of the round and how far it came; nobody else goes on with it until this transaction ends."""
    found: str | None = to.connection.scalar(sa.select(cursor.c.value).where(cursor.c.schedule == ROUND).with_for_update())
    return found


def old_ones(*, after: str, until: datetime) -> sa.Select[Any]:
    """Asks for the next messages that were accepted by then, in turn."""
    asked = sa.select(*(message.c[name] for name in _OF_MESSAGE)).where(message.c.accepted_at <= until)
    if after:
        asked = asked.where(beyond(after))
    return asked.order_by(*IN_TURN).limit(MANY)


def open_ones(ids: Sequence[str]) -> sa.Select[Any]:
    """Asks which of these messages have a delivery that has not ended."""
    return sa.select(delivery.c.message).where(delivery.c.message.in_(ids), delivery.c.state.not_in(ENDED))


_OF_MESSAGE = ("id", "accepted_at", "exchange", "authority", "sender", "key")


def _let_go(to: Transaction, kept: Mapping[str, Kept], old: Sequence[sa.Row[Any]], *, now: datetime) -> Forgotten:
    contents, keys, overdue = [], [], 0
    open_ = set(to.connection.scalars(open_ones([row.id for row in old])))
    for row in old:
        periods, age = kept.get(row.exchange, LONGEST), now - row.accepted_at
        if row.id in open_:
            overdue += age >= periods.content
            continue
        if age >= periods.content:
            contents.append(row.id)
        if periods.key is not None and age >= periods.key:
            place = (row.authority, row.sender, row.exchange, row.key, row.id)
            keys.append({f"its_{name}": value for name, value in zip(_OF_KEY, place, strict=True)})
    return Forgotten(*_emptied(to, contents), _forgotten(to, keys), overdue)


def _emptied(to: Transaction, ids: list[str]) -> tuple[int, int]:
    """Delete the contents of these messages and let go of their files: how many messages had any, and how many files."""
    if not ids:
        return 0, 0
    had = to.connection.scalar(sa.select(sa.func.count(content.c.message.distinct())).where(content.c.message.in_(ids)))
    to.connection.execute(sa.delete(content).where(content.c.message.in_(ids)))
    files = to.connection.execute(sa.delete(file).where(file.c.message.in_(ids))).rowcount
    return int(had or 0), int(files)


def _forgotten(to: Transaction, keys: Sequence[Mapping[str, str]]) -> int:
    """Forget the keys of messages: what comes under one again is a new message."""
    return int(to.connection.execute(KEY_GONE, list(keys)).rowcount) if keys else 0


_OF_KEY = ("authority", "sender", "exchange", "key", "message")
KEY_GONE = sa.delete(idempotency).where(*(idempotency.c[name] == sa.bindparam(f"its_{name}") for name in _OF_KEY))
