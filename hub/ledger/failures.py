"""How the database's errors become the hub's: no SQLAlchemy error leaves the ledger."""

from __future__ import annotations

import sqlalchemy.exc

from hub.errors import Conflict, HubError, HubUnavailable, MessageError, Text

PASSING = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for a serialization failure and a deadlock: the same transaction may well pass the next time."""


def is_passing(error: BaseException) -> bool:
    """Whether the same transaction may well pass when it is tried again at once."""
    origin = getattr(error, "orig", None)
    return getattr(origin, "sqlstate", None) in PASSING


def is_connection_lost(error: BaseException) -> bool:
    """Whether nothing more can be said over this connection."""
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
            hub = unavailable()
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
