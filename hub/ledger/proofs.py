"""What callers have proven themselves with and may not show again: the nonce of a digest, the value of a signature."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from hub.ledger.tables import proof
from hub.ledger.writer import Transaction


def use(to: Transaction, value: str, *, until: datetime) -> bool:
    """Note that a proof was used; False when it had been, by whichever node."""
    noted = insert(proof).values(value=value, until=until).on_conflict_do_nothing().returning(proof.c.value)
    return to.connection.scalar(noted) is not None


def forget(to: Transaction, *, now: datetime) -> int:
    """Forget the proofs that are too old to be taken anyway; how many."""
    return int(to.connection.execute(sa.delete(proof).where(proof.c.until < now)).rowcount)
