"""A real document made into one that can be shown: what it says of a person is invented, what the mapping reads by stays."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.contract import Document, Kind, Shape
from hub.specs.mapping import Row
from hub.translation.attachments import open_base64
from hub.translation.cells import compile_check, listed_values
from hub.translation.dates import date_form
from hub.translation.facets import fit_of
from hub.translation.faults import Fault
from hub.translation.invention import Inventor, folded
from hub.translation.mapping import Direction, Translation
from hub.translation.paths import LINE_TEXT, cells_of, shape_at
from hub.translation.samples import samples_of

_TRIES = 4
_FEWEST = 3
"""Fewer letters than this are nobody's name."""
_LONG = 6
"""A number of so many digits is a person's, or an object's: not a quantity."""
_WORDS = 4
"""More words than this are a sentence, the words of which may stand elsewhere."""
_ADDRESS = "https://www.example.fr/piece.pdf"
"""In the place of the address of a file."""
_FILES = {
    "pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    "jpg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9"),
    "png": base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="),
    "gif": base64.b64decode("R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="),
    "zip": bytes.fromhex(
        "504b03041400000000000000215c0000000000000000000000000b0000006578616d706c652e747874504b0102140314"
        "00000000000000215c0000000000000000000000000b00000000000000000000008001000000006578616d706c652e74"
        "7874504b0506000000000100010039000000290000000000"
    ),
    "xml": b'<?xml version="1.0"?><example/>',
}
"""The smallest file of each type that is told by its first bytes."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Invents for one message. `names`: the folded words by which its persons would be known again."""

    translation: Translation
    inventor: Inventor
    names: frozenset[str]

    def document(self, side: str, document: Document, *, direction: Direction) -> dict[str, Any]:
        """`document` of `side`, with the same fields and codes and nothing that tells who it was about."""
        level = _Level.of(self.translation, side, direction)
        return {key: self._value(level, key, value) for key, value in document.items()}

    def identifier(self, real: str) -> str:
        """Another reference of the same form."""
        return self.inventor.text(real)

    def _value(self, level: _Level, path: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._value(level, f"{path}.{key}", below) for key, below in value.items()}
        if isinstance(value, list):
            return [self._value(level, path, each) for each in value]
        return self._leaf(level, path, value) if isinstance(value, str) and value.strip() else value

    def _leaf(self, level: _Level, path: str, text: str) -> str:
        row, shape = level.row(path), shape_at(level.shape, path)
        personal = path in level.personal or f"{path}.{LINE_TEXT}" in level.personal
        try:
            if row is not None and row.file:
                return _ADDRESS if level.side in row.file.by_address else _same_file(text, row)
            if codes := self._codes(level, row, shape):
                return self.inventor.other(text, codes) if personal and path not in level.deciding else text
            if form := _date_form(row, shape, level.side):
                return self._day(text, form)
        except Fault:
            return text
        if row is not None and row.constant is not None:
            return text
        if personal or row is None or path in level.identifiers:
            return self._invented(text, row, shape)
        return self.inventor.only(text, lambda piece: any(name in piece for name in self.names))

    def _codes(self, level: _Level, row: Row | None, shape: Shape | None) -> tuple[str, ...]:
        """The codes that may stand in a field; none when it is not coded."""
        if row is not None and row.table:
            table = self.translation.words.tables[row.table]
            return tuple(value for value in table.to_value(level.side).values() if value)
        if row is not None and row.values:
            return tuple(listed_values(row, level.side).values()) or ("true", "false")
        if (row is not None and row.as_ == "boolean") or (shape is not None and shape.kind is Kind.BOOLEAN):
            return ("true", "false")
        return shape.values if shape is not None else ()

    def _day(self, text: str, form: str) -> str:
        zone = self.translation.words.zone
        cell = date_form(form, zone).cell
        canonical = str(cell.parse(text))
        return cell.form(self.inventor.day(canonical, zone)) if "-" in canonical else text

    def _invented(self, text: str, row: Row | None, shape: Shape | None) -> str:
        """Another text, one that the row and the contract take if there is one."""
        tried = [Inventor(f"{self.inventor.seed}{number or ''}").text(text) for number in range(_TRIES)]
        looks = [row.check.looks] if row is not None and row.check and row.check.looks else []
        for pattern in (*looks, *(shape.patterns if shape is not None else ())):
            tried += samples_of(pattern, self.inventor.lots(text))
        return next((each for each in tried if each != text and _fits(each, row, shape)), tried[0])


