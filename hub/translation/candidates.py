"""The values that the laws try for one row: always the empty, longest and accented ones, every code, both sides of DST."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hub.contract import Shape
from hub.specs.mapping import Row
from hub.translation.attachments import SIGNATURES, substitute, ticket_of, type_of
from hub.translation.cells import Words, compile_cell, compile_check
from hub.translation.dates import date_form, finest
from hub.translation.faults import Fault
from hub.translation.samples import samples_of
from hub.translation.values import typed_code

NAMES = (
    "DUPONT",
    "DE LA TOUR",
    "N'DIAYE",
    "LE GOFF-MARTIN",
    "ÉVRARD",
    "Dupont",
    "Léa",
    "Jean Marie",
    "Anne-Sophie",
    "Zoé",
    "LÉA",
)
"""Names as French applications write them."""

ADDRESSES = (
    ("12", "rue de l'Église"),
    ("12 bis", "rue de l'Église"),
    ("3ter", "place du 8 Mai 1945"),
    (None, "Le Bourg"),
    (None, "Résidence Les Acacias, bâtiment C"),
)
"""Numbers and streets as French addresses have them."""

_TEXTS = ("Élodie Œuvrard", "L'Haÿ-les-Roses", "l’été à Noël : 50 % & <plus>", "007", "x", "12, rue du Général-de-Gaulle")
_OTHER_LETTERS = ("Bőrönd à 12 €", "ĞÜL", "CŒUR de ville 🙂")
"""Letters that ISO-8859-1 lacks."""

_LONG_NAMES = ("ÉVRARD-D'AÏSSAOUI ", "Élise-maÿlis ")
"""What is repeated where only names fit, in capitals or not."""
_INTEGERS = (0, 1, -1, 7, 42, 120, 100000, 2147483647)
_DECIMALS = ("0", "1", "12.50", "-3.10", "0.01", "19.9", "1234567.89")
_UNBOUNDED = 300
_YEAR = 2026


def candidates(name: str, row: Row, *, shapes: Mapping[str, Shape], words: Words, rng: Random) -> list[Any]:
    """Canonical values of `row` that the contracts' `shapes` (by side) take, without the empty one."""
    if row.table:
        return _codes(row, words)
    if row.values:
        return list({typed_code(code, row.as_): None for listed in row.values.values() for code in listed})
    if row.as_ == "boolean":
        return [True, False]
    raw = _dates(row, words.zone) if row.date else _raw(row, shapes, rng)
    raw += _through_tweaks(name, row, shapes, words, rng)
    takes = _filter(name, row, shapes, words)
    return [value for value in dict.fromkeys(raw) if takes(value)]


def _through_tweaks(name: str, row: Row, shapes: Mapping[str, Shape], words: Words, rng: Random) -> list[Any]:
    """What a tweaked side may send, as it is read: its contract's patterns and codes are of the text before the tweak."""
    found = []
    for side in [side for side in row.tweak if side in shapes]:
        cell = compile_cell(name, row, side=side, shape=None, words=words)
        for text in _texts(row.model_copy(update={"check": None}), {side: shapes[side]}, rng):
            with suppress(Fault):
                found.append(cell.parse(text))
    return found


def file_candidates(row: Row) -> list[tuple[dict[str, Any], bytes]]:
    """Small files of each type that the row takes: ticket and bytes. Of a row with addresses: what stands for the file at
    one."""
    if row.file and row.file.by_address:
        ticket, body = substitute("https://www.example.fr/hub.pdf", row.file.types)
        return [({"ticket": ticket, "size": len(body), "type": type_of(body)}, body)]
    types = (row.file.types if row.file else ()) or tuple(SIGNATURES)
    contents = [(kind, SIGNATURES[kind] + b"hub") for kind in types if kind in SIGNATURES]
    return [({"ticket": ticket_of(body), "size": len(body), "type": kind}, body) for kind, body in contents]


def taker(name: str, row: Row, *, shapes: Mapping[str, Shape], words: Words) -> Callable[[Any], bool]:
    """Whether the row takes a value wherever it has a cell of its own; None is taken by a row that is not required."""
    takes = _filter(name, row, shapes, words)
    return lambda value: not row.required if value is None else takes(value)


def _codes(row: Row, words: Words) -> list[Any]:
    """The codes that some side can bring in; all of them when none can, or only one side has the row."""
    table = words.tables[row.table or ""]
    if len(row.cells) == 1:  # what the row says comes from elsewhere
        return list(table.codes)
    sides = [side for side in row.cells if row.is_changed_by(side)]
    readable = {code: None for side in sides for code in table.to_code(side).values()}
    return list(readable) or list(table.codes)


