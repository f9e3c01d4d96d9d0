"""Rows to facts and back: a fact's fields are its table's columns, under the same names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from hub.facts import names
from hub.generated import Source, listed
from hub.ledger import tables
from hub.ledger.facts import Held
from hub.lifecycle import Gate, Lane
from hub.message import Delivery, Message, State

MESSAGE = names(Message)
DELIVERY = names(Delivery)
LANE = names(Lane)
HELD = names(Held)
NAMES: Mapping[type, tuple[str, ...]] = {Message: MESSAGE, Delivery: DELIVERY, Lane: LANE, Held: HELD}

TABLES: Mapping[type, sa.Table] = {Message: tables.message, Delivery: tables.delivery, Lane: tables.lane}
VALUES = {fact: attrgetter(*names) for fact, names in NAMES.items()}


LATER = ("position", "failing_since", "behind", "ahead")
"""What the database gives a delivery itself, and what befalls none before it is put down: their columns say so."""

BORN = ("state", "attempts", "tries", "token", "look_up", "holder", "lease_until", "reason", "skipped", "priority")
ROAD = ("authority", "exchange", "receiver", "operation", "lane")
ALIKE: Mapping[type, tuple[tuple[str, ...], ...]] = {
    Message: (("expires_at", "caller_url", "authority"), ("exchange", "sender", "operation", "revision")),
    Delivery: (BORN, ROAD),
    Lane: (),
}
"""What new facts mostly have alike: those of any exchange, then those of one."""
OWN = {
    fact: tuple(name for name in NAMES[fact] if name not in (*chain.from_iterable(alike), *LATER))
    for fact, alike in ALIKE.items()
}
COLUMNS = {fact: (*chain.from_iterable(alike), *OWN[fact]) for fact, alike in ALIKE.items()}
"""The columns of a plain row; a delivery's as it is put down."""


def _plainly(fact: type) -> Callable[[Any], tuple[Any, ...]]:
    """The function that makes such a fact a plain row, in one straight line."""
    source = Source("def plain_row(fact):")
    plain_time, columns = source.naming(tables.plain_time, "plain_time"), TABLES[fact].c
    times = {name for name in COLUMNS[fact] if isinstance(columns[name].type, tables.Instant)}
    values = [f"{plain_time}(fact.{name})" if name in times else f"fact.{name}" for name in COLUMNS[fact]]
    source.add(1, f"return {listed(values)}")
    return source.function(f"row of {fact.__name__}")


PLAIN = {fact: _plainly(fact) for fact in COLUMNS}
"""How a fact becomes a row for the driver itself, in the order of its COLUMNS."""

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
    name, gate, paused, failures, failing_from, until, tokens, filled_at, reason = row
    since, until, filled_at = map(tables.instant, (failing_from, until, filled_at))
    return Lane(name, Gate(gate), bool(paused), failures, since, until, tokens, filled_at, reason)


def row_of(fact: Lane | Held) -> dict[str, Any]:
    """A fact as a row."""
    return dict(zip(NAMES[type(fact)], VALUES[type(fact)](fact), strict=True))
