"""A compiled mapping: reads a side's document into the record, and writes the record as a side's document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hub.contract import Document, Shape
from hub.errors import ConfigurationError, MessageError, Problem, Text
from hub.facts import Fact
from hub.message import File, Files, Record
from hub.specs import mapping as specs
from hub.translation.cells import Words
from hub.translation.compiling import Plan, compile_level
from hub.translation.faults import Fault, fault
from hub.translation.letters import Letters
from hub.translation.levels import Level, read_level, write_level
from hub.translation.paths import cells_of
from hub.translation.record import canonical_text
from hub.translation.scene import Trip
from hub.translation.tables import Table
from hub.translation.tweaks import Tweaks
from hub.translation.values import typed_code
from hub.translation.wanted import Fetched, Wanted

Direction = Literal["in", "out", "ask", "feed", "collect"]
MASK = "•••"
_SAID = {"in", "feed"}
_INDEX = re.compile(r"\[\d+\]")


class Reading(Fact, frozen=True):
    """What a document said: its record, and the files that the record names by ticket. `wanted`: those that it gives by
    their address and that were not fetched; a substitute stands for each of them."""

    record: dict[str, Any]
    files: dict[str, File]
    wanted: tuple[Wanted, ...] = ()


@dataclass(frozen=True, slots=True)
class Receiver:
    """A side that a message leaves by, and the operation there. `direction` is `out`, `collect` or `ask`."""

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
    """One exchange's mapping, compiled. Safe to share between threads; every method is pure.

    `levels`: side -> direction -> compiled rows; `reply_levels`: side -> the `reply` rows; `recalled`: the rows with
    `recall`, and by which; `kept`: side -> the `remember` rows with a cell there; `told`: whom a message leaves to, and
    `receiving`: which of them one of each side does; `two_way`: whether some side both says this exchange and is told it, so
    that what each side holds is remembered. The rest is what they were compiled from.
    """

    spec: specs.Mapping
    revision: str
    levels: Mapping[str, Mapping[str, Level]]
    reply_levels: Mapping[str, Level]
    shapes: Mapping[str, Mapping[str, Shape]]
    replies: Mapping[str, Shape]
    words: Words
    recalled: tuple[tuple[str, str], ...] = ()
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told: tuple[Receiver, ...] = ()
    two_way: bool = False
    receiving: Mapping[str, tuple[Receiver, ...]] = field(default_factory=dict)

    def write_out(self) -> None:
        """Write the functions of its levels, for a node that serves."""
        for level in (*(each for by in self.levels.values() for each in by.values()), *self.reply_levels.values()):
            level.write_out()

    @property
    def exchange(self) -> str:
        """The exchange's name."""
        return self.spec.exchange

    @property
    def sides(self) -> tuple[str, ...]:
        """The applications of this exchange."""
        return tuple(self.spec.between)

    def read(
        self,
        side: str,
        document: Document,
        *,
        direction: Direction = "in",
        apart: Files | None = None,
        fetched: Fetched | None = None,
    ) -> Reading:
        """The record of `document`, beside which the files `apart` came, and at the addresses in which those `fetched` were
        found. Raises MessageError with the problems of all rows at once."""
        files: dict[str, File] = {}
        trip = Trip(side, files, True, apart or {}, fetched or {}, [], [])
        record = read_level(self._level(side, direction), document, trip=trip, at="", outer=())
        _refuse(trip)
        return Reading(record, files, tuple(trip.wanted))

    def write(
        self, side: str, record: Record, files: Files, *, direction: Direction = "out", onto: Document | None = None
    ) -> dict[str, Any]:
        """`record` as `side` writes it; on `onto`, what already corresponds is left as it is. `onto` is not changed.

        Raises MessageError with the problems of all rows at once.
        """
        trip = Trip(side, files, fresh=onto is None)
        document: dict[str, Any] = {} if onto is None else _copied(onto)
        write_level(self._level(side, direction), record, document, trip=trip, at="", outer=())
        _refuse(trip)
        return document

    def read_reply(self, side: str, document: Document) -> dict[str, Any]:
        """What `side` answered, by the `reply` rows. Raises MessageError."""
        if side not in self.reply_levels:
            return {}
        trip = Trip(side, {})
        record = read_level(self.reply_levels[side], document, trip=trip, at="", outer=())
        _refuse(trip)
        return record

    def write_reply(self, side: str, record: Record) -> dict[str, Any]:
        """The answer as `side` (who asked) is told it, by the `reply` rows. Raises MessageError."""
        trip, document = Trip(side, {}), dict[str, Any]()
        if side in self.reply_levels:
            write_level(self.reply_levels[side], record, document, trip=trip, at="", outer=())
        _refuse(trip)
        return document

    def held(self, side: str, document: Document) -> dict[str, Any]:
        """The record of what `side` is known to hold; what cannot be read of it is passed over."""
        return read_level(self._held_level(side), document, trip=Trip(side, {}), at="", outer=())

    def held_as(self, side: str, record: Record) -> dict[str, Any]:
        """What `side` would hold of `record`; what cannot be written there, such as a file without its bytes, is not."""
        return self.held(side, self.laid(side, record, onto={}))

    def laid(self, side: str, record: Record, *, onto: Document) -> dict[str, Any]:
        """`onto` of `side` with `record` written on it; what cannot be written is left as it is."""
        document: dict[str, Any] = _copied(onto)
        write_level(self._held_level(side), record, document, trip=Trip(side, {}, fresh=not onto), at="", outer=())
        return document

    def shape_of(self, receiver: Receiver) -> Shape:
        """The contract's shape of what `receiver` is told."""
        return self.shapes[receiver.side][receiver.direction]

    def _held_level(self, side: str) -> Level:
        ways = self.levels[side]
        return next(ways[way] for way in ("in", "feed", "out", "collect", "ask") if way in ways)

    def receivers(self, sender: str) -> tuple[Receiver, ...]:
        """Where a message of `sender` leaves to: each `out` or `collect` of the other sides."""
        found = self.receiving.get(sender)
        return self._leaving(sender, ("out", "collect")) if found is None else found

    def asked(self, sender: str) -> tuple[Receiver, ...]:
        """Whom a question of `sender` is put to: each `ask` of the other sides."""
        return self._leaving(sender, ("ask",))

    def direction_of(self, side: str, operation: str) -> Direction | None:
        """The direction in which `side` has `operation` in this exchange; None if it has not."""
        found = self.spec.between.get(side, {}).items()
        return next((direction for direction, name in found if name == operation), None)

    def reference(self, record: Record) -> str:
        """The business key that joins the messages of one request; "" when it is still to be recalled."""
        return canonical_text(record.get(self.spec.key))

    def identity(self, record: Record) -> str:
        """What makes a repeat of this message recognisable: its `once` rows, or the reference.

        In a two-way exchange without `once` nothing does: what is said again is no news.
        """
        if not self.spec.once:
            return "" if self.two_way else self.reference(record)
        values = [canonical_text(record.get(name)) for name in self.spec.once]
        return values[0] if len(values) == 1 else json.dumps(values, ensure_ascii=False)

    def remembered(self, side: str, record: Record) -> dict[str, str]:
        """For the crosswalk: row -> value, of the `remember` rows (also those of a reply) with a cell on `side`."""
        names = self.kept.get(side)
        if not names:
            return {}
        found = {name: canonical_text(record.get(name)) for name in names}
        return {name: value for name, value in found.items() if value}

    def recalls(self, record: Record) -> dict[str, str]:
        """Rows that are not carried and are to be found in the crosswalk: row -> the row whose value finds it."""
        if not self.recalled:
            return {}
        return {name: by for name, by in self.recalled if not canonical_text(record.get(name))}

    def personal_values(self, record: Record) -> dict[str, tuple[str, ...]]:
        """The values that tell something about a person, by row (`family_name`, `bins.holder`)."""
        found: dict[str, list[str]] = {}
        for name, value in _personal(self.spec.fields, record, ""):
            found.setdefault(name, []).append(canonical_text(value))
        return {name: tuple(values) for name, values in found.items()}

    def masked(self, record: Record) -> dict[str, Any]:
        """The record with every personal value hidden; what is empty stays so."""
        return _masked({**self.spec.fields, **self.spec.reply}, record)

    def row_at(self, side: str, path: str) -> str:
        """The row (`bins.stream`) that writes `path` on `side`; list indexes in `path` are passed over; "" if none."""
        wanted = _INDEX.sub("", path)
        return next((name for name, where, _ in cells_of(self.spec.fields, side) if where == wanted), "")

    def follow_up(
        self, ended: Literal["delivered", "refused"], record: Record, *, reply: Record, reason: str
    ) -> FollowUp | None:
        """What the mapping's `then` says once a delivery has ended; None if it says nothing.

        A word in `with` is a row of this mapping or of its reply, `reason`, or else the value itself.
        """
        follow: specs.Follow | None = getattr(self.spec.then, ended)
        if follow is None:
            return None
        known = {"reason": reason, **record, **reply}
        rows = self.spec.fields.keys() | self.spec.reply.keys()
        values = {name: known.get(word, word) for name, word in follow.with_.items() if word in known or word not in rows}
        return FollowUp(follow.exchange, values)

    def adopt(self, values: Mapping[str, Any], *, reference: str) -> dict[str, Any]:
        """A follow-up's values as a record of *this* exchange: typed by its rows, its key filled with `reference`.

        Raises MessageError for a row that this exchange does not have or a value that its row does not take.
        """
        problems: list[Problem] = []
        record: dict[str, Any] = {}
        for name, value in {self.spec.key: reference, **values}.items():
            try:
                record[name] = self._adopted(name, value)
            except Fault as found:
                problems.append(Problem(found.text, name, name, accepted=found.accepted))
        if problems:
            raise MessageError(problems=tuple(problems))
        return record

    def _adopted(self, name: str, value: Any) -> Any:
        row = self.spec.fields.get(name)
        if row is None:
            raise fault(f"{self.exchange} has no row “{name}”", f"{self.exchange} n'a pas de ligne « {name} »")
        return typed_code(value, row.as_) if isinstance(value, str) and value else value

    def _leaving(self, sender: str, directions: tuple[Direction, ...]) -> tuple[Receiver, ...]:
        return _leaving(self.told, sender, directions)

    def _level(self, side: str, direction: Direction) -> Level:
        found = self.levels.get(side, {}).get(direction)
        if found is None:
            text = Text(
                en=f"{self.exchange}: {side} has no operation “{direction}” here",
                fr=f"{self.exchange} : {side} n'a pas d'opération « {direction} » ici",
            )
            raise ConfigurationError(text)
        return found


