"""Schedules in the book: which node runs a slot, how runs ended, and how far a list was read."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from hub.ledger.facts import Fire
from hub.ledger.tables import cursor as cursor_table
from hub.ledger.tables import fire
from hub.ledger.writer import Transaction


def begin(to: Transaction, schedule: str, slot: datetime, *, now: datetime, before: datetime | None) -> bool:
    """Enter the run; False when it was entered already, unless by this node, `before` its start, and left unended."""
    entry = insert(fire).values(schedule=schedule, slot=slot, node=to.node, at=now, items=0, error="")
    key = ["schedule", "slot"]
    if before is None:
        entry = entry.on_conflict_do_nothing(index_elements=key)
    else:
        left = sa.and_(fire.c.node == to.node, fire.c.ended_at.is_(None), fire.c.at < before)
        entry = entry.on_conflict_do_update(index_elements=key, set_={"at": now}, where=left)
    return to.connection.execute(entry.returning(fire.c.slot)).first() is not None


def end(to: Transaction, schedule: str, slot: datetime, *, now: datetime, items: int, error: str) -> None:
    """Write how the run ended."""
    run = sa.update(fire).where(fire.c.schedule == schedule, fire.c.slot == slot)
    to.connection.execute(run.values(ended_at=now, items=items, error=error))


def move_cursor(to: Transaction, schedule: str, value: str) -> None:
    """Set how far the schedule has read."""
    entry = insert(cursor_table).values(schedule=schedule, value=value)
    to.connection.execute(entry.on_conflict_do_update(index_elements=["schedule"], set_={"value": value}))


def fires(of: sa.Connection, schedule: str, *, limit: int) -> tuple[Fire, ...]:
    """The latest runs, newest slot first."""
    runs = sa.select(fire).where(fire.c.schedule == schedule).order_by(fire.c.slot.desc()).limit(limit)
    return tuple(Fire(**row) for row in of.execute(runs).mappings())


def cursor(of: sa.Connection, schedule: str) -> str | None:
    """How far the schedule has read."""
    return of.scalar(sa.select(cursor_table.c.value).where(cursor_table.c.schedule == schedule))
