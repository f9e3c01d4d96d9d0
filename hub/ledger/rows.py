"""Rows to facts and back: a fact's fields are its table's columns, under the same names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from hub.facts import names
from hub.ledger import tables
from hub.ledger.facts import Crossing, Held
from hub.lifecycle import Gate, Lane
from hub.message import Delivery, Message, State

MESSAGE = names(Message)
DELIVERY = names(Delivery)
LANE = names(Lane)
CROSSING = names(Crossing)
HELD = names(Held)
NAMES: Mapping[type, tuple[str, ...]] = {Message: MESSAGE, Delivery: DELIVERY, Lane: LANE, Crossing: CROSSING, Held: HELD}

TABLES: Mapping[type, sa.Table] = {
    Message: tables.message,
    Delivery: tables.delivery,
    Lane: tables.lane,
    Crossing: tables.crosswalk,
    Held: tables.image,
}
INSTANTS = {
    fact: tuple(name for name in names if isinstance(TABLES[fact].c[name].type, tables.Instant))
    for fact, names in NAMES.items()
}
"""The fields that are times."""

VALUES = {fact: attrgetter(*names) for fact, names in NAMES.items()}

MESSAGE_COLUMNS = [tables.message.c[name].label(f"message_{name}") for name in MESSAGE]
"""A message's columns under names of their own, for a row that also holds a delivery."""


def message_of(row: sa.RowMapping, prefix: str = "") -> Message:
    """The message in a row."""
    return Message(**{name: row[prefix + name] for name in MESSAGE})


def delivery_of(row: sa.RowMapping) -> Delivery:
    """The delivery in a row."""
    return Delivery(**{name: row[name] for name in DELIVERY} | {"state": State(row["state"])})


def lane_of(row: sa.RowMapping) -> Lane:
    """The lane in a row."""
    return Lane(**{name: row[name] for name in LANE} | {"gate": Gate(row["gate"])})


def plain(fact: Message | Delivery | Lane | Crossing | Held) -> dict[str, Any]:
    """A fact as a row for the driver itself: instants as microseconds."""
    row = row_of(fact)
    for name in INSTANTS[type(fact)]:
        at: datetime | None = row[name]
        row[name] = None if at is None else tables.micros(at)
    return row


def row_of(fact: Message | Delivery | Lane | Crossing | Held) -> dict[str, Any]:
    """A fact as a row."""
    return dict(zip(NAMES[type(fact)], VALUES[type(fact)](fact), strict=True))
