"""Searching messages: each filter by an index, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from hub.errors import MessageError, Text
from hub.ledger.facts import Page, Search, Summary
from hub.ledger.reading import deliveries_of
from hub.ledger.rows import message_of
from hub.ledger.tables import EPOCH, delivery, is_open, message, micros, state_in
from hub.message import ENDED, Message

MOST = 1000
"""No page holds more."""


def find(of: sa.Connection, search: Search) -> Page:
    """The page of messages that fit."""
    limit = max(1, min(search.limit, MOST))
    asked = sa.select(message).where(*_tests(search)).order_by(message.c.accepted_at.desc(), message.c.id.desc())
    messages = [message_of(row) for row in of.execute(asked.limit(limit + 1)).mappings()]
    page = messages[:limit]
    deliveries = deliveries_of(of, [each.id for each in page])
    found = tuple(Summary(each, deliveries[each.id]) for each in page)
    return Page(found, _place(page[-1]) if len(messages) > limit else "")


def _tests(search: Search) -> Iterator[sa.ColumnElement[bool]]:
    for name in ("reference", "exchange", "authority", "sender"):
        if value := getattr(search, name):
            yield message.c[name] == value
    if search.since:
        yield message.c.accepted_at >= search.since
    if search.until:
        yield message.c.accepted_at < search.until
    if search.after:
        yield _after(search.after)
    if tests := list(_delivery_tests(search)):
        yield message.c.id.in_(sa.select(delivery.c.message).where(*tests))


def _delivery_tests(search: Search) -> Iterator[sa.ColumnElement[bool]]:
    if search.lane:
        yield delivery.c.lane == search.lane
    if search.receiver:
        yield delivery.c.receiver == search.receiver
    if search.state:
        yield state_in(delivery, (search.state,))
        if search.state not in ENDED:
            # SQLite uses a partial index only when its condition stands in the query word for word.
            yield is_open
    if search.reason:
        yield delivery.c.reason != sa.literal_column("''")
        yield delivery.c.reason.icontains(search.reason, autoescape=True)


def _place(last: Message) -> str:
    """Where a page ended."""
    return f"{micros(last.accepted_at)}.{last.id}"


def _after(place: str) -> sa.ColumnElement[bool]:
    """What comes after the end of a page."""
    at, _, id_ = place.partition(".")
    if not at.isdigit():
        raise MessageError(Text(en="This page does not exist.", fr="Cette page n'existe pas."), status=400)
    accepted_at = EPOCH + timedelta(microseconds=int(at))
    return sa.or_(message.c.accepted_at < accepted_at, sa.and_(message.c.accepted_at == accepted_at, message.c.id < id_))
