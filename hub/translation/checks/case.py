"""One mapping under examination: its rows one by one, the contracts' fields that they speak of, and the findings so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hub.contract import Shape
from hub.errors import Finding, Text
from hub.specs.load import nearest
from hub.specs.mapping import Mapping as Spec
from hub.specs.mapping import Row
from hub.specs.source import Place, Source
from hub.translation.paths import path_of, shape_at
from hub.translation.tables import Table

READ = frozenset({"in", "feed"})
WRITTEN = frozenset({"out", "collect", "ask"})


@dataclass(frozen=True, slots=True)
class Spot:
    """One row where it stands: full name, place in the file, the rows beside it, and each side's path of its group."""

    name: str
    row: Row
    place: Place
    siblings: Mapping[str, Row]
    outer: Mapping[str, Row]
    above: Mapping[str, str]

    @property
    def is_reply(self) -> bool:
        return self.place[0] == "reply"

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides on which the row has a cell or a group."""
        return tuple(self.row.each or self.row.cells)

    def path(self, side: str) -> str:
        """The whole path on `side`, from the document's root."""
        return f"{self.above.get(side, '')}{path_of(self.row, side)}"

    def cell(self, side: str) -> Place:
        """Where the path of `side` is written in the file."""
        return (*self.place, "each", side) if self.row.each else (*self.place, side)


@dataclass(frozen=True, slots=True)
class Case:
    """What check_mapping was given, and what it has found."""

    spec: Spec
    source: Source
    shapes: Mapping[str, Mapping[str, Shape]]
    replies: Mapping[str, Shape]
    tables: Mapping[str, Table]
    others: Mapping[str, Spec] | None
    filled: Mapping[str, frozenset[str]]
    findings: list[Finding] = field(default_factory=list)

    def wrong(self, place: Place, text: Text, *, row: str = "", right: Text | None = None) -> None:
        """Note a fault at `place` of the mapping's file."""
        self.findings.append(self.source.finding(place, text, row=row, right=right))

    def wrong_name(self, place: Place, word: str, *, known: Mapping[str, object], row: str = "") -> None:
        """Note a name that is none of `known`."""
        text = Text(en=f"“{word}” is not known here", fr=f"« {word} » n'est pas connu ici")
        self.wrong(place, text, row=row, right=nearest(word, known))

    def spots(self) -> Iterator[Spot]:
        """Every row of `fields` and `reply`, lines of groups included."""
        yield from _spots(self.spec.fields, ("fields",), "", {}, {})
        yield from _spots(self.spec.reply, ("reply",), "", {}, {})

    def documents(self, spot: Spot, side: str) -> list[Shape]:
        """The shapes in which the row's path on `side` may stand."""
        if spot.is_reply:
            return [self.replies[side]] if side in self.replies else []
        return list(self.shapes.get(side, {}).values())

    def field(self, spot: Spot, side: str) -> Shape | None:
        """The contract's field that the row speaks of on `side`; None where it has none."""
        found = (shape_at(shape, spot.path(side)) for shape in self.documents(spot, side))
        return next((shape for shape in found if shape is not None), None)

    def is_read(self, spot: Spot, side: str) -> bool:
        """Whether messages bring this row in from `side`."""
        if spot.row.owner not in (None, side):
            return False
        return spot.is_reply or bool(READ & set(self.spec.between.get(side, {})))

    def is_written(self, spot: Spot, side: str) -> bool:
        """Whether messages carry this row to `side`."""
        return not spot.is_reply and bool(WRITTEN & set(self.spec.between.get(side, {})))


def _spots(
    rows: Mapping[str, Row], place: Place, within: str, outer: Mapping[str, Row], above: Mapping[str, str]
) -> Iterator[Spot]:
    for name, row in rows.items():
        spot = Spot(f"{within}{name}", row, (*place, name), rows, outer, above)
        yield spot
        if row.fields:
            inner = {side: f"{spot.path(side)}." for side in row.each}
            yield from _spots(row.fields, (*spot.place, "fields"), f"{spot.name}.", {**outer, **rows}, inner)
