"""Which row wrote a value, and by which words: one path of one document, followed back to its sender through the record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.contract import Document
from hub.errors import ConfigurationError, MessageError, NotFound, Text
from hub.message import Record
from hub.specs.mapping import Row
from hub.specs.source import Place
from hub.translation.mapping import MASK, Direction, Translation
from hub.translation.paths import all_paths, cells_of, path_of, shape_at
from hub.translation.pseudonyms import personal_rows
from hub.translation.record import canonical_text
from hub.translation.scene import ABSENT
from hub.translation.wording import reading_words, writing_words

RECORD = "record"
_SEGMENT = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class Told:
    """The value in one form of the message: of which side (RECORD for the record), at which path; ABSENT if it has none."""

    side: str
    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class Explanation:
    """The row that wrote a value (`row` "" for none) with its place in the file; the value in each form that it took, and
    the words that were applied in turn, per side."""

    side: str
    path: str
    row: str
    label: str
    place: Place
    told: tuple[Told, ...]
    words: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Trip:
    """A message as it went: the sender's document (none for what the hub says itself), the record, each receiver's."""

    translation: Translation
    record: Record
    sender: str
    documents: Mapping[str, tuple[Direction, Document]]

    def explain(self, path: str, *, side: str = "", masked: bool = True) -> Explanation:
        """What stands at `path` of `side` (or of whichever form has it, receivers first). Raises NotFound with what is near.

        `masked`: values of personal rows are not said.
        """
        names = (
            [(side, *found)] if side and (found := self._row(side, path)) else list(self._found(path)) if not side else []
        )
        if not names:
            return self._unmapped(path, side)
        at, name, lines = names[0]
        spec, rows = self._spec(name), self._rows(name)
        keys = self._keys(at, name, lines)
        hidden = masked and name in personal_rows(self.translation.spec.fields)
        told = tuple(self._shown(each, keys, masked=masked) for each in rows)
        words = tuple(self._words(name, spec, keys, hidden=hidden))
        place = tuple(part for step in name.split(".") for part in ("fields", step))
        return Explanation(at, path, name, spec.label or name, place, tuple(t for each in told for t in each), words)

    # -- where ------------------------------------------------------------------------------------------------------------

    def _found(self, path: str) -> Iterator[tuple[str, str, tuple[int, ...]]]:
        receivers = [side for side in self.documents if side != self.sender]
        for side in (*receivers, self.sender, RECORD):
            if side and (found := self._row(side, path)):
                yield side, *found

    def _row(self, side: str, path: str) -> tuple[str, tuple[int, ...]] | None:
        """The row at a path of a side or of the record, and the line of each group around it (the first if unsaid)."""
        plain = re.sub(r"\[\d+\]", "", path)
        if side == RECORD:
            name = plain if self._try_spec(plain) is not None else ""
        else:
            name = self.translation.row_at(side, plain) or self.translation.row_at(side, f"{plain}.#text")
        if not name:
            return None
        said = [int(number or 0) for _, number in _SEGMENT.findall(path)]
        depths = [len(self._path(side, group).split(".")) for group in self._groups(name)]
        return name, tuple(said[depth - 1] if depth <= len(said) else 0 for depth in depths)

    def _groups(self, name: str) -> list[str]:
        """The full names of the groups around a row, the outermost first."""
        parts = name.split(".")
        return [".".join(parts[:end]) for end in range(1, len(parts))]

    def _path(self, side: str, name: str) -> str:
        """The full path of a row on a side; "" if it has none there."""
        if side == RECORD:
            return name
        return next((path for full, path, _ in cells_of(self.translation.spec.fields, side) if full == name), "")

    def _keys(self, side: str, name: str, lines: tuple[int, ...]) -> tuple[str, ...]:
        """What tells the lines apart that a value stands in: the match value at each group, outermost first."""
        record, keys = self._read(side), []
        for group, number in zip(self._groups(name), lines, strict=True):
            found = record.get(group.rpartition(".")[2]) or []
            if not isinstance(found, list) or number >= len(found):
                raise NotFound(Text(en=f"{group} has no line {number}.", fr=f"{group} n'a pas de ligne {number}."))
            record = found[number]
            keys.append(canonical_text(record.get(self._spec(group).match or "")))
        return tuple(keys)

    def _numbers(self, side: str, name: str, keys: tuple[str, ...]) -> list[int] | None:
        """The lines of `side` that have these match values; None when it has not all of them."""
        record, numbers = self._read(side), list[int]()
        for group, key in zip(self._groups(name), keys, strict=False):
            lines, match = record.get(group.rpartition(".")[2]) or [], self._spec(group).match or ""
            number = next((at for at, line in enumerate(lines) if canonical_text(line.get(match)) == key), None)
            if number is None:
                return None
            record, numbers = lines[number], [*numbers, number]
        return numbers

    def _read(self, side: str) -> Record:
        """The record as `side` says it: its own lines, in its own order."""
        if side == RECORD or side not in self.documents:
            return self.record
        direction, document = self.documents[side]
        try:
            return self.translation.read(side, document, direction=direction).record
        except (MessageError, ConfigurationError):
            return self.record

    # -- what -------------------------------------------------------------------------------------------------------------

    def _spec(self, name: str) -> Row:
        found = self._try_spec(name)
        if found is None:
            raise NotFound
        return found

    def _try_spec(self, name: str) -> Row | None:
        rows: Mapping[str, Row] = self.translation.spec.fields
        row: Row | None = None
        for part in name.split("."):
            row = rows.get(part)
            rows = row.fields if row is not None else {}
        return row

    def _rows(self, name: str) -> list[str]:
        """The row itself, and for a joined one those that it is put together from."""
        above = name.rpartition(".")[0]
        join = self._spec(name).join or ""
        parts = re.findall(r"\{([a-z][a-z0-9_]*)\}", join)
        return [*(f"{above}.{part}" if above else part for part in parts), name]

    def _shown(self, name: str, keys: tuple[str, ...], *, masked: bool) -> list[Told]:
        """A row's value at its sender, in the record, and at each receiver."""
        receivers = [side for side in self.documents if side != self.sender]
        hidden = masked and name in personal_rows(self.translation.spec.fields)
        found = []
        for side in (self.sender, RECORD, *receivers):
            path = self._path(side, name) if side else ""
            if path and (told := self._told(side, name, path, keys)) is not None:
                value = MASK if hidden and told.value not in (ABSENT, None, "") else told.value
                found.append(Told(side, told.path, value))
        return found

    def _told(self, side: str, name: str, path: str, keys: tuple[str, ...]) -> Told | None:
        if side not in (RECORD, *self.documents) or (side == RECORD and self._spec(name).join):
            return None
        numbers = self._numbers(side, name, keys)
        depths = [len(self._path(side, group).split(".")) for group in self._groups(name)]
        lines = dict(zip(depths, numbers or [], strict=False))
        value: Any = self.record if side == RECORD else self.documents[side][1]
        parts = []
        for depth, key in enumerate(path.split("."), start=1):
            value = value.get(key, ABSENT) if isinstance(value, Mapping) else value if key == "#text" else ABSENT
            if depth in lines and isinstance(value, list):
                value = value[lines[depth]]
            parts.append(f"{key}[{lines[depth]}]" if depth in lines else key)
        return Told(side, ".".join(parts), ABSENT if numbers is None else value)

    def _words(self, name: str, row: Row, keys: tuple[str, ...], *, hidden: bool) -> Iterator[tuple[str, Text]]:
        """The words applied, first those of the sender and then those of each receiver."""
        values = {told.side: told.value for told in self._shown(name, keys, masked=False)}
        value = values.get(RECORD, ABSENT)
        for side in (self.sender, *(side for side in self.documents if side != self.sender)):
            if side not in self.documents or not path_of(row, side):
                continue
            make = reading_words if side == self.sender else writing_words
            for text in make(row, side, self.translation.words, raw=values.get(side, ABSENT), value=value, hidden=hidden):
                yield side, text

    def _unmapped(self, path: str, side: str) -> Explanation:
        """What no row writes: ignored, given by the contract, or not there at all."""
        plain = re.sub(r"\[\d+\]", "", path)
        sides = [side] if side else [*(each for each in self.documents if each != self.sender), self.sender]
        for each in (one for one in sides if one in self.documents):
            direction, _ = self.documents[each]
            shape = shape_at(self.translation.shapes[each][direction], plain)
            if shape is None:
                continue
            ignored = self.translation.spec.ignore.get(each, ())
            number = next((at for at, above in enumerate(ignored) if plain == above or plain.startswith(f"{above}.")), None)
            place: Place = ("ignore", each) if number is None else ("ignore", each, number)
            words = _FIXED if shape.fixed is not None else _IGNORED if number is not None else _NO_ROW
            return Explanation(each, path, "", "", place, (), ((each, words),))
        raise self._unknown(plain, sides)

    def _unknown(self, path: str, sides: list[str]) -> NotFound:
        known = [
            p
            for side in sides
            if side in self.documents
            for shape in [self.translation.shapes[side]]
            for p in all_paths(shape[self.documents[side][0]])
        ]
        end = path.rpartition(".")[2].lower()
        near = [each for each in known if end and end in each.lower()] or known
        listed = ", ".join(near[:12])
        return NotFound(
            Text(en=f"Nothing is at {path}. There is: {listed}.", fr=f"Rien n'est en {path}. Il y a : {listed}.")
        )


_IGNORED = Text(
    en="no row: it is declared under ignore, so what stands there stays there",
    fr="aucune ligne : déclaré sous ignore, donc ce qui s'y trouve y reste",
)
_FIXED = Text(en="no row: the contract gives this value", fr="aucune ligne : le contrat donne cette valeur")
_NO_ROW = Text(en="no row writes it", fr="aucune ligne ne l'écrit")
