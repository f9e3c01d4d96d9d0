"""Questions about messages, deliveries and lanes, each one query or a few from one snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from hub.errors import NotFound, Text
from hub.ledger import files, tables
from hub.ledger.chain import line_of
from hub.ledger.facts import (
    Cause,
    Content,
    ContentInfo,
    Count,
    Crossing,
    LaneView,
    NodeView,
    Story,
    unpacked,
)
from hub.ledger.rows import delivery_of, lane_of, message_of
from hub.ledger.tables import CLAIMABLE, delivery, is_open, state_in
from hub.lifecycle import Event, Lane
from hub.message import Delivery, Message, State


def ping(of: sa.Connection) -> None:
    """One round trip."""
    of.execute(sa.select(1))


def time(of: sa.Connection) -> datetime:
    """The database's time on PostgreSQL, this process's on SQLite."""
    if of.dialect.name == "sqlite":
        return datetime.now(UTC)
    seen: datetime = of.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return seen.astimezone(UTC)


def message(of: sa.Connection, id_: str) -> Message:
    """A message by its id."""
    row = of.execute(sa.select(tables.message).where(tables.message.c.id == id_)).mappings().first()
    if row is None:
        raise NotFound
    return message_of(row)


def knows(of: sa.Connection, said: Message) -> bool:
    """Whether the key of a message is held."""
    held = tables.idempotency.c
    same_key = (held.authority == said.authority, held.sender == said.sender, held.exchange == said.exchange)
    return of.scalar(sa.select(held.message).where(*same_key, held.key == said.key)) is not None


def delivery_by_id(of: sa.Connection, id_: str) -> Delivery:
    """A delivery by its id."""
    row = of.execute(sa.select(delivery).where(delivery.c.id == id_)).mappings().first()
    if row is None:
        raise NotFound
    return delivery_of(row)


def doubted_at(of: sa.Connection, held: Delivery) -> datetime | None:
    """When a delivery last came to be in doubt: its call went unanswered, or its holder died."""
    written = tables.journal.c
    in_doubt = (Event.UNANSWERED, Event.LOST)
    asked = sa.select(sa.func.max(written.at)).where(written.message == held.message, written.delivery == held.id)
    found: datetime | None = of.scalar(asked.where(written.event.in_(in_doubt)))
    return found


def delivered_before(of: sa.Connection, held: Delivery) -> int:
    """How many earlier deliveries of the same operation and reference, in the same lane, are delivered."""
    about, item = tables.message.c, delivery.c
    asked = sa.select(sa.func.count()).select_from(delivery).join(tables.message, about.id == item.message)
    same_request = (about.reference == held.reference, about.authority == held.authority, item.lane == held.lane)
    earlier = (item.operation == held.operation, item.position < held.position, item.state == State.DELIVERED)
    return of.scalar(asked.where(*same_request, *earlier)) or 0


def deliveries_of(of: sa.Connection, messages: Sequence[str]) -> dict[str, tuple[Delivery, ...]]:
    """The deliveries of each of these messages, by position."""
    found: dict[str, list[Delivery]] = {id_: [] for id_ in messages}
    asked = sa.select(delivery).where(delivery.c.message.in_(messages)).order_by(delivery.c.position)
    for row in of.execute(asked).mappings():
        found[row["message"]].append(delivery_of(row))
    return {id_: tuple(deliveries) for id_, deliveries in found.items()}


def contents(of: sa.Connection, id_: str) -> tuple[ContentInfo, ...]:
    """The contents of a message, without bytes, by name; then its files that came beside its document."""
    kept = tables.content.c
    asked = sa.select(kept.name, kept.media, sa.func.length(kept.sealed).label("size")).where(kept.message == id_)
    found = [ContentInfo(**row) for row in of.execute(asked.order_by(kept.name)).mappings()]
    apart = files.uploads_of(of, id_).items()
    return (*found, *(ContentInfo(f"file:{ticket}", file.kind, file.size, is_apart=True) for ticket, file in apart))


def content(of: sa.Connection, id_: str, name: str) -> Content:
    """One content, still sealed."""
    kept = tables.content.c
    asked = sa.select(kept.name, kept.media, kept.sealed).where(kept.message == id_, kept.name == name)
    row = of.execute(asked).first()
    if row is None:
        raise NotFound
    return Content(row.name, row.media, row.sealed)


def story(of: sa.Connection, id_: str) -> Story:
    """A message and all that was written of it."""
    written = sa.select(tables.journal).where(tables.journal.c.message == id_).order_by(tables.journal.c.id)
    return Story(
        message(of, id_),
        deliveries_of(of, [id_])[id_],
        tuple(line_of(row) for row in of.execute(written).mappings()),
        contents(of, id_),
    )


def lanes_overview(of: sa.Connection) -> tuple[LaneView, ...]:
    """Every lane by name."""
    standing: dict[str, dict[State, sa.RowMapping]] = {}
    asked = sa.select(
        delivery.c.lane,
        delivery.c.state,
        sa.func.count().label("deliveries"),
        sa.func.min(delivery.c.due_at).label("due_at"),
        sa.func.min(delivery.c.accepted_at).label("accepted_at"),
    )
    asked = asked.where(is_open).group_by(delivery.c.lane, delivery.c.state)
    for row in of.execute(asked).mappings():
        standing.setdefault(row["lane"], {})[State(row["state"])] = row
    lanes = of.execute(sa.select(tables.lane).order_by(tables.lane.c.name)).mappings()
    return tuple(_lane_view(lane_of(row), standing.get(row["name"], {})) for row in lanes)


def _lane_view(lane: Lane, standing: Mapping[State, sa.RowMapping]) -> LaneView:
    counts = {state: row["deliveries"] for state, row in standing.items()}
    if waiting := standing.get(State.WAITING):
        return LaneView(lane, counts, waiting["due_at"], waiting["accepted_at"])
    return LaneView(lane, counts)


def counts(of: sa.Connection) -> tuple[Count, ...]:
    """Deliveries that have not ended, by lane, exchange and state."""
    by = (delivery.c.lane, delivery.c.exchange, delivery.c.state)
    asked = sa.select(*by, sa.func.count()).where(is_open).group_by(*by).order_by(*by)
    return tuple(Count(lane, exchange, State(state), count) for lane, exchange, state, count in of.execute(asked))


def waiting_by_sender(of: sa.Connection) -> tuple[tuple[str, str, int], ...]:
    """How many deliveries wait, by sender and authority."""
    said = tables.message.c
    asked = sa.select(said.sender, said.authority, sa.func.count()).join_from(delivery, tables.message)
    by_sender = asked.where(state_in(delivery, CLAIMABLE)).group_by(said.sender, said.authority)
    return tuple((sender, authority, count) for sender, authority, count in of.execute(by_sender))


def dead_by_cause(of: sa.Connection) -> tuple[Cause, ...]:
    """Dead letters by reason, lane and exchange, the most frequent first."""
    return causes_of(of, state_in(delivery, (State.DEAD,)))


def causes_of(of: sa.Connection, *tests: sa.ColumnElement[bool]) -> tuple[Cause, ...]:
    """The deliveries that pass these tests by reason, lane and exchange, the most frequent first."""
    by = (delivery.c.reason, delivery.c.lane, delivery.c.exchange)
    accepted = delivery.c.accepted_at
    grouped = (
        sa.select(
            *by,
            sa.func.count().label("deliveries"),
            sa.func.min(accepted).label("oldest"),
            sa.func.max(accepted).label("newest"),
            sa.func.max(delivery.c.position).label("latest"),
        )
        .where(*tests)
        .group_by(*by)
        .subquery()
    )
    asked = sa.select(grouped, delivery.c.id.label("example")).join(delivery, delivery.c.position == grouped.c.latest)
    return tuple(
        Cause(
            unpacked(row.reason) or Text("", ""),
            row.lane,
            row.exchange,
            row.deliveries,
            row.oldest,
            row.newest,
            row.example,
        )
        for row in of.execute(asked.order_by(grouped.c.deliveries.desc(), grouped.c.latest.desc()))
    )


def recall(of: sa.Connection, authority: str, application: str, *, name: str, value: str) -> str | None:
    """The reference of an identifier."""
    cross = tables.crosswalk.c
    return of.scalar(
        sa.select(cross.reference).where(
            cross.authority == authority,
            cross.application == application,
            cross.name == name,
            cross.value == value,
        )
    )


def crosswalk_of(of: sa.Connection, reference: str, *, authority: str) -> tuple[Crossing, ...]:
    """The identifiers of a reference."""
    cross = tables.crosswalk.c
    asked = sa.select(tables.crosswalk).where(cross.reference == reference, cross.authority == authority)
    rows = of.execute(asked.order_by(cross.application, cross.name, cross.value)).mappings()
    return tuple(Crossing(**row) for row in rows)


def nodes(of: sa.Connection) -> tuple[NodeView, ...]:
    """Every start of every node."""
    asked = sa.select(tables.node).order_by(tables.node.c.seen_at.desc(), tables.node.c.boot)
    return tuple(NodeView(**row) for row in of.execute(asked).mappings())
