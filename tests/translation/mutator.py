"""Makes one slip at a time in a mapping, its code tables and its examples: what a tired author might have written instead.

Words for people (title, label, says) and policy (sector, keep, limit) are left alone: nothing is translated by them.
"""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from hub.specs.mapping import Row

Places = Mapping[str, Sequence[str]]
"""For each side, the paths of its contract's fields."""

DROPPED = ("required", "date", "number", "values", "table", "split", "max", "match", "when", "check", "owner", "loses")
DROPPED = (*DROPPED, "remember", "recall", "file", "as", "constant", "computed", "tweak", "join", "personal")
DATES = {
    "dd/MM/yyyy": ("MM/dd/yyyy", "yyyy/MM/dd", "dd-MM-yyyy"),
    "dd/MM/yyyy HH:mm:ss": ("MM/dd/yyyy HH:mm:ss", "dd/MM/yyyy", "dd/MM/yyyy HH:mm"),
    "dd/MM/yyyy HH:mm": ("MM/dd/yyyy HH:mm", "dd/MM/yyyy"),
    "date": ("datetime", "dd/MM/yyyy"),
    "datetime": ("date", "dd/MM/yyyy HH:mm:ss"),
}
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
KINDS = ("text", "integer", "decimal", "boolean")
NUMBERS = ("plain", "comma", "cents")


@dataclass(frozen=True)
class Mutant:
    """One file with one slip: `what` says which, in words that do not change when lines move; `content` is its new one."""

    file: str
    what: str
    content: Any

    @property
    def text(self) -> str:
        """The file as it would be written."""
        if isinstance(self.content, str):
            return self.content
        return str(yaml.dump(self.content, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=1000))


def mutants_of_mapping(file: str, text: str, *, places: Places, tables: Mapping[str, Sequence[str]]) -> Iterator[Mutant]:
    """Slips in a mapping. `tables`: the codes of each table."""
    good = yaml.load(text, yaml.BaseLoader)
    for what, changed in _Slips(good, places, tables).all():
        if changed != good:
            yield Mutant(file, what, changed)


def mutants_of_table(file: str, text: str) -> Iterator[Mutant]:
    """Slips in a code table."""
    head, *lines = list(csv.reader(io.StringIO(text)))
    for number, line in enumerate(lines):
        name = f"line {line[0]}"
        yield _table(file, f"{name}: deleted", head, [*lines[:number], *lines[number + 1 :]])
        yield _table(file, f"{name}: doubled", head, [*lines[:number], line, *lines[number:]])
        for column in (n for n, title in enumerate(head) if not title.startswith("label_")):
            for how, value in _cell_slips(line[column]):
                changed = [*line[:column], value, *line[column + 1 :]]
                where = f"{name}: {head[column]} {how}"
                yield _table(file, where, head, [*lines[:number], changed, *lines[number + 1 :]])
            if number and line[column] != lines[number - 1][column]:
                swapped = [list(each) for each in lines]
                swapped[number][column], swapped[number - 1][column] = lines[number - 1][column], line[column]
                yield _table(file, f"{name}: {head[column]} swapped with {lines[number - 1][0]}", head, swapped)


def _cell_slips(value: str) -> Iterator[tuple[str, str]]:
    if not value:
        return
    yield "altered", f"{value}X"
    yield "emptied", ""
    if value.lstrip("0") != value:
        yield "without its zero", value.lstrip("0")
    if value.swapcase() != value:
        yield "in other case", value.swapcase()


def _table(file: str, what: str, head: list[str], lines: list[list[str]]) -> Mutant:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([head, *lines])
    return Mutant(file, what, written.getvalue())


def mutants_of_examples(file: str, text: str) -> Iterator[Mutant]:
    """Slips in the examples: every value of every document altered, or left out; every expected error too."""
    good = yaml.load(text, yaml.BaseLoader)
    for place, value in _leaves(good, ()):
        if place[-1] in ("name", "like", "start"):
            continue
        where = ".".join(str(part) for part in place)
        altered = f"{value[:-1]}{'7' if value[-1:] == '9' else '9'}" if value[-1:].isdigit() else f"{value}x"
        yield Mutant(file, f"{where}: altered", _put(good, place, altered))
        yield Mutant(file, f"{where}: left out", _put(good, place, None))


