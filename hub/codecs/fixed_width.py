"""Lines whose values stand at fixed places, filled up with blanks or zeros. Blanks around a value are no part of it."""

from __future__ import annotations

from functools import lru_cache

from hub.contract import Column, LineType
from hub.errors import Text


class FixedLines:
    """A text of lines of a fixed length. A raw line is its text."""

    def split(self, text: str) -> list[tuple[int, str]]:
        """Each line that is not empty, with its number."""
        lines = (line.removesuffix("\r") for line in text.split("\n"))
        return [(number, line) for number, line in enumerate(lines, start=1) if line]

    def value(self, raw: str, kind: LineType, number: int) -> str:
        """The value of a column, without what fills it up."""
        start, end = spans(kind.columns)[number]
        return _unfilled(raw[start:end], kind.columns[number])

    def uneven(self, raw: str, kind: LineType) -> Text | None:
        """What is wrong with the line's length."""
        wanted, found = spans(kind.columns)[-1][1], len(raw)
        if found == wanted:
            return None
        return Text(
            en=f"has {found} characters where the layout has {wanted}",
            fr=f"compte {found} caractères ; la présentation en a {wanted}",
        )

    def joined(self, values: list[str], kind: LineType) -> str:
        """The line of these values, which fit their columns, without its end."""
        line, columns = "", kind.columns
        for value, column, (start, end) in zip(values, columns, spans(columns), strict=True):
            line = f"{line:{start}}{_filled(value, column, end - start)}"
        return line

    def kept(self, text: str, kind: LineType, number: int) -> bool:
        """Whether a text comes back as it was: `007` does not from a column that is filled up with zeros."""
        column = kind.columns[number]
        wanted = text.strip(" ")
        return not set("\r\n") & set(text) and _unfilled(_filled(wanted, column, column.width), column) == wanted


@lru_cache(maxsize=1000)
def spans(columns: tuple[Column, ...]) -> tuple[tuple[int, int], ...]:
    """Where each column starts and ends in its line, from 0; what stands between two columns is blank."""
    found: list[tuple[int, int]] = []
    for column in columns:
        start = column.start - 1 if column.start else found[-1][1] if found else 0
        found.append((start, start + column.width))
    return tuple(found)


def _filled(value: str, column: Column, width: int) -> str:
    """An empty value is all blanks, whatever the column is filled up with."""
    value = value.strip(" ")
    if not value:
        return " " * width
    if column.align == "left":
        return value.ljust(width, column.fill)
    return value.zfill(width) if column.fill == "0" else value.rjust(width, column.fill)


def _unfilled(cell: str, column: Column) -> str:
    """What fills a column up stays where nothing else is left of a number: `0000` is 0, `0000.50` is 0.50."""
    cell = cell.strip(" ")
    if column.fill == " " or not cell:
        return cell
    if column.align == "left":
        return cell.rstrip(column.fill)
    sign = cell[:1] if cell[:1] in "+-" else ""
    bare = cell.removeprefix(sign).lstrip(column.fill)
    return f"{sign}{bare}" if bare[:1] not in (",", ".", "") else f"{sign}{column.fill}{bare}"
