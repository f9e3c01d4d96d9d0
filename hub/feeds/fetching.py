"""Fetches a feed: asks for its pages in turn, has their items accepted as they come, and moves the cursor with the last."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from hub.call import Delivered
from hub.caller import Caller
from hub.catalogue import Application, Catalogue
from hub.contract import Document, Kind
from hub.errors import HubError, MessageError, Text
from hub.feeds.cursor import Cursor, reached, read_cursor
from hub.feeds.paging import Astray, Endless, Following, Heading, Last, Turn, address, asked, following
from hub.intake import Intake
from hub.ledger import Ledger
from hub.message import Receipt
from hub.specs.connector import Operation
from hub.specs.schedule import Schedule
from hub.translation.dates import date_form
from hub.transports.conditional import Validators

log = logging.getLogger("hub.feeds")

OVERLAP = timedelta(minutes=5)
"""How far a fetch looks back before the last one: the application's clock and commits may lag. Repeats are recognised."""
FIRST = timedelta(days=1)
"""How far the very first fetch looks back."""


@dataclass(slots=True)
class Fetch:
    """What a fetch has brought so far: how many items, which of them were refused, over how many pages; the mark that they
    have reached, and what the last answer is known by."""

    items: int = 0
    refused: list[MessageError] = field(default_factory=list)
    pages: int = 0
    mark: str = ""
    validators: Validators | None = None

    @property
    def refusals(self) -> Text | None:
        """How many were refused, and why the first was; None when none was."""
        if not self.refused:
            return None
        count, first = len(self.refused), self.refused[0].text
        return Text(
            en=f"Items refused: {count}. The first: {first.en}",
            fr=f"Éléments refusés : {count}. Le premier : {first.fr}",
        )

    def note(self, results: Sequence[Receipt | MessageError]) -> None:
        """One page more, and what became of its items."""
        self.pages += 1
        self.items += len(results)
        self.refused += [result for result in results if isinstance(result, MessageError)]

    def failed(self, reason: Text) -> HubError:
        """Why it does not go on, and what it has taken before."""
        if not self.pages:
            return HubError(reason)
        page, items = self.pages + 1, self.items
        return HubError(
            Text(
                en=f"Page {page}: {reason.en} The {items} items of the pages before are taken; the next fetch asks for all.",
                fr=f"Page {page} : {reason.fr} Les {items} éléments des pages d'avant sont pris ; le prochain relevé "
                "redemande tout.",
            )
        )


@dataclass(frozen=True, slots=True)
class _Asking:
    """A schedule that asks its feed: how far it has read, what the answer of last time is known by, and when it began."""

    schedule: Schedule
    application: Application
    cursor: Cursor
    known: Validators | None
    began: datetime

    @property
    def operation(self) -> Operation:
        return self.application.spec.operations[self.schedule.fetch.operation]

    def question(self, turn: Turn) -> Document:
        """The request for a page of what is new."""
        document: dict[str, Any] = {}
        for path, value in {**self._since(), **asked(self.operation.page, turn)}.items():
            _put(document, path, value)
        return document

    def items(self, answer: Document) -> list[Document]:
        """The items of a page."""
        found: Any = answer
        for name in (self.operation.items or "").split("."):
            found = (found or {}).get(name)
        return list(found or [])

    def after(self, mark: str, items: Sequence[Document]) -> str:
        """The mark that these items have reached."""
        path, output = self.operation.since_of, self.application.operation(self.schedule.fetch.operation).output
        if not path or output is None:
            return mark
        shape = output.shape.at(f"{self.operation.items}.{path}")
        return reached(mark, items, path, shape.kind if shape else Kind.TEXT)

    def _since(self) -> Mapping[str, str]:
        operation, zone = self.operation, ZoneInfo(self.schedule.timezone)
        if not operation.since:
            return {}
        if operation.since_of:
            return {operation.since: self.cursor.mark} if self.cursor.mark else {}
        last = self.cursor.at - OVERLAP if self.cursor.at else self.began - FIRST
        since = last - _turned_back(last, self.began, zone)
        return {operation.since: date_form(operation.since_form, zone).cell.form(since.isoformat())}


