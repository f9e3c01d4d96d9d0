"""The simple rows of a level, read and written by functions that were written from its entries.

They know what is as usual. Whatever may be wrong makes them give up, and `levels` goes the careful way, which finds the
words; a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from hub.generated import Source, listed
from hub.translation.faults import Fault, Look
from hub.translation.record import canonical_text
from hub.translation.scene import ABSENT, EMPTY, NULLS, Slot

ReadEntry = tuple[int, str, str, Callable[[str], Any] | None, Slot]
WriteEntry = tuple[int, str, str, float, Callable[[Any], str], Slot]

ReadDocument = Callable[[Mapping[str, Any]], tuple[list[Any], dict[str, Any]] | None]
WriteDocument = Callable[[Mapping[str, Any], dict[str, Any]], tuple[list[Any], list[Slot]] | None]
ReadLines = Callable[[list[Any]], list[dict[str, Any]] | None]
WriteLines = Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]] | None]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the functions of a level are written from: its containers and entries, the names of its required rows."""

    parents: tuple[tuple[int, str, str], ...]
    reads: tuple[ReadEntry, ...]
    writes: tuple[WriteEntry, ...]
    required: frozenset[str]


class Unrolled:
    """The two functions of a level. They give None where something is odd, and until they are written: `write_out` does it,
    for a node that serves. To read files, as a check does, nothing is ever made to run.

    `read` gives the containers and the record of a document. `write` writes a record into an empty document, and gives its
    containers and the rows without a value of which the contract or the mapping wants one.
    """

    __slots__ = ("_rows", "read", "write")

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.read: ReadDocument = _give_up
        self.write: WriteDocument = _give_up

    def write_out(self) -> None:
        """Write the functions."""
        if self.read is _give_up:
            self.read, self.write = reading(self._rows), writing(self._rows)


class UnrolledLines:
    """The same for all lines of a group whose rows are simple: `read` gives the records of a side's lines, `write` the lines
    of records that the side does not have yet. `match` is the name of the row by which lines are told apart, "" for none."""

    __slots__ = ("_match", "_rows", "read", "write")

    def __init__(self, rows: Rows, match: str) -> None:
        self._rows, self._match = rows, match
        self.read: ReadLines = _give_up
        self.write: WriteLines = _give_up

    def write_out(self) -> None:
        """Write the functions."""
        if self.read is _give_up:
            self.read, self.write = reading_lines(self._rows, self._match), writing_lines(self._rows, self._match)


def _give_up(*_: object) -> None:
    return None


def reading(rows: Rows) -> ReadDocument:
    """The function that reads these rows of a document."""
    source = _beginning("def read(o0):")
    source.add(1, "try:")
    _read_rows(source, 2, rows)
    source.add(1, "except (Fault, KeyError):", "    return None", f"return {_containers(rows)}, record")
    return source.function(f"reading {_title(rows)}")


def reading_lines(rows: Rows, match: str) -> ReadLines:
    """The function that reads these rows of each line."""
    source = _beginning("def read(lines):")
    source.add(1, "records, seen = [], set()", "try:", "    for o0 in lines:")
    source.add(3, "if o0.__class__ is not dict:", "    return None")
    _read_rows(source, 3, rows)
    _tell_apart(source, match)
    source.add(3, "records.append(record)")
    source.add(1, "except (Fault, KeyError):", "    return None", "return records")
    return source.function(f"reading each of {_title(rows)}")


def writing(rows: Rows) -> WriteDocument:
    """The function that writes these rows into a document."""
    source = _beginning("def write(record, o0):")
    source.add(1, "absent = []", "try:")
    _write_rows(source, 2, rows, missing="absent.append({})")
    source.add(1, "except (Fault, KeyError):", "    o0.clear()", "    return None", f"return {_containers(rows)}, absent")
    return source.function(f"writing {_title(rows)}")


def writing_lines(rows: Rows, match: str) -> WriteLines:
    """The function that writes these rows into a new line for each record."""
    source = _beginning("def write(records):")
    source.add(1, "lines, seen = [], set()", "try:", "    for record in records:")
    source.add(3, "o0 = {}")
    _write_rows(source, 3, rows, missing="return None")
    _tell_apart(source, match)
    source.add(3, "lines.append(o0)")
    source.add(1, "except (Fault, KeyError):", "    return None", "return lines")
    return source.function(f"writing each of {_title(rows)}")


def _beginning(head: str) -> Source:
    source = Source(head)
    for name, known in (("ABSENT", ABSENT), ("EMPTY", EMPTY), ("NULLS", NULLS), ("Fault", Fault)):
        source.naming(known, name)
    return source


def _tell_apart(source: Source, match: str) -> None:
    """Give up at a line without a match value, or with that of another."""
    if match:
        source.add(3, f"value = record.get({match!r})")
        source.add(3, "if value.__class__ is not str:", f"    value = {source.naming(canonical_text)}(value)")
        source.add(3, "if not value or value in seen:", "    return None", "seen.add(value)")


