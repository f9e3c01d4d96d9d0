"""How far a look over the messages has come, in the order of their acceptance, as the text that its cursor holds."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hub.ledger.tables import message, micros

LAST = "~"
"""Stands behind every id: a look that has met all of a moment."""

IN_TURN = (message.c.accepted_at, message.c.id)
"""The order of such a look: of one moment, as many are accepted together, some may be met and others not."""


def mark(at: datetime, id_: str = LAST) -> str:
    """The place of a message, or of the end of a moment."""
    return f"{micros(at)} {id_}"


def beyond(reached: str) -> sa.ColumnElement[bool]:
    """Whether a message comes after a mark."""
    at, _, id_ = reached.partition(" ")
    return sa.tuple_(*IN_TURN) > sa.tuple_(sa.literal(int(at), sa.BigInteger), sa.literal(id_ or LAST))