def _leaves(found: Any, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _leaves(value, (*place, key))
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _leaves(value, (*place, number))
    elif found:
        yield place, found


def _put(good: Any, place: Sequence[Any], value: Any) -> Any:
    """A copy of `good` with `value` at `place`; None takes away what is there."""
    if not place:
        return value
    part, *below = place
    changed = copy.copy(good)
    if below or value is not None:
        changed[part] = _put(good[part] if below else None, below, value)
    else:
        del changed[part]
    return changed


Slip = tuple[str, Any]


class _Slips:
    """All slips of one mapping, each a description and the whole mapping with it."""

    def __init__(self, good: dict[str, Any], places: Places, tables: Mapping[str, Sequence[str]]) -> None:
        self.good = good
        self.places = places
        self.tables = tables
        self.words = {field.alias or name for name, field in Row.model_fields.items()}

    def all(self) -> Iterator[Slip]:
        yield from self._head()
        for part in ("fields", "reply"):
            yield from self._rows(self.good.get(part, {}), (part,))

    def _at(self, what: str, place: Sequence[Any], value: Any) -> Slip:
        return f"{'.'.join(str(part) for part in place)}: {what}", _put(self.good, place, value)

    def _head(self) -> Iterator[Slip]:
        good = self.good
        for name in [name for name in good["fields"] if name != good["key"]]:
            yield self._at(f"is {name}", ("key",), name)
        for number, name in enumerate(good.get("once", ())):
            yield self._at(f"without {name}", ("once", number), None)
        if "once" in good:
            yield self._at("dropped", ("once",), None)
        for side, operations in good["between"].items():
            for direction, name in operations.items():
                yield self._at("dropped", ("between", side, direction), None)
                yield self._at("misspelt", ("between", side, direction), f"{name}s")
        for ended, follow in good.get("then", {}).items():
            yield self._at("dropped", ("then", ended), None)
            yield from self._told(("then", ended, "with"), follow["with"])
        for side, paths in good.get("ignore", {}).items():
            for number, path in enumerate(paths):
                yield self._at(f"without {path}", ("ignore", side, number), None)

    def _told(self, place: tuple[str, ...], told: Mapping[str, str]) -> Iterator[Slip]:
        codes = {code: listed for listed in self.tables.values() for code in listed}
        for row, value in told.items():
            yield self._at("dropped", (*place, row), None)
            if value in codes:
                for other in _others(codes[value], value):
                    yield self._at(f"is {other}", (*place, row), other)
            else:
                for other in _others([*self.good["fields"], *self.good.get("reply", {}), "reason"], value):
                    yield self._at(f"is {other}", (*place, row), other)

    def _rows(
        self, rows: Mapping[str, Any], place: tuple[str, ...], above: Mapping[str, str] | None = None
    ) -> Iterator[Slip]:
        for name, row in rows.items():
            yield self._at("dropped", (*place, name), None)
            for word in DROPPED:
                if word in row:
                    yield self._at("dropped", (*place, name, word), None)
            yield from self._cells(row, (*place, name), above or {})
            yield from self._words(rows, row, (*place, name))
            if "fields" in row:
                inner = {side: f"{(above or {}).get(side, '')}{path}." for side, path in row["each"].items()}
                yield from self._rows(row["fields"], (*place, name, "fields"), inner)
        yield from self._swapped(rows, place)

    def _cells(self, row: Mapping[str, Any], place: tuple[str, ...], above: Mapping[str, str]) -> Iterator[Slip]:
        cells = {(side,): path for side, path in row.items() if side not in self.words}
        cells |= {("each", side): path for side, path in row.get("each", {}).items()}
        for cell, path in cells.items():
            side, start = cell[-1], above.get(cell[-1], "")
            yield self._at("dropped", (*place, *cell), None)
            yield self._at("misspelt", (*place, *cell), path[:-1])
            known = [found.removeprefix(start) for found in self.places.get(side, ()) if found.startswith(start)]
            for other in _others(known, path):
                yield self._at(f"is {other}", (*place, *cell), other)

    def _swapped(self, rows: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[Slip]:
        """Each cell against those of the next two rows of its side."""
        for side in self.good["between"]:
            here = [name for name, row in rows.items() if side in row]
            for step in (1, 2):
                for one, other in zip(here, here[step:], strict=False):
                    changed = _put(self.good, (*place, one, side), rows[other][side])
                    swapped = _put(changed, (*place, other, side), rows[one][side])
                    yield f"{'.'.join(place)}: {one} and {other} change places on {side}", swapped

    def _words(self, rows: Mapping[str, Any], row: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[Slip]:
        for word, others in (("as", KINDS), ("table", tuple(self.tables)), ("match", tuple(row.get("fields", ())))):
            if word in row:
                for other in _others(others, row[word]):
                    yield self._at(f"is {other}", (*place, word), other)
        if "recall" in row:
            for other in _others(list(rows), row["recall"]):
                yield self._at(f"is {other}", (*place, "recall"), other)
        for word, others in (("date", DATES), ("number", dict.fromkeys(NUMBERS, NUMBERS))):
            for side, form in row.get(word, {}).items():
                yield self._at("dropped", (*place, word, side), None)
                for other in [other for other in others.get(form, ()) if other != form]:
                    yield self._at(f"is {other}", (*place, word, side), other)
        for word in ("loses", "max", "values", "split"):
            for side in row.get(word, {}):
                yield self._at("dropped", (*place, word, side), None)
        yield from self._lengths(row, place)
        yield from self._codes(rows, row, place)
        yield from self._texts(row, place)

    def _lengths(self, row: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[Slip]:
        for side, length in row.get("max", {}).items():
            for other in (int(length) - 1, int(length) + 1, int(length) // 2):
                yield self._at(f"is {other}", (*place, "max", side), str(other))
        for bound in ("at_least", "at_most"):
            if bound in row.get("check", {}):
                written = row["check"][bound]
                yield self._at("dropped", (*place, "check", bound), None)
                for other in (int(written) - 1, int(written) + 1):
                    yield self._at(f"is {other}", (*place, "check", bound), str(other))

    def _codes(self, rows: Mapping[str, Any], row: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[Slip]:
        for side, listed in row.get("values", {}).items():
            codes, values = list(listed), list(listed.values())
            for code, value in listed.items():
                yield self._at("altered", (*place, "values", side, code), f"{value}X")
                yield self._at("in other case", (*place, "values", side, code), value.swapcase())
                yield self._at("dropped", (*place, "values", side, code), None)
            turned = dict(zip(codes, [*values[1:], values[0]], strict=True))
            yield self._at("turned round", (*place, "values", side), turned)
        for other, wanted in row.get("when", {}).items():
            known = self.tables.get(rows.get(other, {}).get("table", ""), ("true", "false"))
            for number, code in enumerate(wanted):
                if len(wanted) > 1:
                    yield self._at(f"without {code}", (*place, "when", other, number), None)
                for instead in _others([code for code in known if code not in wanted], code):
                    yield self._at(f"is {instead}", (*place, "when", other, number), instead)

    def _texts(self, row: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[Slip]:
        if "constant" in row:
            yield self._at("altered", (*place, "constant"), f"{row['constant']}X")
            yield self._at("in other case", (*place, "constant"), row["constant"].swapcase())
        if "join" in row:
            names = row["join"].split(" ")
            yield self._at("turned round", (*place, "join"), " ".join(reversed(names)))
            yield self._at("without its blank", (*place, "join"), "".join(names))
        for name in row.get("split", {}):
            yield self._at("takes anything", (*place, "split", name), ".*")
            yield self._at("ends at a blank", (*place, "split", name), "[^ ]+")
        if "looks" in row.get("check", {}):
            yield self._at("takes anything", (*place, "check", "looks"), ".*")
            yield self._at("one sign short", (*place, "check", "looks"), row["check"]["looks"][1:])
        for number, kind in enumerate(row.get("file", {}).get("types", ())):
            yield self._at(f"without {kind}", (*place, "file", "types", number), None)


def _others(known: Sequence[str], present: str, *, count: int = 2) -> list[str]:
    """The next `count` of `known` after `present`, round and round."""
    names = list(dict.fromkeys(known))
    start = names.index(present) + 1 if present in names else 0
    turned = [*names[start:], *names[:start]]
    return [name for name in turned if name != present][:count]
