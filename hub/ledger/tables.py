"""The tables of the book and the two column types of its own. The migrations make them; a test holds both equal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hub.message import ENDED, State

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Whole microseconds since 1970. A division of times takes three times as long."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def plain_time(at: datetime | None) -> int | None:
    """A time as its column holds it."""
    return micros(at) if at else None


def instant(value: int | None) -> datetime | None:
    """The time that a column holds."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


class Instant(sa.TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 so that both databases compare it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return plain_time(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        return instant(value)


def state_in(table: sa.FromClause, states: Iterable[State]) -> sa.ColumnElement[bool]:
    """A test of a delivery's state written out in the SQL, word for word as in the partial indexes that it must use."""
    return table.c.state.in_([_written(state) for state in states])


def _written(state: State) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{state}'")


CLAIMABLE = (State.WAITING, State.UNANSWERED)

TURN: sa.ColumnElement[bool] = sa.literal_column("NOT behind")
"""No earlier delivery of its reference was found that has not ended; word for word as in the partial index."""

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that the database gives; SQLite does so for its own integer keys only."""

metadata = sa.MetaData()

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("exchange", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("accepted_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("trace", sa.Text, nullable=False),
    sa.Column("caller_url", sa.Text, nullable=False),
    sa.Index("message_reference", "reference"),
    sa.Index("message_accepted", "accepted_at", "id"),
)

content = sa.Table(
    "content",
    metadata,
    sa.Column("message", sa.Text, sa.ForeignKey("message.id"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("media", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("position", SERIAL, sa.Identity(), primary_key=True),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("message", sa.Text, sa.ForeignKey("message.id"), nullable=False),
    sa.Column("exchange", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("receiver", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("look_up", sa.Boolean, nullable=False),
    sa.Column("failing_since", Instant),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("accepted_at", Instant, nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False, server_default=sa.text("1")),
    sa.Column("skipped", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("behind", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("ahead", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("expires_at", Instant),
    sa.UniqueConstraint("id", name="delivery_id"),
    sqlite_autoincrement=True,
)

is_open = delivery.c.state.not_in([_written(state) for state in State if state in ENDED])
"""Whether a delivery has not ended: it may hold back what comes after it in its reference. Told by the two states that it is
not in, here and in every query, for of a list of more than two SQLite makes a table at each change."""


def _where(name: str, *columns: str, test: sa.ColumnElement[bool]) -> sa.Index:
    """A partial index of the deliveries that pass the test."""
    return sa.Index(name, *(delivery.c[column] for column in columns), sqlite_where=test, postgresql_where=test)


sa.Index("delivery_message", delivery.c.message)
_where("delivery_due", "lane", "due_at", "position", test=state_in(delivery, CLAIMABLE))
_where("delivery_turn", "lane", "priority", "due_at", "position", test=sa.and_(state_in(delivery, CLAIMABLE), TURN))
_where("delivery_behind", "position", test=sa.and_(state_in(delivery, CLAIMABLE), sa.literal_column("behind")))
_where("delivery_open", "lane", "reference", "position", test=is_open)
_where("delivery_held", "lane", "lease_until", test=state_in(delivery, (State.SENDING,)))
_where(
    "delivery_expiring",
    "expires_at",
    test=sa.and_(state_in(delivery, (State.WAITING,)), sa.literal_column("expires_at IS NOT NULL")),
)
_where("delivery_dead", "message", test=state_in(delivery, (State.DEAD,)))
_where("delivery_reasoned", "message", test=delivery.c.reason != sa.literal_column("''"))

upload = sa.Table(
    "upload",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("begun_at", Instant, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("pieces", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Index("upload_begun", "begun_at"),
)

piece = sa.Table(
    "piece",
    metadata,
    sa.Column("upload", sa.Text, sa.ForeignKey("upload.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

file = sa.Table(
    "file",
    metadata,
    sa.Column("message", sa.Text, sa.ForeignKey("message.id"), primary_key=True),
    sa.Column("ticket", sa.Text, primary_key=True),
    sa.Column("upload", sa.Text, sa.ForeignKey("upload.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Index("file_upload", "upload"),
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", SERIAL, sa.Identity(), primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("delivery", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.UniqueConstraint("chain", "position", name="journal_place"),
    sa.Index("journal_message", "message"),
    sqlite_autoincrement=True,
)

lane = sa.Table(
    "lane",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("gate", sa.Text, nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failing_from", Instant),
    sa.Column("until", Instant),
    sa.Column("tokens", sa.Double, nullable=False),
    sa.Column("filled_at", Instant),
    sa.Column("reason", sa.Text, nullable=False),
)

crosswalk = sa.Table(
    "crosswalk",
    metadata,
    sa.Column("authority", sa.Text, primary_key=True),
    sa.Column("application", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("exchange", sa.Text, nullable=False),
    sa.Index("crosswalk_reference", "reference"),
)

image = sa.Table(
    "image",
    metadata,
    sa.Column("authority", sa.Text, primary_key=True),
    sa.Column("exchange", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("side", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("telling", sa.LargeBinary, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("authority", sa.Text, primary_key=True),
    sa.Column("sender", sa.Text, primary_key=True),
    sa.Column("exchange", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
)

fire = sa.Table(
    "fire",
    metadata,
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("slot", Instant, primary_key=True),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("items", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)

cursor = sa.Table(
    "cursor",
    metadata,
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("application", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("revoked_at", Instant),
    sa.Column("last_used_at", Instant),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("certificate", sa.Text, nullable=False, server_default=""),
)

proof = sa.Table(
    "proof",
    metadata,
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("until", Instant, nullable=False),
    sa.Index("proof_until", "until"),
)

node = sa.Table(
    "node",
    metadata,
    sa.Column("boot", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
)
