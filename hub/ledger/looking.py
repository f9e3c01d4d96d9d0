"""Looking for work: in which lanes something may go now, and when there may be more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa

from hub.ledger.facts import Look
from hub.ledger.rows import lane_of
from hub.ledger.tables import Instant, lane
from hub.lifecycle import LanePolicy, opens_at
from hub.message import Priority


def _first(priority: Priority, test: str) -> str:
    return (
        "(SELECT min(due_at) FROM delivery WHERE delivery.lane = lane.name AND state IN ('waiting', 'unanswered') "
        f"AND NOT behind AND priority = {int(priority)} AND due_at {test} :now)"
    )


DUE = tuple(f"due_{each}" for each in range(len(Priority)))
LATER = tuple(f"later_{each}" for each in range(len(Priority)))
_ASKED = ", ".join(
    f"{_first(priority, test)} AS {name}"
    for names, test in ((DUE, "<="), (LATER, ">"))
    for name, priority in zip(names, Priority, strict=True)
)
LANES = (
    sa.text(f"SELECT lane.*, {_ASKED} FROM lane")
    .bindparams(sa.bindparam("now", type_=Instant))
    .columns(*lane.columns, *(sa.column(name, Instant) for name in (*DUE, *LATER)))
)
"""Every lane, with the first moments for which something waits there: a few looks into an index each."""


def look(of: sa.Connection, policies: Mapping[str, LanePolicy], *, now: datetime) -> Look:
    """What there is to do in these lanes. What only a call's end can set free is due, and no time is said for it."""
    due: set[str] = set()
    later: list[datetime] = []
    for row in of.execute(LANES, {"now": now}).mappings():
        policy = policies.get(row["name"])
        opens = opens_at(lane_of(row), policy=policy, now=now) if policy else None
        if opens is None:
            continue
        moments = [max(opens, moment) for moment in _moments(row)]
        if any(moment <= now for moment in moments):
            due.add(row["name"])
        later += [moment for moment in moments if moment > now]
    return Look(frozenset(due), min(later, default=None))


def _moments(row: sa.RowMapping) -> Iterator[datetime]:
    return (row[name] for name in (*DUE, *LATER) if row[name] is not None)
