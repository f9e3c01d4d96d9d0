"""How far a schedule has read of its feed, as its cursor keeps it: when it last asked, and the mark it had reached. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from hub.contract import Document, Kind
from hub.transports.answer import values_at


@dataclass(frozen=True, slots=True)
class Cursor:
    """`at`: when the last whole fetch began, None before the first. `mark`: the value of `since_of` that it had reached,
    "" for none, which is a value of the feed `feed` and of no other."""

    at: datetime | None = None
    feed: str = ""
    mark: str = ""

    def written(self) -> str:
        """As it is kept: without a mark a plain time, which every release of the hub reads."""
        at = self.at.isoformat() if self.at else ""
        if not self.mark:
            return at
        return orjson.dumps({"at": at, "feed": self.feed, "mark": self.mark}).decode()


def read_cursor(kept: str | None, *, feed: str) -> Cursor:
    """The cursor of a schedule of this feed. A mark of another feed is no mark."""
    if not kept:
        return Cursor(feed=feed)
    if not kept.startswith("{"):
        return Cursor(datetime.fromisoformat(kept), feed)
    found: dict[str, str] = orjson.loads(kept)
    mark = found["mark"] if found["feed"] == feed else ""
    return Cursor(datetime.fromisoformat(found["at"]), feed, mark)


def reached(mark: str, items: Sequence[Document], path: str, kind: Kind) -> str:
    """The mark after these items: of numbers and dates the highest, be it the one that there was; of all else, whose order
    is the application's own, the last item's that has one."""
    values = [value for item in items for value in list(values_at(item, path))[:1]]
    weigh = _WEIGHTS.get(kind, _weightless)
    weighed = [(weight, value) for value in (mark, *values) if (weight := weigh(value)) is not None]
    if weighed:
        return max(weighed, key=lambda pair: pair[0])[1]
    return values[-1] if values else mark


def _number(value: str) -> Decimal | None:
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _moment(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _weightless(_: str) -> None:
    return None


_WEIGHTS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.INTEGER: _number,
    Kind.DECIMAL: _number,
    Kind.DATE: _moment,
    Kind.DATETIME: _moment,
}
