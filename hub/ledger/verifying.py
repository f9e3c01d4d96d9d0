"""Whether a book is whole: its file, its journal, its rows and its sealed contents. All is read, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from hub.errors import Text, same
from hub.ledger import chain
from hub.ledger.contents import Safe
from hub.ledger.facts import Content, Held
from hub.ledger.tables import content, delivery, idempotency, image, journal, message, metadata, piece, upload
from hub.message import State

MOST = 100
"""Flaws that are told: a file that is torn has thousands."""

OF_DELIVERY = ("exchange", "authority", "reference", "accepted_at")
OF_KEY = ("authority", "sender", "exchange", "key", "fingerprint")
"""What a delivery, and the entry of a key, repeat of their message."""

AT_ONCE = 500
"""Rows read at once."""

UNREADABLE = (sa.exc.SQLAlchemyError, ValueError, TypeError, OverflowError)
"""What reading a torn file comes to: the driver itself stumbles over words that are no text, and times that are none."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read of a book, and every flaw that was found, in words."""

    messages: int
    lines: int
    contents: int
    flaws: tuple[Text, ...]


Check = Callable[[sa.Connection, Safe], Iterator[Text]]


def verify(of: sa.Connection, safe: Safe) -> Verified:
    """Read the whole book. What cannot be read is a flaw like any other."""
    flaws: list[Text] = []
    for check in (_file, _rows, _journal, _messages, _deliveries, _keys, _twice_written, _contents, _pieces, _images):
        try:
            for flaw in check(of, safe):
                flaws.append(flaw)
                if len(flaws) == MOST:
                    break
        except UNREADABLE as error:
            flaws.append(_unread(check.__name__.strip("_"), str(getattr(error, "orig", error))))
    return Verified(_count(of, message), _count(of, journal), _count(of, content), tuple(flaws[:MOST]))


def _count(of: sa.Connection, table: sa.Table) -> int:
    try:
        return int(of.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
    except UNREADABLE:
        return 0


def _file(of: sa.Connection, _: Safe) -> Iterator[Text]:
    """What SQLite finds wrong in its pages, and in its indexes against their tables. PostgreSQL checks what it reads."""
    if of.dialect.name != "sqlite":
        return
    for line in of.exec_driver_sql(f"PRAGMA integrity_check({MOST})").scalars():
        if line != "ok":
            yield Text(en=f"The file: {line}", fr=f"Le fichier : {line}")
    for row in of.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Text(en=f"A {row[0]} names a {row[2]} that is not there.", fr=f"« {row[0]} » désigne un « {row[2]} » absent.")


def _rows(of: sa.Connection, _: Safe) -> Iterator[Text]:
    """Every row can be read, and every text in it is one."""
    for table in metadata.sorted_tables:
        if table not in (journal, content, piece):
            for _row in of.execute(sa.select(table).execution_options(yield_per=AT_ONCE)):
                pass
    yield from ()


def _journal(of: sa.Connection, _: Safe) -> Iterator[Text]:
    flaw = chain.verify(of)
    if flaw:
        where = f"{flaw.chain}, {flaw.position}"
        yield Text(en=f"The journal ({where}): {flaw.text.en}", fr=f"Le journal ({where}) : {flaw.text.fr}")


def _messages(of: sa.Connection, _: Safe) -> Iterator[Text]:
    """Each message was accepted by a line of the journal, and each line that accepted one still has it."""
    accepted = sa.select(journal.c.message).where(journal.c.event == "accepted")
    for id_ in of.scalars(sa.select(message.c.id).where(message.c.id.not_in(accepted)).limit(MOST)):
        yield Text(en=f"Message {id_} was never accepted.", fr=f"Le message {id_} n'a jamais été reçu.")
    for id_ in of.scalars(accepted.where(journal.c.message.not_in(sa.select(message.c.id))).limit(MOST)):
        yield Text(en=f"Message {id_} was accepted and is not there.", fr=f"Le message {id_}, reçu, est absent.")


def _deliveries(of: sa.Connection, _: Safe) -> Iterator[Text]:
    odd = sa.select(delivery.c.id, delivery.c.state).where(delivery.c.state.not_in([str(state) for state in State]))
    for row in of.execute(odd.limit(MOST)):
        yield Text(en=f"Delivery {row.id} has no state: {row.state!r}.", fr=f"Remise {row.id} sans état : {row.state!r}.")


def _twice_written(of: sa.Connection, _: Safe) -> Iterator[Text]:
    """What is written of a message in two places says the same in both."""
    for table, names in ((delivery, OF_DELIVERY), (idempotency, OF_KEY)):
        differs = sa.or_(*(table.c[name] != message.c[name] for name in names))
        joined = sa.select(message.c.id).join(table, table.c.message == message.c.id).where(differs)
        for id_ in of.scalars(joined.limit(MOST)):
            yield Text(
                en=f"Message {id_} is not what its {table.name} says.",
                fr=f"Le message {id_} n'est pas ce qu'en dit sa table {table.name}.",
            )


def _keys(of: sa.Connection, _: Safe) -> Iterator[Text]:
    """The message that a key stands for is there."""
    lost = sa.select(idempotency.c.key).where(idempotency.c.message.not_in(sa.select(message.c.id)))
    for key in of.scalars(lost.limit(MOST)):
        yield Text(en=f"The key {key!r} stands for no message.", fr=f"La clé {key!r} ne désigne aucun message.")


def _contents(of: sa.Connection, safe: Safe) -> Iterator[Text]:
    """Every content opens with the key that sealed it, for the message that it is of."""
    for row in of.execute(sa.select(content).execution_options(yield_per=AT_ONCE)):
        if not _opens(lambda row=row: safe.opened(row.message, Content(row.name, row.media, row.sealed))):  # type: ignore[misc]
            what = f"{row.message}, {row.name}"
            yield Text(en=f"A content does not open: {what}.", fr=f"Un contenu ne s'ouvre pas : {what}.")


def _pieces(of: sa.Connection, safe: Safe) -> Iterator[Text]:
    """Every file that came beside a document has all its pieces, and each opens for its place."""
    for row in of.execute(sa.select(upload).where(upload.c.pieces > 0).execution_options(yield_per=AT_ONCE)):
        for number in range(row.pieces):
            sealed = of.scalar(sa.select(piece.c.sealed).where(piece.c.upload == row.id, piece.c.number == number))
            if not _opens(lambda id_=row.id, at=number, data=sealed: safe.opened_piece(id_, at, data or b"")):  # type: ignore[misc]
                what = f"{row.id}, {number}"
                yield Text(en=f"A piece of a file does not open: {what}.", fr=f"Un morceau ne s'ouvre pas : {what}.")


def _images(of: sa.Connection, safe: Safe) -> Iterator[Text]:
    for row in of.execute(sa.select(image).execution_options(yield_per=AT_ONCE)).mappings():
        if not _opens(lambda row=row: safe.opened_image(Held(**row))):  # type: ignore[misc]
            what = f"{row['exchange']}, {row['reference']}, {row['side']}"
            yield Text(en=f"What a side holds does not open: {what}.", fr=f"Une image ne s'ouvre pas : {what}.")


def _opens(opening: Callable[[], object]) -> bool:
    try:
        opening()
    except Exception:  # whatever torn bytes make of it, they do not open
        return False
    return True


def _unread(what: str, words: str) -> Text:
    said = same(words)
    return Text(en=f"Of the {what} not all can be read: {said.en}", fr=f"Lecture incomplète ({what}) : {said.fr}")
