"""One level of a document (its root, or one line of a group) on one side: the compiled rows, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import Problem, Text
from hub.translation.faults import Fault, fault
from hub.translation.scene import ABSENT, EMPTY, NULLS, Scene, Slot, Step, Trip, container_of, put_empty
from hub.translation.unrolled import Rows, Unrolled, UnrolledLines


@dataclass(frozen=True, slots=True)
class Level:
    """The rows of one level, compiled. Simple rows are entries in `rows`; all others are steps, run after them. `unrolled`
    reads and writes the simple rows as they usually are, in straight lines; where it gives up, a loop runs through them.
    `lines` does so for all lines of a group whose rows are all simple.

    `mandatory[n]`: the contract wants container n. `required`: what a document must have, each with its name; `wanted`: of
    these, what no simple row brings. `fixed`: (container, key, text) that the contract fixes. `slots` and `groups`: by row
    name, the place of each row and the level of each group's lines.
    """

    rows: Rows
    mandatory: tuple[bool, ...]
    required: tuple[tuple[Slot, str], ...]
    wanted: tuple[tuple[Slot, str], ...]
    read_steps: tuple[Step, ...]
    write_steps: tuple[Step, ...]
    fixed: tuple[tuple[int, str, str], ...]
    slots: Mapping[str, Slot]
    groups: Mapping[str, Level]
    unrolled: Unrolled
    lines: UnrolledLines | None = None

    def write_out(self) -> None:
        """Write the functions of its simple rows, and of those of its groups, for a node that serves."""
        for unrolled in (self.unrolled, self.lines):
            if unrolled:
                unrolled.write_out()
        for level in self.groups.values():
            level.write_out()

    @property
    def parents(self) -> tuple[tuple[int, str, str], ...]:
        """The containers below the level's own object."""
        return self.rows.parents


def read_level(
    level: Level, document: Mapping[str, Any], *, trip: Trip, at: str, outer: tuple[Mapping[str, Any], ...]
) -> dict[str, Any]:
    """The record of `document`. What is wrong is noted in `trip`."""
    usual, required = level.unrolled.read(document), level.wanted
    if usual is None:
        usual, required = read_carefully(level, document, trip, at), level.required
    objects, record = usual
    if level.read_steps:
        scene = Scene(level, objects, record, outer, at, trip)
        for step in level.read_steps:
            step(scene)
    for slot, name in required:
        value = record.get(name)
        if not value and value in (None, []):
            trip.missing(slot, at)
    return record


def read_carefully(level: Level, document: Mapping[str, Any], trip: Trip, at: str) -> tuple[list[Any], dict[str, Any]]:
    """The containers of `document`, and the record of its simple rows."""
    objects: list[Any] = [document]
    for parent, key, path in level.parents:
        below = objects[parent].get(key, EMPTY)
        objects.append(below if below.__class__ is dict else _container(below, f"{at}{path}", trip))
    return objects, _read_simple_rows(level, objects, trip, at)


def _read_simple_rows(level: Level, objects: list[Any], trip: Trip, at: str) -> dict[str, Any]:
    """The rows that are one value in one place."""
    record: dict[str, Any] = {}
    for parent, key, name, parse, slot in level.rows.reads:
        raw = objects[parent].get(key, ABSENT)
        try:
            if raw.__class__ is str:
                if not raw or raw.isspace():
                    record[name] = None
                else:
                    record[name] = raw if parse is None else parse(raw)
            elif raw is None:
                record[name] = None
            elif raw is not ABSENT:
                trip.wrong(slot, at, not_text())
        except Fault as found:
            trip.wrong(slot, at, found)
    return record


def _container(found: Any, path: str, trip: Trip) -> Mapping[str, Any]:
    if isinstance(found, Mapping):
        return found
    if found is None or (isinstance(found, str) and not found.strip()):
        return NULLS
    text = Text(en="one object is expected here", fr="un seul objet est attendu ici")
    trip.problems.append(Problem(text, side=trip.side, path=path))
    return EMPTY


def write_level(
    level: Level,
    record: Mapping[str, Any],
    document: dict[str, Any],
    *,
    trip: Trip,
    at: str,
    outer: tuple[Mapping[str, Any], ...],
) -> None:
    """Write `record` into `document` (empty, or what the side has now). What is wrong is noted in `trip`."""
    usual = level.unrolled.write(record, document) if trip.fresh and not document else None
    objects, absent = usual or write_carefully(level, record, document, trip, at)
    if not absent and not level.write_steps and not level.fixed:
        return
    scene = Scene(level, objects, record, outer, at, trip, absent)
    for step in level.write_steps:
        step(scene)
    _finish(level, scene)


def write_carefully(
    level: Level, record: Mapping[str, Any], document: dict[str, Any], trip: Trip, at: str
) -> tuple[list[Any], list[Slot]]:
    """The containers of `document`, with the simple rows written into them, and those of these that are not carried."""
    objects: list[Any] = [document]
    for parent, key, _ in level.parents:
        above = objects[parent]
        below = above.get(key) if above else None
        objects.append(below if isinstance(below, dict) else None)
    return objects, _write_simple_rows(level, objects, record, trip, at)


def _write_simple_rows(level: Level, objects: list[Any], record: Mapping[str, Any], trip: Trip, at: str) -> list[Slot]:
    """The rows that are one value in one place, with as few calls as can be; those that are not carried are returned."""
    absent: list[Slot] = []
    fresh = trip.fresh
    for parent, key, name, room, form, slot in level.rows.writes:
        value = record.get(name, ABSENT)
        container = objects[parent]
        if value is ABSENT:
            absent.append(slot)
        elif not fresh and slot.agrees(ABSENT if container is None else container.get(key, ABSENT), value):
            continue
        elif value is None:
            put_empty(Scene(level, objects, record, (), at, trip, absent), slot)
        else:
            if container is None:
                container = container_of(level.parents, objects, parent)
            try:
                container[key] = value if value.__class__ is str and 0 < len(value) <= room else form(value)
            except Fault as found:
                trip.wrong(slot, at, found)
    return absent


def _finish(level: Level, scene: Scene) -> None:
    """Fill what the contract fixes, and note what is missing from the whole."""
    for number, key, text in level.fixed:
        if scene.objects[number] is not None or level.mandatory[number]:
            scene.container(number).setdefault(key, text)
    for slot in scene.absent:
        if scene.raw(slot) is not ABSENT:
            continue
        if slot.write_required:
            scene.trip.missing(slot, scene.at)
        elif slot.needed and (level.mandatory[slot.parent] or scene.objects[slot.parent] is not None):
            wanted = Text(
                en=f"“{slot.label}” is missing, which the contract of {scene.trip.side} wants",
                fr=f"« {slot.label} » manque, que veut le contrat de {scene.trip.side}",
            )
            scene.trip.missing(slot, scene.at, wanted)


def not_text() -> Fault:
    """The fault of an object or a list where one value stands in the mapping."""
    return fault("one value is expected here, not an object or a list", "une seule valeur est attendue ici")
