"""Rows to facts and back: a fact's fields are its table's columns, under the same names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
VALUES = {fact: attrgetter(*names) for fact, names in NAMES.items()}


LATER = ("position", "failing_since", "behind", "ahead")
"""What the database gives a delivery itself, and what befalls none before it is put down: their columns say so."""


def _names(fact: type, *, times: bool) -> tuple[str, ...]:
    columns, names = TABLES[fact].c, [name for name in NAMES[fact] if name not in LATER]
    return tuple(name for name in names if isinstance(columns[name].type, tables.Instant) is times)


COLUMNS = {fact: _names(fact, times=False) + _names(fact, times=True) for fact in (Message, Delivery, Lane)}
"""The columns of a plain row, the times last; a delivery's as it is put down."""
_OTHERS = {fact: attrgetter(*_names(fact, times=False)) for fact in COLUMNS}
_TIMES: Mapping[type, Callable[[Any], tuple[datetime | None, ...]]] = {
    fact: attrgetter(*_names(fact, times=True)) for fact in COLUMNS
}

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


def lane_from(row: Sequence[Any]) -> Lane:
    """The lane in a plain row."""
    name, gate, paused, failures, tokens, reason, *times = row
    failing_from, until, filled_at = map(tables.instant, times)
    return Lane(name, Gate(gate), bool(paused), failures, failing_from, until, tokens, filled_at, reason)


def plain(fact: Message | Delivery | Lane) -> tuple[Any, ...]:
    """A fact as a row for the driver itself, in the order of its COLUMNS."""
    kind = type(fact)
    return *_OTHERS[kind](fact), *map(tables.plain_time, _TIMES[kind](fact))


def row_of(fact: Lane | Held) -> dict[str, Any]:
    """A fact as a row."""
    return dict(zip(NAMES[type(fact)], VALUES[type(fact)](fact), strict=True))
