"""A book that is not served: looked at as it lies, copied while a hub goes on writing it, and told that it was restored."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from hub.errors import ConfigurationError, Text, same
from hub.ledger.contents import Safe
from hub.ledger.durability import refusal
from hub.ledger.facts import Cipher
from hub.ledger.failures import translated
from hub.ledger.tables import delivery, journal, message, state_in
from hub.ledger.verifying import Verified, verify
from hub.ledger.writer import Transaction
from hub.message import State


@dataclass(frozen=True, slots=True)
class Reopened:
    """A delivery that was open in a restored book: it may have been carried out after the backup."""

    delivery: str
    exchange: str
    reference: str
    receiver: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored book knows: until when, and what was open in it then."""

    last: datetime | None
    open: tuple[Reopened, ...]


def examine(url: str, *, cipher: Cipher) -> Verified:
    """Verify the book at a URL, whether a hub serves it or not. Raises ConfigurationError, HubUnavailable."""
    with _read(url) as connection:
        return verify(connection, Safe(cipher))


def back_up(url: str, to: Path) -> None:
    """Copy a SQLite book as it is at this moment, while its hub goes on; the copy is whole, or it is not there.

    Raises ConfigurationError for PostgreSQL, which has its own tools, and for a file that exists.
    """
    source = _file(url)
    if to.exists():
        raise ConfigurationError(Text(en=f"{to} is there already.", fr=f"{to} existe déjà."))
    part = to.with_name(f"{to.name}.part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        _copy(source, part)
        part.rename(to)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise ConfigurationError(Text(en=f"No backup: {error}.", fr=f"Pas de sauvegarde : {error}.")) from error


def _copy(source: Path, part: Path) -> None:
    # One step, from one snapshot: the hub goes on writing its log meanwhile. This connection can write back nothing of it.
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as book, closing(sqlite3.connect(part)) as copy:
        book.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        if (found := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)
    with part.open("rb") as written:
        os.fsync(written.fileno())


def restored(to: Transaction, *, actor: str, reason: str, now: datetime) -> Restored:
    """Begin a new epoch in a book that is a backup: what waits in it may have been sent since, so it is asked for first."""
    last = to.connection.execute(sa.select(journal.c.at).order_by(journal.c.id.desc()).limit(1)).scalar()
    asked = (
        sa.select(delivery.c.id, message.c.exchange, message.c.reference, delivery.c.receiver, message.c.accepted_at)
        .join(message, message.c.id == delivery.c.message)
        .where(state_in(delivery, (State.WAITING, State.SENDING, State.UNANSWERED)))
        .order_by(delivery.c.position)
    )
    found = tuple(Reopened(*row) for row in to.connection.execute(asked))
    waiting = sa.update(delivery).where(state_in(delivery, (State.WAITING,)))
    to.connection.execute(waiting.values(look_up=True))
    detail = {"until": str(last or ""), "open": len(found)}
    to.journal.write("restored", at=now, actor=actor, reason=same(reason), detail=detail)
    return Restored(last, found)


@contextmanager
def _read(url: str) -> Iterator[sa.Connection]:
    """A connection that can change nothing, beside whatever hub serves the book."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        engine = sa.create_engine(f"sqlite:///file:{_file(url)}?mode=ro&uri=true")
    else:
        engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="REPEATABLE READ")
    try:
        with engine.execution_options(postgresql_readonly=True).connect() as connection:
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise refusal(error) or translated(error) from error
    finally:
        engine.dispose()


def _file(url: str) -> Path:
    """The file of a SQLite book that is there."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise ConfigurationError(
            Text(
                en="This ledger is on PostgreSQL: back it up with pg_dump --format=custom, or by continuous archiving.",
                fr="Ce registre est sur PostgreSQL : sauvegardez-le par pg_dump --format=custom, ou en archivage continu.",
            )
        )
    path = Path(parsed.database or "").resolve()
    if not path.is_file():
        raise ConfigurationError(Text(en=f"There is no ledger at {path}.", fr=f"Il n'y a pas de registre en {path}."))
    return path
