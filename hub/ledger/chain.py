"""The journal: append-only lines, each boot's own hash chain, and the proof that nobody changed them."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa

from hub.errors import Text
from hub.ledger.facts import Detail, Flaw, JournalLine, packed, unpacked
from hub.ledger.statements import insertion
from hub.ledger.tables import journal, micros

HASHED = itemgetter("previous", "chain", "position", "at", "event", "message", "delivery", "actor", "reason", "detail")
START = (0, "")
"""Where a chain stands before its first line: its position and the hash that the first line follows."""


_OWN = ("position", "at", "event", "message", "delivery", "actor", "detail", "previous", "hash")
LINES = insertion(journal, _OWN, alike=[("chain",), ("reason",)])


class Journal:
    """The lines of one transaction, chained and written together just before its commit."""

    def __init__(self, chain: str) -> None:
        self._chain = chain
        self._lines: list[tuple[Any, ...]] = []

    def write(
        self,
        event: str,
        *,
        at: datetime,
        message: str = "",
        delivery: str = "",
        actor: str = "",
        reason: Text | None = None,
        detail: Detail | None = None,
    ) -> None:
        """Add a line."""
        told = _canonical(detail) if detail else ""
        self._lines.append((micros(at), str(event), message, delivery, actor, packed(reason), told))

    def mark(self) -> int:
        """How many lines there are: where `back_to` returns when a part of the transaction is undone."""
        return len(self._lines)

    def back_to(self, mark: int) -> None:
        """Forget the lines after a mark."""
        del self._lines[mark:]

    def flush(self, connection: sa.Connection, head: tuple[int, str]) -> tuple[int, str]:
        """Chain the lines after `head` and write them; the head as it then is."""
        position, previous = head
        chained = []
        for line in self._lines:
            position += 1
            hash_ = _hash((previous, self._chain, position, *line))
            at, event, message, delivery, actor, reason, detail = line
            chained.append((self._chain, reason, position, at, event, message, delivery, actor, detail, previous, hash_))
            previous = hash_
        if chained:
            LINES.run(connection, chained)
        return position, previous


def head_of(connection: sa.Connection, chain: str) -> tuple[int, str]:
    """Where a chain stands on disk."""
    last = sa.select(journal.c.position, journal.c.hash).where(journal.c.chain == chain)
    row = connection.execute(last.order_by(journal.c.position.desc()).limit(1)).first()
    return (row.position, row.hash) if row else START


def verify(connection: sa.Connection) -> Flaw | None:
    """The first line, by chain and position, that does not follow from the one before it."""
    lines = sa.select(journal).order_by(journal.c.chain, journal.c.position)
    chain, head = "", START
    for row in connection.execute(lines.execution_options(yield_per=1000)).mappings():
        if row["chain"] != chain:
            chain, head = row["chain"], START
        if flaw := _flaw({**row, "at": micros(row["at"])}, head):
            return Flaw(chain, head[0] + 1, flaw)
        head = (row["position"], row["hash"])
    return None


def _flaw(row: dict[str, Any], head: tuple[int, str]) -> Text | None:
    if row["position"] != head[0] + 1:
        return Text(en="A line is missing here.", fr="Une ligne manque ici.")
    if row["previous"] != head[1]:
        return Text(en="This line does not follow the one before it.", fr="Cette ligne ne suit pas la précédente.")
    if row["hash"] != _hash(HASHED(row)):
        return Text(en="This line was changed.", fr="Cette ligne a été modifiée.")
    return None


def line_of(row: sa.RowMapping) -> JournalLine:
    """A row of the journal as its line."""
    return JournalLine(
        chain=row["chain"],
        position=row["position"],
        at=row["at"],
        event=row["event"],
        message=row["message"],
        delivery=row["delivery"],
        actor=row["actor"],
        reason=unpacked(row["reason"]),
        detail=json.loads(row["detail"]) if row["detail"] else {},
    )


def _hash(hashed: tuple[Any, ...]) -> str:
    """SHA-256 of the previous hash, the chain, and the line in its one written form: the values that are HASHED, in turn."""
    return hashlib.sha256(orjson.dumps(hashed)).hexdigest()


def _canonical(value: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()