class Feeds:
    """Fetches the feeds that schedules name."""

    def __init__(
        self, *, catalogue: Catalogue, ledger: Ledger, caller: Caller, intake: Intake, clock: Callable[[], datetime]
    ) -> None:
        self._catalogue = catalogue
        self._ledger = ledger
        self._caller = caller
        self._intake = intake
        self._clock = clock

    async def fetch(self, schedule: Schedule) -> Fetch:
        """Ask a schedule's feed for what is new since its last fetch, and accept it.

        The cursor moves with the items of the last page. HubError when a page is not answered, or pages do not end, or lead
        elsewhere: what came before is accepted, the cursor is as it was, and the next fetch asks for all of it again.
        """
        asking = await self._asking(schedule)
        fetch = Fetch(mark=asking.cursor.mark)
        then: Following = Turn()
        while isinstance(then, Turn):
            then = await self._page(asking, then, fetch)
        if isinstance(then, Endless | Astray):
            raise fetch.failed(then.reason)
        await self._know(asking, fetch)
        return fetch

    async def _asking(self, schedule: Schedule) -> _Asking:
        name, began, feed = schedule.schedule, self._clock(), _feed(schedule)
        cursor = read_cursor(await self._ledger.cursor(name), feed=feed)
        known = _read_validators(await self._ledger.cursor(_validators_of(name)), feed=feed)
        return _Asking(schedule, self._catalogue.connectors[schedule.fetch.connector], cursor, known, began)

    async def _page(self, asking: _Asking, turn: Turn, fetch: Fetch) -> Following:
        """Ask for a page and accept its items, the cursor moved with them when it is the last; what follows it."""
        answer, heading = await self._asked(asking, turn, fetch)
        items = asking.items(answer)
        then = following(asking.operation.page, turn, answer, items, heading=heading)
        fetch.mark = asking.after(fetch.mark, items)
        cursor = Cursor(asking.began, asking.cursor.feed, fetch.mark)
        schedule = asking.schedule
        results = await self._intake.accept_list(
            schedule.fetch.into,
            items,
            sender=schedule.fetch.connector,
            authority=schedule.authority,
            cursor=(schedule.schedule, cursor.written()) if isinstance(then, Last) else None,
        )
        for error in (result for result in results if isinstance(result, MessageError)):
            log.error("schedule %s: an item was refused: %s", schedule.schedule, error)
        fetch.note(results)
        return then

    async def _asked(self, asking: _Asking, turn: Turn, fetch: Fetch) -> tuple[Document, Heading]:
        """The application's answer, and what came with it. Of several pages only the first can be the whole, and asked for
        if it has changed."""
        schedule = asking.schedule
        began = asking.began.isoformat()
        answer = await self._caller.call(
            asking.application,
            schedule.fetch.operation,
            asking.question(turn),
            authority=schedule.authority,
            key=f"{schedule.schedule}:{began}" if turn.number == 1 else f"{schedule.schedule}:{began}:{turn.number}",
            known=asking.known if turn.number == 1 else None,
            at=address(asking.operation.page, turn),
        )
        if not isinstance(answer.outcome, Delivered):
            raise fetch.failed(answer.outcome.reason)
        fetch.validators = answer.validators
        link = answer.reply.headers.get("link", "") if answer.reply else ""
        return answer.outcome.answer, Heading(answer.address, link)

    async def _know(self, asking: _Asking, fetch: Fetch) -> None:
        """Keep what the answer is known by, if it was the whole and was taken whole: what was refused is to come again."""
        worth = fetch.validators if fetch.pages == 1 and not fetch.refused else None
        if worth != asking.known:
            kept = orjson.dumps({"feed": asking.cursor.feed, **asdict(worth)}).decode() if worth else ""
            await self._ledger.move_cursor(_validators_of(asking.schedule.schedule), kept)


def _feed(schedule: Schedule) -> str:
    """Which feed a schedule reads, and for what: what is known of one says nothing of another."""
    return f"{schedule.fetch.connector}.{schedule.fetch.operation} {schedule.fetch.into} {schedule.authority}"


def _validators_of(schedule: str) -> str:
    """Where they are kept: not in the cursor, which an older node of a rolling upgrade reads too."""
    return f"{schedule}/validators"


def _read_validators(kept: str | None, *, feed: str) -> Validators | None:
    found: dict[str, str] = orjson.loads(kept) if kept else {}
    if found.pop("feed", "") != feed:
        return None
    return Validators(**found)


def _put(document: dict[str, Any], path: str, value: str) -> None:
    *above, name = path.split(".")
    for each in above:
        document = document.setdefault(each, {})
    document[name] = value


def _turned_back(since: datetime, now: datetime, zone: ZoneInfo) -> timedelta:
    """By how much local clocks were put back in between. An application that keeps local times without their offset then
    says of what comes later that it was earlier: the fetch must look back by so much more."""
    before, after = since.astimezone(zone).utcoffset(), now.astimezone(zone).utcoffset()
    return max(timedelta(0), (before or timedelta(0)) - (after or timedelta(0)))
