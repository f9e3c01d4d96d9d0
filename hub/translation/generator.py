"""Records made up to prove a mapping: small, seeded, within what the contracts take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import regex

from hub.contract import Shape
from hub.specs.mapping import Row
from hub.translation.candidates import candidates, file_candidates
from hub.translation.facets import matches
from hub.translation.mapping import Translation
from hub.translation.paths import path_of, shape_at
from hub.translation.record import canonical_text
from hub.translation.samples import samples_of
from hub.translation.scene import ABSENT

_LINES = (1, 0, 3)


@dataclass(frozen=True, slots=True)
class Pool:
    """What is tried for one row: its values (ABSENT: not carried), or the pools of its lines.

    `together`: it is split out of a joined text, so it is now and then empty with all the rows of that text.
    """

    name: str
    row: Row
    values: list[Any] = field(default_factory=list)
    filled: list[Any] = field(default_factory=list)
    lines: tuple[Pool, ...] = ()
    together: bool = False


@dataclass(frozen=True, slots=True)
class Generator:
    """Makes records for one mapping. `poor` names the rows for which no value could be made."""

    pools: tuple[Pool, ...]
    files: Mapping[str, bytes]
    poor: tuple[str, ...]
    rng: Random

    def records(self, count: int) -> list[dict[str, Any]]:
        """At least `count` records, and enough to try every value of every row once."""
        enough = max([count, *(len(pool.values) for pool in _all(self.pools))])
        shifts = {id(pool): self.rng.randrange(1000) for pool in _all(self.pools)}
        return [_record(self.pools, number, shifts, ()) for number in range(enough)]


def generator_for(translation: Translation, *, seed: int) -> Generator:
    """The generator of `translation`; the same `seed` makes the same records."""
    rng = Random(seed)  # noqa: S311 - made-up records, no secret
    files: dict[str, bytes] = {}
    maker = _Maker(translation, rng, files, [])
    shapes = {side: list(found.values()) for side, found in translation.shapes.items()}
    pools = maker.pools(translation.spec.fields, shapes, "")
    return Generator(pools, files, tuple(maker.poor), rng)


def shapes_of(row: Row, around: Mapping[str, list[Shape]]) -> dict[str, Shape]:
    """For each side of the row, the contract's field there, within the shapes `around` it."""
    found: dict[str, Shape] = {}
    for side, shapes in around.items():
        path = path_of(row, side)
        here = [shape for outer in shapes if path and (shape := shape_at(outer, path)) is not None]
        if here:
            found[side] = here[0]
    return found


@dataclass(slots=True)
class _Maker:
    translation: Translation
    rng: Random
    files: dict[str, bytes]
    poor: list[str]

    def pools(self, rows: Mapping[str, Row], around: Mapping[str, list[Shape]], within: str) -> tuple[Pool, ...]:
        spoken = {name: row for name, row in rows.items() if row.constant is None and not (row.computed or row.join)}
        splits = {name: look for row in rows.values() for name, look in row.split.items()}
        bound = {
            name for row in rows.values() if any(rows[n].required for n in row.split if n in rows) for name in row.split
        }
        matched = self._matched(within)
        pools = []
        for name, row in spoken.items():
            shapes = shapes_of(row, around)
            if row.each:
                pools.append(self._group(name, row, around, within))
                continue
            filled = self._filled(name, row, shapes, splits.get(name))
            if not filled:
                self.poor.append(f"{within}{name}")
            certain = row.required or name == matched or (not within and name == self.translation.spec.key)
            split_out = name in splits and not (certain or matches(regex.compile(splits[name]), ""))
            values = filled if certain or split_out else filled + _empties(row, shapes)
            pools.append(Pool(name, row, values, filled, together=split_out and name not in bound))
        return tuple(pools)

    def _matched(self, within: str) -> str | None:
        rows: Mapping[str, Row] = self.translation.spec.fields
        match: str | None = None
        for name in within.split(".")[:-1]:
            match, rows = rows[name].match, rows[name].fields
        return match

    def _group(self, name: str, row: Row, around: Mapping[str, list[Shape]], within: str) -> Pool:
        inner = {
            side: [found for shape in around.get(side, []) if (found := shape_at(shape, path)) is not None]
            for side, path in row.each.items()
        }
        return Pool(name, row, lines=self.pools(row.fields, inner, f"{within}{name}."))

    def _filled(self, name: str, row: Row, shapes: Mapping[str, Shape], split: str | None) -> list[Any]:
        if row.file:
            made = file_candidates(row)
            self.files.update({ticket["ticket"]: content for ticket, content in made})
            return [ticket for ticket, _ in made]
        found = candidates(name, row, shapes=shapes, words=self.translation.words, rng=self.rng)
        if split is None:
            return found
        looks = regex.compile(split)
        found += [text for text in samples_of(split, self.rng) if text.strip() == text and text]
        return [value for value in found if matches(looks, canonical_text(value))]


def _empties(row: Row, shapes: Mapping[str, Shape]) -> list[Any]:
    """Not carried, and carried empty, where every contract can do without a value. What every contract wants, if only
    empty (xsi:nil, null), is always carried."""
    if any(shape.required and not shape.nullable for shape in shapes.values()):
        return []
    wanted = bool(shapes) and all(shape.required for shape in shapes.values())
    return [None] if wanted else [None, ABSENT]


def _all(pools: tuple[Pool, ...]) -> list[Pool]:
    return [found for pool in pools for found in (pool, *_all(pool.lines))]


def _record(
    pools: tuple[Pool, ...], number: int, shifts: Mapping[int, int], outer: tuple[Mapping[str, Any], ...]
) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for pool in pools:
        if not pool.row.each and pool.values:
            value = pool.values[(number + shifts[id(pool)]) % len(pool.values)]
            if value is not ABSENT:
                record[pool.name] = value
    for pool in pools if number % 7 in (3, 5) else ():
        if pool.together:
            record.pop(pool.name, None)
            record.update({pool.name: None} if number % 7 == 5 else {})
    _hold_conditions(pools, record, outer, number)
    for pool in pools:
        if pool.row.each:
            record[pool.name] = _lines(pool, number, shifts, (record, *outer))
    return record


def _hold_conditions(
    pools: tuple[Pool, ...], record: dict[str, Any], outer: tuple[Mapping[str, Any], ...], number: int
) -> None:
    """Rows whose condition does not hold are not carried; those whose condition does hold are, when required."""
    for _ in pools:  # conditions may depend on each other: at most this many rounds
        for pool in pools:
            if not pool.row.when:
                continue
            if not all(_value(name, record, outer) in values for name, values in pool.row.when.items()):
                record.pop(pool.name, None)
            elif pool.row.required and pool.filled and record.get(pool.name) is None:
                record[pool.name] = pool.filled[number % len(pool.filled)]


def _value(name: str, record: Mapping[str, Any], outer: tuple[Mapping[str, Any], ...]) -> str:
    return next((canonical_text(found[name]) for found in (record, *outer) if name in found), "")


def _lines(pool: Pool, number: int, shifts: Mapping[int, int], outer: tuple[Mapping[str, Any], ...]) -> list[dict[str, Any]]:
    """0, 1 or 3 lines, each with another match value (fewer, if there are not as many values)."""
    lines: list[dict[str, Any]] = []
    seen: set[str] = set()
    for offset in range(_LINES[number % len(_LINES)] or (1 if pool.row.required else 0)):
        line = _record(pool.lines, number + offset, shifts, outer)
        value = canonical_text(line.get(pool.row.match or ""))
        if value not in seen:
            lines.append(line)
        seen.add(value)
    return lines
