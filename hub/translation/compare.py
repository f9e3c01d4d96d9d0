"""Whether what came back is what was sent, row by row, with declared losses set aside for a second look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.specs.mapping import Row
from hub.specs.source import Place
from hub.translation.letters import Letters
from hub.translation.levels import Level
from hub.translation.paths import path_of
from hub.translation.scene import ABSENT


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that came back otherwise: where the row is in the file, what it was, what it became."""

    row: str
    place: Place
    sent: Any
    came: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one side's rows are compared. `with_losses`: rows that lose something there are compared too. `letters`: those
    that the side keeps; a text with others may come back with the nearest."""

    side: str
    with_losses: bool = False
    letters: Letters | None = None
    known: dict[int, tuple[tuple[str, Row], ...]] = field(default_factory=dict, compare=False, repr=False)
    """The rows that are compared, of each level that was met."""

    def differences(
        self, rows: Mapping[str, Row], sent: Mapping[str, Any], came: Mapping[str, Any], *, level: Level
    ) -> Iterator[Difference]:
        """Each row of the level that the side speaks of and that did not come back as it was sent."""
        yield from self._level(rows, sent, came, ("fields",), "", level)

    def _level(  # noqa: PLR0917 - a recursion with its whole place
        self,
        rows: Mapping[str, Row],
        sent: Mapping[str, Any],
        came: Mapping[str, Any],
        place: Place,
        within: str,
        level: Level,
    ) -> Iterator[Difference]:
        for name, row in self._compared(rows):
            was, now = sent.get(name, ABSENT), came.get(name, ABSENT)
            if row.each:
                yield from self._lines(row, was, now, (*place, name), f"{within}{name}", level)
            elif not (_equal(was, now, omits=_omits(level, name)) or (self.letters and self.letters.explains(was, now))):
                yield Difference(f"{within}{name}", (*place, name), was, now)

    def _lines(  # noqa: PLR0917 - a recursion with its whole place
        self, row: Row, was: Any, now: Any, place: Place, full: str, level: Level
    ) -> Iterator[Difference]:
        before, after = was or [], [] if now is ABSENT else now or []
        if was is ABSENT:
            return
        if len(before) != len(after):
            yield Difference(full, place, f"{len(before)} lines", f"{len(after)} lines")
            return
        inner = level.groups[str(place[-1])]
        for one, other in zip(before, after, strict=True):
            yield from self._level(row.fields, one, other, (*place, "fields"), f"{full}.", inner)

    def _compared(self, rows: Mapping[str, Row]) -> tuple[tuple[str, Row], ...]:
        if id(rows) not in self.known:
            self.known[id(rows)] = tuple((name, row) for name, row in rows.items() if self._is_compared(rows, name, row))
        return self.known[id(rows)]

    def _is_compared(self, rows: Mapping[str, Row], name: str, row: Row) -> bool:
        if row.constant is not None or row.computed or row.join or not row.is_changed_by(self.side):
            return False
        if self.side in row.loses and not self.with_losses:
            return False
        joints = [joint for joint in rows.values() if joint.join and self.side in joint.cells and name in _joined(joint)]
        if path_of(row, self.side):
            return True
        return any(self.with_losses or self.side not in joint.loses for joint in joints)


def _joined(joint: Row) -> list[str]:
    return [part.split("}")[0] for part in (joint.join or "").split("{")[1:]]


def _omits(level: Level, name: str) -> bool:
    """Whether the side cannot tell empty from not carried for this row."""
    slot = level.slots.get(name)
    return slot is None or slot.empty == "omit"


def _equal(was: Any, now: Any, *, omits: bool) -> bool:
    if omits and was in (None, ABSENT) and now in (None, ABSENT):
        return True
    return was is now or bool(type(was) is type(now) and was == now)


def leaves_apart(one: Any, other: Any, path: Place) -> list[tuple[Place, Any, Any]]:
    """Every leaf that is not the same in two documents: where, and what each has (ABSENT for nothing)."""
    if one == other:
        return []
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = {**one, **other}
        below = [((*path, key), one.get(key, ABSENT), other.get(key, ABSENT)) for key in keys]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        below = [((*path, number), *pair) for number, pair in enumerate(zip(one, other, strict=True))]
    else:
        return [(path, one, other)]
    return [found for place, before, after in below for found in leaves_apart(before, after, place)]


def path_text(path: Place) -> str:
    """A path as people read it: `demande.bacs[2].flux`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
