"""Repeated groups: lines are paired by their match row, never by position, and keep what no row speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import Text
from hub.translation.faults import fault
from hub.translation.levels import Level, not_text, read_level, write_level
from hub.translation.paths import LINE_TEXT
from hub.translation.record import canonical_text
from hub.translation.scene import ABSENT, Scene, Slot, Step, Trip


@dataclass(frozen=True, slots=True)
class Group:
    """A repeated group on one side: the level of its lines, and the match row's slot there. `texts`: lines are texts."""

    slot: Slot
    level: Level
    match: Slot | None
    texts: bool


def reading_group(group: Group) -> Step:
    """Each line as a record. Two lines with the same match value, or one without, are errors."""
    slot, match, unrolled = group.slot, group.match, group.level.lines

    def read(scene: Scene) -> None:
        raw = scene.raw(slot)
        if raw is ABSENT:
            return
        usual = unrolled.read(raw) if unrolled is not None and raw.__class__ is list else None
        if usual is not None:
            scene.record[slot.name] = usual  # type: ignore[index]  # a reading's own dict
            return
        if raw is not None and type(raw) is not list:
            wrong = fault("a list is expected here", "une liste est attendue ici")
            scene.trip.wrong(slot, scene.at, wrong)
            return
        lines: list[dict[str, Any]] = []
        seen: set[str] = set()
        trip, outer, start = scene.trip, (scene.record, *scene.outer), f"{scene.at}{slot.path}["
        for number, line in enumerate(raw or ()):
            at = f"{start}{number}]."
            if line.__class__ is dict:
                lines.append(read_level(group.level, line, trip=trip, at=at, outer=outer))
            else:
                lines.append(_read_odd_line(group, scene, line, at))
            if match is not None:
                _unique(match, lines[-1], seen, trip, at)
        scene.record[slot.name] = lines  # type: ignore[index]  # a reading's own dict

    return read


def _read_odd_line(group: Group, scene: Scene, line: Any, at: str) -> dict[str, Any]:
    """A line that is a text or some other value."""
    document = {LINE_TEXT: line} if group.texts and not isinstance(line, Mapping) else line
    if not isinstance(document, Mapping):
        scene.trip.wrong(group.slot, scene.at, not_text())
        return {}
    return read_level(group.level, document, trip=scene.trip, at=at, outer=(scene.record, *scene.outer))


def _unique(match: Slot, line: Mapping[str, Any], seen: set[str], trip: Trip, at: str) -> None:
    value = line.get(match.name)
    if value.__class__ is not str:
        value = canonical_text(value)
    if not value:
        trip.missing(match, at)
    elif value in seen:
        twice = Text(
            en=f"two lines have the same “{match.label}”, by which lines are told apart",
            fr=f"deux lignes ont le même « {match.label} », qui sert à distinguer les lignes",
        )
        trip.missing(match, at, twice)
    seen.add(value)


def writing_group(group: Group) -> Step:
    """Lines are written onto those of the same match value; others of the side are removed, new ones come last."""
    slot, match, unrolled = group.slot, group.match, group.level.lines

    def write(scene: Scene) -> None:
        lines = scene.record.get(slot.name, ABSENT)
        if lines is ABSENT:
            scene.absent.append(slot)
            return
        old = scene.raw(slot)
        usual = unrolled.write(lines) if unrolled is not None and old is ABSENT and lines and scene.trip.fresh else None
        if usual is not None:
            scene.container(slot.parent)[slot.key] = usual
            return
        before = _present(group, old) if type(old) is list else []
        if old is None and not lines:
            return
        pairs = _paired(group, lines or [], before)
        scene.container(slot.parent)[slot.key] = written = []
        seen: set[str] = set()
        trip, outer, start = scene.trip, (scene.record, *scene.outer), f"{scene.at}{slot.path}["
        for number, (line, document) in enumerate(pairs):
            at = f"{start}{number}]."
            write_level(group.level, line, document, trip=trip, at=at, outer=outer)
            if match is not None:
                _unique(match, line, seen, trip, at)
            written.append(document.get(LINE_TEXT) if group.texts else document)

    return write


def _present(group: Group, lines: list[Any]) -> list[dict[str, Any]]:
    """The side's lines as documents; a line that is a text is the one field of its document."""
    if group.texts:
        return [{LINE_TEXT: line} for line in lines if type(line) is str]
    return [line for line in lines if isinstance(line, dict)]


def _paired(
    group: Group, lines: list[Mapping[str, Any]], before: list[dict[str, Any]]
) -> list[tuple[Mapping[str, Any], dict[str, Any]]]:
    """Each line with the side's line that it belongs to (or a new one), in the side's order."""
    if not before or group.match is None:
        return [(line, {}) for line in lines]
    taken: dict[int, Mapping[str, Any]] = {}
    new: list[Mapping[str, Any]] = []
    present = _by_match(group, before)
    for line in lines:
        number = _partner(group.match, line, before, present, taken)
        if number is None:
            new.append(line)
        else:
            taken[number] = line
    kept = [(taken[number], document) for number, document in enumerate(before) if number in taken]
    return kept + [(line, {}) for line in new]


def _by_match(group: Group, before: list[dict[str, Any]]) -> dict[str, int]:
    """For each match value of the side's present lines, the first line that has it."""
    found: dict[str, int] = {}
    for number, document in enumerate(before):
        line = read_level(group.level, document, trip=Trip("", {}), at="", outer=())
        if group.match and (value := canonical_text(line.get(group.match.name))):
            found.setdefault(value, number)
    return found


def _partner(
    match: Slot,
    line: Mapping[str, Any],
    before: list[dict[str, Any]],
    present: Mapping[str, int],
    taken: Mapping[int, object],
) -> int | None:
    value = line.get(match.name)
    number = present.get(canonical_text(value))
    if number is not None and number not in taken:
        return number
    if not match.images:
        return None
    # another side may have lost a part of the match value: look for a line that agrees all the same
    agreeing = (n for n, document in enumerate(before) if n not in taken and match.agrees(_at(document, match.path), value))
    return next(agreeing, None)


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document.get(key) if isinstance(document, Mapping) else None
    return document
