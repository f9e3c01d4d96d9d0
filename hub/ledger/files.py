"""Files that come and leave beside their documents: kept in sealed pieces, first by themselves, then as a message's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from hub.errors import HubUnavailable, NotFound, Text
from hub.ledger.facts import Upload
from hub.ledger.statements import insertion
from hub.ledger.tables import file, piece, upload
from hub.ledger.writer import Transaction
from hub.message import Apart

MANY = 20
"""Uploads that are dropped in one transaction at most: each may have hundreds of pieces."""

FILES = insertion(file, ("message", "ticket", "upload", "name"))


def begin(to: Transaction, id_: str, *, now: datetime) -> None:
    """Enter a file of which nothing has come yet."""
    to.connection.execute(sa.insert(upload).values(id=id_, begun_at=now, size=0, pieces=0, kind=""))


def add(to: Transaction, id_: str, number: int, sealed: bytes) -> None:
    """Keep the next piece of a file."""
    to.connection.execute(sa.insert(piece).values(upload=id_, number=number, sealed=sealed))


def end(to: Transaction, done: Upload) -> None:
    """Note that a file has come whole."""
    ended = sa.update(upload).where(upload.c.id == done.id).values(size=done.size, pieces=done.pieces, kind=done.kind)
    if not to.connection.execute(ended).rowcount:
        raise gone()


def bind(to: Transaction, files: Sequence[tuple[str, Mapping[str, Apart]]]) -> None:
    """Give files to their messages: (message, files by ticket, their names sealed). HubUnavailable where an upload is there
    no more."""
    rows = [(message, ticket, each.upload, each.name) for message, kept in files for ticket, each in kept.items()]
    wanted = {each.upload for _, kept in files for each in kept.values()}
    whole = sa.select(upload.c.id).where(upload.c.id.in_(wanted), upload.c.pieces > 0).with_for_update()
    if wanted - set(to.connection.scalars(whole)):
        raise gone()
    FILES.run(to.connection, rows)


def drop(to: Transaction, ids: Collection[str]) -> int:
    """Let go of these files but for those that are some message's; how many went."""
    ours = sa.select(upload.c.id).where(upload.c.id.in_(list(ids)), ~_bound())
    going = list(to.connection.scalars(ours.with_for_update(skip_locked=True)))
    if going:
        to.connection.execute(sa.delete(piece).where(piece.c.upload.in_(going)))
        to.connection.execute(sa.delete(upload).where(upload.c.id.in_(going)))
    return len(going)


def drop_left(to: Transaction, *, before: datetime) -> int:
    """Let go of files that were begun before then and became no message's: their sender left, or its node died."""
    left = sa.select(upload.c.id).where(upload.c.begun_at < before, ~_bound()).limit(MANY)
    return drop(to, list(to.connection.scalars(left)))


def upload_of(of: sa.Connection, message: str, ticket: str) -> Upload | None:
    """The file of a message by its ticket; None where it did not come beside its document."""
    asked = sa.select(upload.c.id, upload.c.size, upload.c.pieces, upload.c.kind).join(file, file.c.upload == upload.c.id)
    row = of.execute(asked.where(file.c.message == message, file.c.ticket == ticket)).first()
    return Upload(*row) if row else None


def uploads_of(of: sa.Connection, message: str) -> dict[str, Apart]:
    """The files of a message that came beside its document, by ticket; their names are still sealed."""
    asked = sa.select(file.c.ticket, file.c.name, upload.c.size, upload.c.kind, upload.c.id).join(
        upload, file.c.upload == upload.c.id
    )
    rows = of.execute(asked.where(file.c.message == message))
    return {row.ticket: Apart(row.size, row.kind, row.name, row.id) for row in rows}


def sealed_piece(of: sa.Connection, id_: str, number: int) -> bytes:
    """One piece of a file, still sealed. NotFound."""
    found: bytes | None = of.scalar(sa.select(piece.c.sealed).where(piece.c.upload == id_, piece.c.number == number))
    if found is None:
        raise NotFound
    return found


def gone() -> HubUnavailable:
    """The answer to who took so long that its file was let go."""
    return HubUnavailable(
        Text(en="The file took too long: send it again.", fr="Le fichier a mis trop longtemps : renvoyez-le.")
    )


def _bound() -> sa.ColumnElement[bool]:
    return sa.exists().where(file.c.upload == upload.c.id)
