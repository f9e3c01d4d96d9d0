"""Whose turn it is within a reference: what stands behind another is put aside, and comes forward when that one has ended.

A delivery that is `behind` is in no index that a claim looks into, however many there are. Its mark is set under the lock of
the one `ahead` of it, which whoever ends that one holds too; so no delivery stays aside whose turn has come.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

import sqlalchemy as sa

from hub.ledger.tables import delivery, is_open
from hub.ledger.writer import Transaction
from hub.message import CANCELLED, DEAD, DELIVERED, State

MANY = 1000
"""At most so many are put aside, or brought forward by the sweep, in one transaction."""

holds_back = sa.and_(is_open, sa.literal_column("NOT (delivery.state = 'dead' AND delivery.skipped)"))
"""Whether a delivery holds back what comes after it in its reference."""

_FIRST = """
(SELECT earlier.position FROM delivery AS earlier WHERE earlier.lane = {of}.lane AND earlier.reference = {of}.reference
  AND earlier.authority = {of}.authority AND earlier.state NOT IN ('delivered', 'cancelled')
  AND NOT (earlier.state = 'dead' AND earlier.skipped) ORDER BY earlier.position LIMIT 1)
"""


def first_of(of: str) -> str:
    """The position of the first that holds its reference back, in SQL: a scalar, for PostgreSQL makes of EXISTS a join."""
    return _FIRST.format(of=of)


AT = {
    "sqlite": "delivery.position IN (SELECT value FROM json_each(:at))",
    "postgresql": "delivery.position = ANY(CAST(translate(:at, '[]', '{}') AS bigint[]))",
}
SWEEP = sa.text(
    "SELECT delivery.position FROM delivery WHERE delivery.state IN ('waiting', 'unanswered') AND behind "
    f"AND delivery.position = {first_of('delivery')} LIMIT {MANY}"
)


def put_aside(to: Transaction, heads: Mapping[int, int]) -> int:
    """Mark deliveries as standing behind others: from position to the position of the one ahead. How many were marked.

    One whose head is locked by another node, which may just be ending it, is left for the next look.
    """
    ahead = _locked(to, sorted(set(heads.values())))
    aside = [position for position, head in heads.items() if head in ahead]
    if aside:
        _mark(to, aside, behind=True)
        _mark(to, sorted(ahead), ahead=True)
    return len(aside)


class Placed(Protocol):
    """A delivery, as far as order goes."""

    @property
    def lane(self) -> str: ...
    @property
    def authority(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def skipped(self) -> bool: ...
    @property
    def ahead(self) -> bool: ...


def come_forward(to: Transaction, ended: Sequence[Placed]) -> None:
    """Let the next of each reference go whose first one has ended, or has died and is skipped."""
    for each in ended:
        if each.ahead:
            _next(to, each)
            to.stirred.add(each.lane)


def sweep(to: Transaction) -> int:
    """Bring forward those who stand behind nobody any more: a node of an older version knows nothing of the marks."""
    found = list(to.connection.scalars(SWEEP))
    if found:
        _mark(to, found, behind=False, ahead=True)
        to.stirred.add("")
    return len(found)


def _next(to: Transaction, each: Placed) -> None:
    same = (delivery.c.lane == each.lane, delivery.c.reference == each.reference, delivery.c.authority == each.authority)
    first = sa.select(delivery.c.position).where(*same, holds_back).order_by(delivery.c.position).limit(1)
    found = to.connection.scalar(first)
    if found is not None:
        _mark(to, [found], behind=False, ahead=True)


def _locked(to: Transaction, positions: Sequence[int]) -> set[int]:
    """Those of these that still hold others back, locked."""
    asked = sa.select(delivery.c.position).where(_at(to, positions), holds_back)
    return set(to.connection.scalars(asked.with_for_update(skip_locked=True)))


def _mark(to: Transaction, positions: Sequence[int], **values: bool) -> None:
    to.connection.execute(sa.update(delivery).where(_at(to, positions)).values(values))


def _at(to: Transaction, positions: Sequence[int]) -> sa.TextClause:
    """Being at one of these positions, in one parameter however many they are."""
    return sa.text(AT[to.connection.dialect.name]).bindparams(at=json.dumps(list(positions)))


def is_over(state: State, held: Placed) -> bool:
    """Whether a delivery that comes to be in `state` holds nothing back any more."""
    return state in (DELIVERED, CANCELLED) or (state is DEAD and held.skipped)
