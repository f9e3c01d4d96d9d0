"""Lines of comma-separated values (RFC 4180, with any separator), as spreadsheets and finance applications write them."""

from __future__ import annotations

import csv
import io
from typing import Any

from hub.contract import Layout, LineType
from hub.errors import MessageError, Text


class CsvLines:
    """A text of values between separators. A raw line is the list of its values."""

    def __init__(self, layout: Layout) -> None:
        quoting = csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE
        self._dialect: dict[str, Any] = {
            "delimiter": layout.separator,
            "quotechar": layout.quote or None,
            "quoting": quoting,
            "strict": True,
        }

    def split(self, text: str) -> list[tuple[int, list[str]]]:
        """Each line with the number of its first one in the text; quoted values may hold line ends. MessageError 400."""
        reader = csv.reader(io.StringIO(text, newline=""), **self._dialect)
        found: list[tuple[int, list[str]]] = []
        start = 1
        try:
            for values in reader:
                if values:
                    found.append((start, values))
                start = reader.line_num + 1
        except csv.Error:
            raise _broken(start) from None
        return found

    def value(self, raw: list[str], kind: LineType, number: int) -> str:
        """The value of a column; "" beyond the line's end."""
        return raw[number] if number < len(raw) else ""

    def uneven(self, raw: list[str], kind: LineType) -> Text | None:
        """What is wrong with the number of values."""
        wanted, found = len(kind.columns), len(raw)
        if found == wanted:
            return None
        return Text(
            en=f"has {found} columns where the layout has {wanted}",
            fr=f"compte {found} colonnes ; la présentation en a {wanted}",
        )

    def joined(self, values: list[str], kind: LineType) -> str:
        """The line of these values, without its end. ValueError for what cannot be written without quotes."""
        line = io.StringIO()
        try:
            csv.writer(line, lineterminator="\r\n", **self._dialect).writerow(values)
        except csv.Error as error:
            raise ValueError from error
        written = line.getvalue().removesuffix("\r\n")
        if not self._dialect["quotechar"] and self.split(written) != [(1, values)]:
            raise ValueError
        return written

    def kept(self, text: str, kind: LineType, number: int) -> bool:
        """Any text comes back as it was."""
        return True


def _broken(line: int) -> MessageError:
    return MessageError(
        Text(
            en=f"line {line}: a quote is not closed, or something follows it, or a value is over 131,072 characters.",
            fr=f"ligne {line} : un guillemet n'est pas fermé, ou est suivi d'autre chose, ou une valeur dépasse "
            "131 072 caractères.",
        ),
        status=400,
        kind="broken-csv",
    )
