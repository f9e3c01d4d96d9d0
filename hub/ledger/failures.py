"""How the database's errors become the hub's: no SQLAlchemy error leaves the ledger."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import sqlalchemy.exc

from hub.errors import Conflict, HubError, HubUnavailable, MessageError, NoRoom, Text

PASSING = frozenset({"40001", "40P01", "25P03"})
"""PostgreSQL's codes for a serialization failure, a deadlock, and a transaction that stood still for too long: the same
transaction may well pass the next time."""

SQLITE_BASE = 0xFF
"""The part of SQLite's extended code that says the kind of an error."""


class Trouble(StrEnum):
    """What is wrong with the database itself, as readiness says it."""

    AWAY = "away"
    FULL = "full"
    READ_ONLY = "read-only"
    DAMAGED = "damaged"
    UNSURE = "unsure"
    """The disk did not confirm a write: what the kernel still holds of the file is not to be relied on."""


_SQLITE = {8: Trouble.READ_ONLY, 11: Trouble.DAMAGED, 13: Trouble.FULL, 26: Trouble.DAMAGED}
"""SQLITE_READONLY, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_NOTADB."""

_SQLITE_IO = {1034: Trouble.UNSURE, 1290: Trouble.UNSURE, 4874: Trouble.FULL}
"""SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_SHMSIZE (which cannot grow)."""

_POSTGRESQL = {
    "53100": Trouble.FULL,
    "25006": Trouble.READ_ONLY,
    "XX001": Trouble.DAMAGED,
    "XX002": Trouble.DAMAGED,
}
"""disk_full, read_only_sql_transaction (a standby), data_corrupted, index_corrupted."""


TAKEN, PLACE = "23505", "journal_place"
"""PostgreSQL's code for a value that is there already; and where one is only when a transaction of this very node, given up
long ago, was committed after all: its chain has gone on meanwhile."""


def is_passing(error: BaseException) -> bool:
    """Whether the same transaction may well pass when it is tried again at once."""
    origin: Any = getattr(error, "orig", None)
    state = getattr(origin, "sqlstate", None)
    return state in PASSING or (state == TAKEN and origin.diag.constraint_name == PLACE)


def trouble_of(error: BaseException) -> Trouble | None:
    """What is wrong with the database; None when the statement or its values are.

    A transaction in trouble is over: SQLite may have rolled all of it back by itself, whatever its savepoints.
    """
    origin: Any = getattr(error, "orig", None)
    code = getattr(origin, "sqlite_errorcode", 0)
    known = (
        _SQLITE_IO.get(code) or _SQLITE.get(code & SQLITE_BASE) or _POSTGRESQL.get(getattr(origin, "sqlstate", None) or "")
    )
    if known is None and (isinstance(error, sqlalchemy.exc.OperationalError) or _is_connection_lost(error)):
        return Trouble.AWAY
    return known


def _is_connection_lost(error: BaseException) -> bool:
    return isinstance(error, sqlalchemy.exc.DBAPIError) and error.connection_invalidated


def translated(error: Exception) -> Exception:
    """The hub's word for an error of the database; any other error as it is."""
    match error:
        case HubError():
            return error
        case sqlalchemy.exc.IntegrityError():
            hub: HubError = Conflict(Text(en="This exists already.", fr="Ceci existe déjà."))
        case sqlalchemy.exc.DataError():
            hub = _cannot_be_kept()
        case sqlalchemy.exc.SQLAlchemyError():
            hub = no_room() if trouble_of(error) is Trouble.FULL else unavailable()
        case _:
            return error
    hub.__cause__ = error
    return hub


def _cannot_be_kept() -> MessageError:
    """A value that the database will take at no time, such as a text with the character U+0000."""
    return MessageError(
        Text(
            en="It holds a character or a number that cannot be kept.",
            fr="Un caractère ou un nombre de ce contenu ne peut pas être conservé.",
        )
    )


def unavailable() -> HubUnavailable:
    """The ledger cannot be written or read now: nothing of the call was kept, or a repeat will find it."""
    return HubUnavailable(
        Text(
            en="The ledger's database cannot take this now. Try again later.",
            fr="La base du registre est momentanément indisponible. Réessayez plus tard.",
        )
    )


def no_room() -> NoRoom:
    """The disk is full: nothing of the call was kept."""
    return NoRoom(
        Text(
            en="The hub's disk is full: nothing was kept of this. Try again when its operators have made room.",
            fr="Le disque du hub est plein : rien n'a été conservé. Réessayez une fois la place faite par ses exploitants.",
        )
    )