def _read_rows(source: Source, indent: int, rows: Rows) -> None:
    for number, (parent, key, _) in enumerate(rows.parents, start=1):
        source.add(indent, f"o{number} = o{parent}.get({key!r}, EMPTY)")
        source.add(indent, f"if o{number}.__class__ is not dict:", f"    if o{number} is not None:", "        return None")
        source.add(indent + 1, f"o{number} = NULLS")
    source.add(indent, "record = {}")
    for entry in rows.reads:
        _read_row(source, indent, entry, is_required=entry[2] in rows.required)


def _read_row(source: Source, indent: int, entry: ReadEntry, *, is_required: bool) -> None:
    parent, key, name, parse, slot = entry
    value = "raw" if parse is None else f"{source.naming(parse)}(raw)"
    if slot.cell.taken:
        value = f"raw if {_shown(source, slot.cell.taken, 'raw')} else {value}"
    source.add(indent, f"raw = o{parent}[{key!r}]" if is_required else f"raw = o{parent}.get({key!r}, ABSENT)")
    if to_code := slot.cell.listed[0]:
        right = {text: code for text, code in to_code.items() if text.strip() and code is not None}
        codes = source.naming(to_code if len(right) == len(to_code) else right)  # one list may be that of many rows
        source.add(indent, f"if raw.__class__ is str and (value := {codes}.get(raw)) is not None:")
        source.add(indent + 1, f"record[{name!r}] = value")
        source.add(indent, "else:")
        indent += 1
    if not is_required:
        source.add(indent, "if raw.__class__ is str and raw and not raw.isspace():", f"    record[{name!r}] = {value}")
        source.add(indent, "elif raw is None or raw.__class__ is str:", f"    record[{name!r}] = None")
        source.add(indent, "elif raw is not ABSENT:", "    return None")
        return
    source.add(indent, "if raw.__class__ is not str or not raw or raw.isspace():", "    return None")
    if parse is None:
        source.add(indent, f"record[{name!r}] = raw")
    else:
        source.add(indent, f"record[{name!r}] = value = {value}", "if value is None:", "    return None")


def _write_rows(source: Source, indent: int, rows: Rows, *, missing: str) -> None:
    """`missing`: what is done with the slot of a row of which a value may be wanted, and that has none."""
    source.add(indent, *[f"o{number} = None" for number in range(1, len(rows.parents) + 1)], "pass")
    for entry in rows.writes:
        slot = entry[-1]
        is_wanted = slot.needed or slot.write_required
        _write_row(source, indent, entry, rows, missed=missing.format(source.naming(slot)) if is_wanted else "pass")


def _write_row(source: Source, indent: int, entry: WriteEntry, rows: Rows, *, missed: str) -> None:
    parent, key, name, room, form, slot = entry
    put, made = f"o{parent}[{key!r}] =", _made(rows.parents, parent)
    source.add(indent, f"value = record.get({name!r}, ABSENT)")
    word, to_value = "if", slot.cell.listed[1]
    if room >= 1:
        fitting = "value" if room == inf else f"value and len(value) <= {room!r}"
        source.add(indent, f"if value.__class__ is str and {fitting}:", *_right(made), f"    {put} value")
        word = "elif"
    elif (kinds := {type(value) for value in to_value}) in ({str}, {bool}, {int}):
        values, kind = source.naming(to_value), kinds.pop().__name__
        source.add(indent, f"if value.__class__ is {kind} and (text := {values}.get(value)) is not None:")
        source.add(indent, *_right(made), f"    {put} text")
        word = "elif"
    source.add(indent, f"{word} value is ABSENT:", f"    {missed}", "elif value is None:")
    match slot.empty:
        case "omit":
            source.add(indent + 1, f"if o{parent} is not None:", f"    o{parent}.pop({key!r}, None)", missed)
        case "null":
            source.add(indent + 1, *made, f"{put} None")
        case "blank":
            source.add(indent + 1, *made, f"{put} ''")
    text = f"{source.naming(form)}(value)"
    if slot.cell.given:
        text = f"value if value.__class__ is str and {_shown(source, slot.cell.given, 'value')} else {text}"
    source.add(indent, "else:", *_right(made), f"    {put} {text}")


def _shown(source: Source, look: Look, text: str) -> str:
    """What asks whether a text is shown to be right."""
    asked = f"{source.naming(look.shows)}({text})"
    return asked if look.longest == inf else f"len({text}) <= {look.longest!r} and {asked}"


def _right(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _made(parents: tuple[tuple[int, str, str], ...], number: int) -> list[str]:
    """The lines that make this container, and those above it, unless it is there."""
    making: list[str] = []
    below = number
    while below:
        above, key, _ = parents[below - 1]
        making[:0] = [f"    if o{below} is None:", f"        o{below} = o{above}[{key!r}] = {{}}"]
        below = above
    return [f"if o{number} is None:", *making] if number else []


def _containers(rows: Rows) -> str:
    return f"[{listed(f'o{number}' for number in range(len(rows.parents) + 1))}]"


def _title(rows: Rows) -> str:
    slots = [slot for *_, slot in rows.reads] + [slot for *_, slot in rows.writes]
    return f"{slots[0].row if slots else 'no row'} and its neighbours"
