"""A compiled mapping: reads a side's document into the record, and writes the record as a side's document.

SIGNATURES FIRST: bodies follow within the hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hub.contract import Document, Shape
from hub.message import Files, Record
from hub.specs import mapping as specs
from hub.translation.tables import Table

Direction = Literal["in", "out", "ask", "feed", "collect"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document said: its record, and the files that the record names by ticket."""

    record: dict[str, Any]
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A side that a message leaves by, and the operation's direction there (`out` or `collect`)."""

    side: str
    direction: Direction
    operation: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What the sender is told through another exchange: that exchange's rows, still to be `adopt`ed by it."""

    exchange: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Translation:
    """One exchange's mapping, compiled. Safe to share between threads; every method is pure."""

    exchange: str
    revision: str
    spec: specs.Mapping

    @property
    def sides(self) -> tuple[str, ...]:
        """The applications of this exchange."""
        raise NotImplementedError

    def read(self, side: str, document: Document, *, direction: Direction = "in") -> Reading:
        """The record of `document`. Raises MessageError with the problems of all rows at once."""
        raise NotImplementedError

    def write(
        self, side: str, record: Record, files: Files, *, direction: Direction = "out", onto: Document | None = None
    ) -> dict[str, Any]:
        """`record` as `side` writes it; on `onto`, what already corresponds is left as it is. `onto` is not changed.

        Raises MessageError with the problems of all rows at once.
        """
        raise NotImplementedError

    def read_reply(self, side: str, document: Document) -> dict[str, Any]:
        """What `side` answered, by the `reply` rows. Raises MessageError."""
        raise NotImplementedError

    def write_reply(self, side: str, record: Record) -> dict[str, Any]:
        """The answer as `side` (who asked) is told it, by the `reply` rows. Raises MessageError."""
        raise NotImplementedError

    def receivers(self, sender: str) -> tuple[Receiver, ...]:
        """Where a message of `sender` leaves to: each `out` or `collect` of the other sides."""
        raise NotImplementedError

    def asked(self, sender: str) -> tuple[Receiver, ...]:
        """Whom a question of `sender` is put to: each `ask` of the other sides."""
        raise NotImplementedError

    def reference(self, record: Record) -> str:
        """The business key that joins the messages of one request; "" when it is still to be recalled."""
        raise NotImplementedError

    def identity(self, record: Record) -> str:
        """What makes a repeat of this message recognisable: its `once` rows, or the reference."""
        raise NotImplementedError

    def remembered(self, side: str, record: Record) -> dict[str, str]:
        """For the crosswalk: row -> value, of the `remember` rows (also those of a reply) with a cell on `side`."""
        raise NotImplementedError

    def recalls(self, record: Record) -> dict[str, str]:
        """Rows that are not carried and are to be found in the crosswalk: row -> the row whose value finds it."""
        raise NotImplementedError

    def personal_values(self, record: Record) -> dict[str, tuple[str, ...]]:
        """The values that tell something about a person, by row (`family_name`, `bins.holder`)."""
        raise NotImplementedError

    def masked(self, record: Record) -> dict[str, Any]:
        """The record with every personal value hidden."""
        raise NotImplementedError

    def row_at(self, side: str, path: str) -> str:
        """The row (`bins.stream`) that writes `path` on `side`; list indexes in `path` are passed over; "" if none."""
        raise NotImplementedError

    def follow_up(
        self, ended: Literal["delivered", "refused"], record: Record, *, reply: Record, reason: str
    ) -> FollowUp | None:
        """What the mapping's `then` says once a delivery has ended; None if it says nothing."""
        raise NotImplementedError

    def adopt(self, values: Mapping[str, Any], *, reference: str) -> dict[str, Any]:
        """A follow-up's values as a record of *this* exchange: typed by its rows, its key filled with `reference`.

        Raises MessageError for a row that this exchange does not have or a value that its row does not take.
        """
        raise NotImplementedError


def compile_mapping(
    spec: specs.Mapping,
    *,
    shapes: Mapping[str, Mapping[str, Shape]],
    replies: Mapping[str, Shape],
    tables: Mapping[str, Table],
    revision: str = "",
) -> Translation:
    """`spec` compiled to closures. `shapes`: side -> direction -> input document (feed: one item). `replies`: side -> answer.

    Raises ConfigurationError when a row cannot be compiled (check_mapping says it with file and line).
    """
    raise NotImplementedError