def compile_mapping(
    spec: specs.Mapping,
    *,
    shapes: Mapping[str, Mapping[str, Shape]],
    replies: Mapping[str, Shape],
    tables: Mapping[str, Table],
    tweaks: Mapping[str, Tweaks] | None = None,
    letters: Mapping[str, Letters] | None = None,
    revision: str = "",
) -> Translation:
    """`spec` compiled. `shapes`: side -> direction -> input document (feed: one item); `replies`: side -> answer;
    `tweaks` and `letters`: what the connectors say of each side, if anything.

    Raises ConfigurationError when a row cannot be compiled (check_mapping says it with file and line).
    """
    words = Words(tables, ZoneInfo(spec.timezone), tweaks or {}, letters or {})
    levels = {
        side: {
            direction: compile_level(Plan(spec.fields, side, shape, words, elsewhere=tuple(by_direction.values())))
            for direction, shape in by_direction.items()
        }
        for side, by_direction in shapes.items()
    }
    reply_levels = {side: compile_level(Plan(spec.reply, side, shape, words)) for side, shape in replies.items()}
    recalled = tuple((name, row.recall) for name, row in spec.fields.items() if row.recall)
    kept = {side: _kept(spec, side) for side in spec.between}
    told, two_way = _told(spec), _is_two_way(spec)
    receiving = {side: _leaving(told, side, ("out", "collect")) for side in spec.between}
    return Translation(
        spec, revision, levels, reply_levels, shapes, replies, words, recalled, kept, told, two_way, receiving
    )


