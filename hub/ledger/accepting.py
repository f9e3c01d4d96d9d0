"""Accepting: a message, its contents, its deliveries and its first journal line, once per key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

import sqlalchemy as sa

from hub.errors import HubError, MessageError, Text
from hub.ledger import birth, files, images
from hub.ledger.facts import Acceptance
from hub.ledger.rows import ALIKE, BORN, COLUMNS, OWN, PLAIN, ROAD
from hub.ledger.schedules import move_cursor
from hub.ledger.statements import insertion
from hub.ledger.tables import content, delivery, idempotency, message
from hub.ledger.writer import Transaction
from hub.message import Delivery, Message, Receipt

Key = tuple[str, str, str, str]

AT_ONCE = 1000
"""Messages in one statement at most: SQLite takes 32,766 parameters, PostgreSQL 65,535, and a key has four."""


UNLESS_THERE = "ON CONFLICT DO NOTHING"
_KEY = ("authority", "sender", "exchange", "key")
_ENTRY = attrgetter(*_KEY, "id", "fingerprint")
KEYS = insertion(idempotency, (_KEY[-1], "message", "fingerprint"), UNLESS_THERE, alike=[_KEY[:-1]])
MESSAGES = insertion(message, OWN[Message], alike=ALIKE[Message])
CONTENTS = insertion(content, ("message", "name", "sealed"), alike=[("media",)])
DELIVERIES = insertion(delivery, (*OWN[Delivery], "accepted_at"), alike=[("expires_at", *BORN), ROAD])
_EXPIRES, _ACCEPTED = map(COLUMNS[Message].index, ("expires_at", "accepted_at"))
"""Where a message's row has the times that its deliveries' rows repeat."""
_message_row, _delivery_row = PLAIN[Message], PLAIN[Delivery]


def accept(to: Transaction, acceptances: Sequence[Acceptance]) -> Sequence[Receipt | HubError]:
    """Keep what is new and answer each: its receipt, the first one's when it repeats it, or why its key is refused.

    One whose images have moved on is answered Moved, and not kept.
    """
    if not any(each.images for each in acceptances):
        return _accept(to, acceptances)
    now = images.versions(to, [held for each in acceptances for held in each.images])
    answers: list[Receipt | HubError] = []
    for each in acceptances:
        if images.unmoved(each.images, now):
            answers += _accept(to, [each])
            if isinstance(answers[-1], Receipt) and not answers[-1].duplicate:
                images.keep(to, each.images, now, told=False)
        else:
            answers.append(images.Moved())
    return answers


def _accept(to: Transaction, acceptances: Sequence[Acceptance]) -> Sequence[Receipt | HubError]:
    holders, old = _holders(to, acceptances)
    firsts = [holders.get(_key(each.message), each.message.id) for each in acceptances]
    new: dict[str, int] = {}
    for place, (each, first) in enumerate(zip(acceptances, firsts, strict=True)):
        if first == each.message.id and first not in old:
            new.setdefault(first, place)
    if new:
        _keep(to, [acceptances[place] for place in new.values()])
    repeats = {first for place, first in enumerate(firsts) if new.get(first) != place}
    known = _receipts(to, repeats) if repeats else {}
    return [
        _receipt(each) if new.get(first) == place else _repeated(to, each, known[first])
        for place, (each, first) in enumerate(zip(acceptances, firsts, strict=True))
    ]


def accept_list(
    to: Transaction, acceptances: Sequence[Acceptance], *, cursor: tuple[str, str] | None
) -> tuple[Receipt | MessageError, ...]:
    """Accept a fetched list, a part at a time in its one transaction, and move the cursor behind it."""
    parts = (acceptances[start : start + AT_ONCE] for start in range(0, len(acceptances), AT_ONCE))
    answers = [answer for part in parts for answer in accept(to, part)]
    if cursor:
        move_cursor(to, cursor[0], cursor[1])
    return tuple(answer for answer in answers if isinstance(answer, Receipt | MessageError))


def _holders(to: Transaction, acceptances: Sequence[Acceptance]) -> tuple[dict[Key, str], set[str]]:
    """The message that holds each key, and which of these are on disk already; keys that nobody held are entered."""
    keyed = {_key(each.message): each.message for each in reversed(acceptances) if each.message.key}
    if not keyed:
        return {}, set()
    entered = KEYS.run(to.connection, [_ENTRY(each) for each in keyed.values()])
    if entered == len(keyed):
        return {key: each.id for key, each in keyed.items()}, set()
    columns = sa.tuple_(*(idempotency.c[name] for name in _KEY))
    rows = to.connection.execute(sa.select(idempotency).where(columns.in_(list(keyed))))
    holders = {(row.authority, row.sender, row.exchange, row.key): row.message for row in rows}
    return holders, set(to.connection.scalars(sa.select(message.c.id).where(message.c.id.in_(holders.values()))))


def _keep(to: Transaction, acceptances: Sequence[Acceptance]) -> None:
    messages = {each.message.id: _message_row(each.message) for each in acceptances}
    MESSAGES.run(to.connection, list(messages.values()))
    contents = [(part.media, each.message.id, part.name, part.data) for each in acceptances for part in each.contents]
    if contents:
        CONTENTS.run(to.connection, contents)
    if kept := [(each.message.id, each.files) for each in acceptances if each.files]:
        files.bind(to, kept)
    if new := [(item, each) for each in acceptances for item in each.deliveries]:
        theirs = [messages[each.message.id] for _, each in new]
        put = zip(birth.leased(to, new), theirs, strict=True)
        rows = [(of_it[_EXPIRES], *_delivery_row(item), of_it[_ACCEPTED]) for item, of_it in put]
        DELIVERIES.run(to.connection, rows)
    for each in acceptances:
        said = each.message
        to.journal.write("accepted", at=said.accepted_at, message=said.id, actor=each.actor, detail=each.detail)


def _receipts(to: Transaction, messages: Iterable[str]) -> dict[str, tuple[str, Receipt]]:
    """The fingerprint and the receipt, as a duplicate, of messages accepted before."""
    ids = list(messages)
    deliveries: dict[str, list[str]] = {}
    asked = sa.select(delivery.c.message, delivery.c.id).where(delivery.c.message.in_(ids))
    for row in to.connection.execute(asked.order_by(delivery.c.position)):
        deliveries.setdefault(row.message, []).append(row.id)
    return {
        row.id: (
            row.fingerprint,
            Receipt(row.id, row.exchange, row.reference, row.accepted_at, True, tuple(deliveries.get(row.id, ()))),
        )
        for row in to.connection.execute(sa.select(message).where(message.c.id.in_(ids)))
    }


def _repeated(to: Transaction, again: Acceptance, first: tuple[str, Receipt]) -> Receipt | MessageError:
    fingerprint, receipt = first
    if fingerprint != again.message.fingerprint:
        return MessageError(
            Text(
                en="This key was already used for a message with another content.",
                fr="Cette clé a déjà servi pour un message au contenu différent.",
            ),
            status=422,
            kind="key-reused",
        )
    to.journal.write("repeated", at=again.message.accepted_at, message=receipt.message, actor=again.actor)
    return receipt


def _receipt(each: Acceptance) -> Receipt:
    said = each.message
    ids = tuple(item.id for item in each.deliveries)
    return Receipt(said.id, said.exchange, said.reference, said.accepted_at, deliveries=ids)


def _key(said: Message) -> Key:
    return said.authority, said.sender, said.exchange, said.key
