"""What a person does to all deliveries that fit a search: counted first, then done a batch at a time, in the order in which
they were accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from hub.errors import same
from hub.ledger.facts import Search, Selection
from hub.ledger.operating import Action
from hub.ledger.reading import causes_of
from hub.ledger.rows import delivery_of
from hub.ledger.tables import delivery, is_open, journal, message, state_in
from hub.ledger.turns import come_forward, is_over
from hub.ledger.writer import Transaction
from hub.lifecycle import check_transition
from hub.message import ENDED, Delivery, State

BATCH = 200
"""Deliveries in one transaction: between two of them, others have their turn."""

FIRST = 20
"""How many of the deliveries are shown."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The deliveries that fit `search` and to which nothing has happened since the line `mark` of the journal."""

    search: Search
    mark: int


class Some(Protocol):
    """Does something to the next batch behind the position `after`; how many there were, and the last one's position."""

    def __call__(self, to: Transaction, *, selected: Selected, by: Action, after: int) -> tuple[int, int]: ...


def selection(of: sa.Connection, search: Search) -> Selection:
    """What fits now, by cause, and the mark that what is done afterwards is held to."""
    tests = tuple(fitting(search))
    causes = causes_of(of, *tests)
    first = of.execute(sa.select(delivery).where(*tests).order_by(delivery.c.position).limit(FIRST)).mappings()
    mark = of.scalar(sa.select(sa.func.max(journal.c.id))) or 0
    return Selection(sum(each.deliveries for each in causes), causes, tuple(delivery_of(row) for row in first), mark)


def fitting(search: Search) -> Iterator[sa.ColumnElement[bool]]:
    """The tests of a delivery that fits a search for one state. One that goes on by itself is not a person's affair."""
    state = search.state or State.DEAD
    yield state_in(delivery, (state,))
    if state not in ENDED:
        # SQLite uses a partial index only when its condition stands in the query word for word.
        yield is_open
    if state is State.UNANSWERED:
        yield delivery.c.due_at.is_(None)
    for name in ("reference", "exchange", "authority", "lane", "receiver"):
        if value := getattr(search, name):
            yield delivery.c[name] == value
    if search.sender:
        said = sa.select(message.c.sender).where(message.c.id == delivery.c.message).scalar_subquery()
        yield said == search.sender
    if search.reason:
        yield delivery.c.reason.icontains(search.reason, autoescape=True)
    if search.since:
        yield delivery.c.accepted_at >= search.since
    if search.until:
        yield delivery.c.accepted_at < search.until


def replay_some(to: Transaction, *, selected: Selected, by: Action, after: int) -> tuple[int, int]:
    """Let the next batch go anew. As for one delivery: what died in doubt is looked up first, what waited for a person to
    say so is sent."""
    settled = {"look_up": False} if selected.search.state is State.UNANSWERED else {}
    anew = {"due_at": by.now, "attempts": 0, "failing_since": None, **settled}
    return _do_some(to, _batch(to, selected, after), State.WAITING, by=by, event="replayed", values=anew)


def cancel_some(to: Transaction, *, selected: Selected, by: Action, after: int) -> tuple[int, int]:
    """End the next batch."""
    ended = {"due_at": None}
    return _do_some(to, _batch(to, selected, after), State.CANCELLED, by=by, event="cancelled", values=ended)


def _batch(to: Transaction, selected: Selected, after: int) -> list[Delivery]:
    since = sa.select(journal.c.id).where(
        journal.c.message == delivery.c.message, journal.c.delivery == delivery.c.id, journal.c.id > selected.mark
    )
    # A scalar with a limit: PostgreSQL makes of NOT EXISTS a join that reads the whole journal.
    untouched = since.limit(1).scalar_subquery().is_(None)
    asked = sa.select(delivery).where(*fitting(selected.search), delivery.c.position > after, untouched)
    locked = asked.order_by(delivery.c.position).limit(BATCH).with_for_update(of=delivery)
    return [delivery_of(row) for row in to.connection.execute(locked).mappings()]


def _do_some(
    to: Transaction, some: list[Delivery], state: State, *, by: Action, event: str, values: Mapping[str, Any]
) -> tuple[int, int]:
    if not some:
        return 0, 0
    check_transition(some[0].state, state)
    ids = [each.id for each in some]
    anew = {"behind": False} if state is State.WAITING else {}
    to.connection.execute(sa.update(delivery).where(delivery.c.id.in_(ids)).values(state=state, **values, **anew))
    to.stirred.update(each.lane for each in some)
    come_forward(to, [each for each in some if is_over(state, each)])
    why, detail = same(by.reason), {"from": some[0].state, "all": True}
    for each in some:
        to.journal.write(event, at=by.now, message=each.message, delivery=each.id, actor=by.actor, reason=why, detail=detail)
    return len(some), some[-1].position