def _leaving(told: tuple[Receiver, ...], sender: str, directions: tuple[Direction, ...]) -> tuple[Receiver, ...]:
    return tuple([each for each in told if each.side != sender and each.direction in directions])


def _told(spec: specs.Mapping) -> tuple[Receiver, ...]:
    return tuple(
        Receiver(side, direction, operation)
        for side, operations in spec.between.items()
        for direction, operation in operations.items()
        if direction not in _SAID
    )


def _kept(spec: specs.Mapping, side: str) -> tuple[str, ...]:
    rows = {**spec.fields, **spec.reply}
    return tuple(name for name, row in rows.items() if row.remember and side in row.cells)


def _is_two_way(spec: specs.Mapping) -> bool:
    return any(_SAID & set(ways) and {"out", "collect"} & set(ways) for ways in spec.between.values())


def _refuse(trip: Trip) -> None:
    if trip.problems:
        raise MessageError(problems=tuple(trip.problems))


def _copied(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {key: _copied(value) for key, value in found.items()}
    return [_copied(item) for item in found] if isinstance(found, list) else found


def _personal(rows: Mapping[str, specs.Row], record: Record, within: str) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        row = rows.get(name)
        if row is None or value is None:
            continue
        if row.fields:
            for line in value:
                yield from _personal(_inherited(row), line, f"{within}{name}.")
        elif row.personal and not row.file:
            yield f"{within}{name}", value


def _masked(rows: Mapping[str, specs.Row], record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in record.items():
        row = rows.get(name)
        if row is None or value is None:
            found[name] = value
        elif row.fields:
            found[name] = [_masked(_inherited(row), line) for line in value]
        else:
            found[name] = MASK if row.personal else value
    return found


def _inherited(group: specs.Row) -> Mapping[str, specs.Row]:
    """The rows of a group's lines; all are personal when the group is."""
    if not group.personal:
        return group.fields
    return {name: row.model_copy(update={"personal": True}) for name, row in group.fields.items()}