def names_in(translation: Translation, record: Mapping[str, Any]) -> frozenset[str]:
    """The folded words of a record's personal values that are short enough to be names."""
    values = [value for values in translation.personal_values(record).values() for value in values]
    words = [folded(word) for value in values if len(value.split()) <= _WORDS for word in _words(value)]
    numbers = [folded(value) for value in values if sum(sign.isdigit() for sign in value) >= _LONG]
    return frozenset((*numbers, *(word for word in words if len(word) >= _FEWEST)))


def survivors(translation: Translation, record: Mapping[str, Any], example: Any) -> tuple[str, ...]:
    """The rows of `record` a personal value of which (of three letters or more, no code) still stands in `example`."""
    texts = [folded(text) for text in _texts(example)]
    coded = {
        name for side in translation.sides for name, _, row in cells_of(translation.spec.fields, side) if _is_coded(row)
    }
    found = []
    for name, values in translation.personal_values(record).items():
        told = [folded(value) for value in values if sum(sign.isalpha() for sign in value) >= _FEWEST]
        if name not in coded and any(value in text for value in told for text in texts):
            found.append(name)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Level:
    """One side's fields: their rows by path, and the paths of those that are personal, identify, or decide (`when`)."""

    side: str
    shape: Shape
    rows: Mapping[str, Row]
    personal: frozenset[str]
    identifiers: frozenset[str]
    deciding: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, translation: Translation, side: str, direction: Direction) -> _Level:
        cells = list(cells_of(translation.spec.fields, side))
        personal, named = personal_rows(translation.spec.fields), _identifying(translation)
        deciding = {name for row in _every(translation.spec.fields) for name in row.when}
        return cls(
            side,
            translation.shapes[side][direction],
            {path: row for _, path, row in cells},
            frozenset(path for name, path, _ in cells if name in personal),
            frozenset(path for name, path, _ in cells if name in named),
            frozenset(path for name, path, _ in cells if name.rpartition(".")[2] in deciding),
        )

    def row(self, path: str) -> Row | None:
        return self.rows.get(path) or self.rows.get(f"{path}.{LINE_TEXT}")


def personal_rows(rows: Mapping[str, Row], within: str = "", *, above: bool = False) -> set[str]:
    """The full names of the rows that tell something about a person, by themselves, their group, or what they join."""
    found = set()
    for name, row in rows.items():
        joined = any(rows[part].personal for part in rows if row.join and f"{{{part}}}" in row.join)
        personal = above or row.personal or joined
        if personal:
            found.add(f"{within}{name}")
        found |= personal_rows(row.fields, f"{within}{name}.", above=personal)
    return found


def _identifying(translation: Translation) -> set[str]:
    rows = translation.spec.fields.items()
    recalled = {row.recall for _, row in rows if row.recall}
    return {translation.spec.key, *recalled, *(name for name, row in rows if row.remember)}


def _every(rows: Mapping[str, Row]) -> Iterator[Row]:
    for row in rows.values():
        yield row
        yield from _every(row.fields)


def _is_coded(row: Row) -> bool:
    return bool(row.table or row.values or row.as_ == "boolean")


def _date_form(row: Row | None, shape: Shape | None, side: str) -> str:
    if row is not None:
        return row.date.get(side, "")
    return {Kind.DATE: "date", Kind.DATETIME: "datetime"}.get(shape.kind, "") if shape is not None else ""


def _same_file(text: str, row: Row) -> str:
    assert row.file is not None  # noqa: S101 - the caller looked
    ticket, _ = open_base64(text, limit=row.file.limit, types=(), apart={})
    return base64.b64encode(_FILES.get(ticket["type"], b"example\n")).decode()


def _fits(text: str, row: Row | None, shape: Shape | None) -> bool:
    try:
        if (fit := fit_of(shape)) is not None:
            fit(text)
        return row is None or row.check is None or row.as_ != "text" or compile_check(row.check)(text)
    except Fault:
        return False


def _words(value: str) -> list[str]:
    return "".join(sign if sign.isalpha() else " " for sign in value).split()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for below in value.values():
            yield from _texts(below)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below)
    elif isinstance(value, str):
        yield value
