"""Code lists (`mappings/tables/<table>.csv`): which value of each application stands for which canonical code."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hub.errors import ConfigurationError, Finding, Text

LABELS = ("label_fr", "label_en")


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line of a code list: the canonical code, each side's value ("" = none), and where it stands in the file."""

    code: str
    values: Mapping[str, str]
    label: Text
    line: int


@dataclass(frozen=True)
class Table:
    """A code list. In each direction the first line that fits wins, so many-to-one needs no syntax."""

    name: str
    file: str
    sides: tuple[str, ...]
    lines: tuple[TableLine, ...]

    @staticmethod
    def parse(text: str, name: str, *, shown: str = "") -> Table:
        """CSV `text` (columns code, one per side, label_fr, label_en; `,` or `;`; BOM allowed).

        Raises ConfigurationError with one Finding per fault: file, line.
        """
        return _TableReader(name, shown or f"mappings/tables/{name}.csv").read(text.removeprefix("\ufeff"))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The canonical codes, each once, in the file's order."""
        return tuple(dict.fromkeys(line.code for line in self.lines))

    def to_code(self, side: str) -> dict[str, str]:
        """For each value of `side`, its canonical code: the first line wins."""
        found: dict[str, str] = {}
        for line in self.lines:
            if value := line.values.get(side, ""):
                found.setdefault(value, line.code)
        return found

    def to_value(self, side: str) -> dict[str, str]:
        """For each canonical code, the value of `side`: the first line wins."""
        found: dict[str, str] = {}
        for line in self.lines:
            if value := line.values.get(side, ""):
                found.setdefault(line.code, value)
        return found

    def labels(self, side: str) -> dict[str, Text]:
        """For each value of `side`, what it means."""
        found: dict[str, Text] = {}
        for line in self.lines:
            if value := line.values.get(side, ""):
                found.setdefault(value, line.label)
        return found


class _TableReader:
    """Reads one CSV file and gathers what is wrong with it."""

    def __init__(self, name: str, file: str) -> None:
        self.name = name
        self.file = file
        self.findings: list[Finding] = []

    def read(self, text: str) -> Table:
        first = text.split("\n", 1)[0]
        rows = csv.reader(text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
        sides, lines = self._contents(rows)
        if self.findings:
            raise ConfigurationError(findings=tuple(self.findings))
        return Table(self.name, self.file, sides, lines)

    def _contents(self, rows: csv._reader) -> tuple[tuple[str, ...], tuple[TableLine, ...]]:  # type: ignore[name-defined]
        try:
            columns = [cell.strip() for cell in next(rows, [])]
            sides = self._sides(columns)
            found = [self._line(columns, row, rows.line_num) for row in rows if any(cell.strip() for cell in row)]
        except csv.Error as error:
            words = Text(
                en=f"is not CSV, often for a quotation mark that is not closed ({error})",
                fr="n'est pas du CSV : le plus souvent, un guillemet n'est pas refermé",
            )
            self._wrong(rows.line_num, words)
            return (), ()
        if not found:
            self._wrong(1, Text(en="has no line", fr="n'a aucune ligne"))
        return sides, tuple(line for line in found if line)

    def _sides(self, columns: list[str]) -> tuple[str, ...]:
        if "code" not in columns:
            self._wrong(
                1,
                Text(en="has no column “code”", fr="n'a pas de colonne « code »"),
                Text(
                    en="first line: code, one column per application, label_fr, label_en",
                    fr="première ligne : code, une colonne par application, label_fr, label_en",
                ),
            )
        for column in [column for column, times in Counter(columns).items() if times > 1]:
            self._wrong(1, Text(en=f"the column “{column}” stands twice", fr=f"la colonne « {column} » figure deux fois"))
        return tuple(column for column in columns if column and column != "code" and column not in LABELS)

    def _line(self, columns: list[str], row: list[str], number: int) -> TableLine | None:
        if len(row) != len(columns):
            en = f"has {len(row)} cells where the first line has {len(columns)}"
            fr = f"compte {len(row)} cases quand la première ligne en compte {len(columns)}"
            self._wrong(number, Text(en=en, fr=fr))
            return None
        cells = {column: cell.strip() for column, cell in zip(columns, row, strict=True)}
        code = cells.pop("code", "")
        if not code:
            self._wrong(number, Text(en="has no code", fr="n'a pas de code"))
            return None
        french, english = cells.pop("label_fr", ""), cells.pop("label_en", "")
        return TableLine(code, cells, Text(en=english or french or code, fr=french or english or code), number)

    def _wrong(self, line: int, text: Text, right: Text | None = None) -> None:
        self.findings.append(Finding(text, self.file, line, 1, right=right))
