"""What one reading or writing gathers on its way, and the slots: where one row stands on one side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from hub.errors import Problem, Text
from hub.message import File, Files
from hub.translation.faults import Cell, Fault
from hub.translation.record import canonical_text
from hub.translation.wanted import Fetched, Wanted

Empty = Literal["null", "blank", "omit"]

ABSENT: Any = object()
"""Not carried: neither a value nor empty."""

EMPTY: dict[str, Any] = {}


MOST_PROBLEMS = 100
"""Problems of one document that are told: of tens of thousands of wrong lines nobody reads more, and each costs its time."""


class _Nulls(dict[str, Any]):
    """An object that is carried empty: so is all below it."""

    def get(self, key: str, default: Any = None) -> Any:
        return None


NULLS = _Nulls()


@dataclass(frozen=True, slots=True)
class Slot:
    """One row on one side of one level. `row` is its full name (`bins.stream`), `name` the last part; `path` leads to it
    from the level's document, by the container number `parent` and then `key`.

    `empty`: how the contract lets it be carried empty. `needed`: the contract wants it wherever its container is.
    `read_required` / `write_required`: the mapping wants it. `images`: the cells of sides that lose something of it.
    """

    row: str
    name: str
    label: str
    path: str
    parent: int
    key: str
    cell: Cell
    empty: Empty
    needed: bool
    read_required: bool
    write_required: bool
    images: tuple[Cell, ...] = ()

    def agrees(self, old: Any, value: Any) -> bool:
        """Whether `old`, the side's present text, already corresponds to `value` (also as another side would lose it)."""
        if type(old) is not str or not old.strip():  # what the side does not have need not be emptied
            return value is None and (old is None or type(old) is str or (old is ABSENT and not self.needed))
        try:
            was = self.cell.parse(old)
            if was == value or (value is not None and was in _image(self.cell, value)):
                return True
            return any(value in _image(cell, was) for cell in self.images)
        except Fault:
            return False


def _image(cell: Cell, value: Any) -> tuple[Any, ...]:
    """What `value` becomes by being written with `cell` and read back: of what is cut to blanks, nothing is left."""
    try:
        text = cell.form(value)
        return (cell.parse(text) if text.strip() else None,)
    except Fault:
        return ()


class Trip(msgspec.Struct):
    """One reading or writing as a whole. `files` is what a reading found, or what a writing may take from; `apart` are
    those that came beside what is read, `fetched` those that were fetched at the addresses in it, and `wanted` those that
    are still to be."""

    side: str
    files: dict[str, File] | Files
    fresh: bool = True
    apart: Files = msgspec.field(default_factory=dict)
    fetched: Fetched = msgspec.field(default_factory=dict)
    wanted: list[Wanted] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)

    def wrong(self, slot: Slot, at: str, found: Fault) -> None:
        """Note that the value of `slot` does not fit; `at` leads to the slot's level."""
        if len(self.problems) >= MOST_PROBLEMS:
            return
        self.problems.append(Problem(found.text, slot.row, slot.label, self.side, f"{at}{slot.path}", found.accepted))

    def want(self, slot: Slot, at: str, address: str, limit: int) -> None:
        """Note that the file of `slot`, of `limit` bytes at most, is still to be fetched."""
        self.wanted.append(Wanted(address, limit, slot.row, slot.label, self.side, f"{at}{slot.path}"))

    def missing(self, slot: Slot, at: str, text: Text | None = None) -> None:
        """Note that `slot` has no value, unless it is already known to be wrong."""
        if len(self.problems) >= MOST_PROBLEMS:
            return
        path = f"{at}{slot.path}"
        if not any(problem.row == slot.row and problem.path == path for problem in self.problems):
            self.problems.append(Problem(text or _missing(slot), slot.row, slot.label, self.side, path))


def _missing(slot: Slot) -> Text:
    return Text(en=f"“{slot.label}” is missing", fr=f"« {slot.label} » manque")


class Ground(Protocol):
    """The containers of a level: for each, its own container's number, its key and path."""

    @property
    def parents(self) -> tuple[tuple[int, str, str], ...]: ...


def container_of(parents: tuple[tuple[int, str, str], ...], objects: list[Any], number: int) -> dict[str, Any]:
    """The container of that number among `objects`, made now if it is not there yet."""
    found: dict[str, Any] | None = objects[number]
    if found is None:
        parent, key, _ = parents[number - 1]
        above = container_of(parents, objects, parent)
        found = above.setdefault(key, {})
        if not isinstance(found, dict):
            found = above[key] = {}
        objects[number] = found
    return found


class Scene(msgspec.Struct):
    """One level (the document, or one line of a group) during a reading or writing.

    `objects` are the level's containers, the document first; None where a writing has not made one yet. `outer` are the
    records around this one, the nearest first. `at` leads from the document to this level ("demande.bacs[2].").
    """

    level: Ground
    objects: list[Any]
    record: dict[str, Any] | Mapping[str, Any]
    outer: tuple[Mapping[str, Any], ...]
    at: str
    trip: Trip
    absent: list[Slot] = msgspec.field(default_factory=list)

    def raw(self, slot: Slot) -> Any:
        """The side's present value, or ABSENT."""
        container = self.objects[slot.parent]
        return ABSENT if container is None else container.get(slot.key, ABSENT)

    def container(self, number: int) -> dict[str, Any]:
        """The container of that number, made now if it is not there yet."""
        found: dict[str, Any] | None = self.objects[number]
        return container_of(self.level.parents, self.objects, number) if found is None else found

    def value_of(self, row: str) -> str:
        """The canonical text of a row here or further out; "" if it is not carried or empty."""
        if row in self.record:
            return canonical_text(self.record[row])
        return next((canonical_text(record[row]) for record in self.outer if row in record), "")


Step = Callable[[Scene], None]


def put_empty(scene: Scene, slot: Slot) -> None:
    """Carry `slot` empty, in the way that its contract knows."""
    match slot.empty:
        case "null":
            scene.container(slot.parent)[slot.key] = None
        case "blank":
            scene.container(slot.parent)[slot.key] = ""
        case "omit":
            if (container := scene.objects[slot.parent]) is not None:
                container.pop(slot.key, None)
            scene.absent.append(slot)