def _filter(name: str, row: Row, shapes: Mapping[str, Shape], words: Words) -> Callable[[Any], bool]:
    """Whether every side's contract, and the row's own check, take a value. What a side cuts, it takes."""
    cells = [
        compile_cell(name, _uncut(row), side=side, shape=_roomy(row, side, shape), words=words)
        for side, shape in shapes.items()
    ]
    held = compile_check(row.check) if row.check else None

    def takes(value: Any) -> bool:
        try:
            for cell in cells:
                cell.form(value)
        except Fault:
            return False
        return held is None or held(value)

    return takes


def _uncut(row: Row) -> Row:
    return row.model_copy(update={"max": {}, "check": None})


def _roomy(row: Row, side: str, shape: Shape) -> Shape:
    return replace(shape, longest=None) if side in row.max else shape


def _raw(row: Row, shapes: Mapping[str, Shape], rng: Random) -> list[Any]:
    match row.as_:
        case "integer":
            return [*_INTEGERS, *(int(value) for value in _bounds(shapes, row))]
        case "decimal":
            return [Decimal(text) for text in _DECIMALS] + _bounds(shapes, row)
        case _:
            return _texts(row, shapes, rng)


def _bounds(shapes: Mapping[str, Shape], row: Row) -> list[Decimal]:
    written = [bound for shape in shapes.values() for bound in (shape.lowest, shape.highest) if bound]
    if row.check:
        written += [bound for bound in (row.check.at_least, row.check.at_most) if bound]
    return [Decimal(bound) for bound in written]


def _texts(row: Row, shapes: Mapping[str, Shape], rng: Random) -> list[str]:
    listed = [value for shape in shapes.values() for value in shape.values if value.strip()]
    patterns = [pattern for shape in shapes.values() for pattern in shape.patterns]
    if row.check and row.check.looks:
        patterns.append(row.check.looks)
    sampled = [text for pattern in patterns for text in samples_of(pattern, rng) if text.strip()]
    return [*sampled, *listed, *NAMES, *_TEXTS, *_OTHER_LETTERS, *_longest(row, shapes)]


def _longest(row: Row, shapes: Mapping[str, Shape]) -> list[str]:
    """The longest texts, two of them alike but for their end: what cuts them makes them one."""
    room = [shape.longest for side, shape in shapes.items() if shape.longest is not None and side not in row.max]
    length = min([*room, _UNBOUNDED])
    if length < 2:
        return ["é" * length]
    whole = ("À l’école, Œdipe mangeait 12 crêpes sucrées. " * (length // 40 + 1))[: length - 1]
    plain = whole.replace("’", "'").replace("Œ", "O")  # which no side writes longer than it is
    names = [(name * (length // len(name) + 1))[: length - 1] + name[1] for name in _LONG_NAMES]
    return [f"{whole}a", f"{whole}b", f"{plain}c", *names]


def _dates(row: Row, zone: ZoneInfo) -> list[str]:
    form = finest([date_form(written, zone) for written in row.date.values()])
    moments = _moments(zone, whole_minutes=form.unit == "minute")
    match form.kind:
        case "datetime":
            return [moment.isoformat() for moment in moments]
        case "date":
            return [*dict.fromkeys(moment.date().isoformat() for moment in moments), "1900-01-01"]
        case "time":
            return [moment.time().isoformat() for moment in moments]


def _moments(zone: ZoneInfo, *, whole_minutes: bool) -> list[datetime]:
    """Moments on both sides of the zone's clock changes (never within the hour that comes twice), and others."""
    found = [datetime(_YEAR, 5, 31, 14, 5, 9, tzinfo=zone), datetime(2024, 2, 29, 12, tzinfo=zone)]
    found += [datetime(_YEAR, 12, 31, 23, 59, 59, tzinfo=zone), datetime(_YEAR, 6, 1, tzinfo=zone)]
    for change in _changes(zone):
        found += [change - timedelta(seconds=3601), change + timedelta(hours=1)]
    local = [moment.astimezone(zone) for moment in found]
    return [moment.replace(second=0) for moment in local] if whole_minutes else local


@cache
def _changes(zone: ZoneInfo) -> Sequence[datetime]:
    start = datetime(_YEAR, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(365 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1]]
