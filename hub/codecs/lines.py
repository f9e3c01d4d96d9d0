"""Texts of lines (CSV, fixed width) to documents and back, by a layout: kinds of lines in their order, columns in theirs.

A document holds each kind of line under its name, repeated ones as a list. Nothing is cut: what does not fit its column is
an error with line and column. `csv` and `fixed_width` hold how one line is written.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any, Protocol

from hub.codecs import surprises
from hub.codecs.csv import CsvLines
from hub.codecs.fixed_width import FixedLines
from hub.contract import Column, Document, Layout, LineType, Shape
from hub.errors import MessageError, Problem, Text

_CONTROL_CODES = re.compile("[\x80-\x9f]")
_FALSE_MARK = Text(
    en="line 1 begins with the signs that mark UTF-8, and would be read otherwise",
    fr="la ligne 1 commence par les signes qui marquent l'UTF-8, et serait lue autrement",
)


class Form(Protocol):
    """How one line is read and written."""

    def split(self, text: str) -> list[tuple[int, Any]]: ...

    def value(self, raw: Any, kind: LineType, number: int) -> str: ...

    def uneven(self, raw: Any, kind: LineType) -> Text | None: ...

    def joined(self, values: list[str], kind: LineType) -> str: ...

    def kept(self, text: str, kind: LineType, number: int) -> bool: ...


class LinesCodec:
    """Reads and writes the lines of one layout; `shape` is what the contract makes of it."""

    def __init__(self, layout: Layout, shape: Shape) -> None:
        self._layout = layout
        self._shape = shape
        self._form: Form = CsvLines(layout) if layout.form == "csv" else FixedLines()

    def read(self, data: bytes) -> Document:
        """The document of these lines. MessageError: 400 for a broken text, 422 with a problem for each line and column."""
        reader = _Reader(self._form, self._form.split(_decoded(data, self._layout.encoding)))
        if self._layout.header:
            reader.header(self._layout.lines[0])
        document = reader.block(self._layout.lines, "")
        reader.end()
        surprises.refuse(reader.problems)
        return document

    def write(self, document: Document) -> bytes:
        """The lines of this document, each with its end. MessageError 422 with a problem for each line and column."""
        writer = _Writer(self._form, self._layout.encoding)
        if self._layout.header:
            first = self._layout.lines[0]
            writer.lines.append(self._form.joined([title(column) for column in first.columns], first))
        writer.block(self._layout.lines, document, self._shape, "")
        surprises.refuse(writer.problems)
        data = "".join(line + self._layout.line_end for line in writer.lines).encode(self._layout.encoding)
        if data.startswith(codecs.BOM_UTF8) and self._layout.encoding != "utf-8-sig":
            raise MessageError(problems=(Problem(_FALSE_MARK),), kind="not-in-contract")
        return data


def title(column: Column) -> str:
    """What people call a column."""
    return column.title or column.name


def _decoded(data: bytes, encoding: str) -> str:
    """The text; the mark of UTF-8 at its start counts more than the layout's word."""
    if data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        en, fr = "a byte does not exist in", "un octet n'existe pas en"
        raise _broken(line, Text(en=f"{en} {encoding}.", fr=f"{fr} {encoding}.")) from wrong
    wrong_code = _CONTROL_CODES.search(text) if encoding == "iso-8859-1" else None
    if wrong_code:
        line = text.count("\n", 0, wrong_code.start()) + 1
        en = "this is a control code in ISO-8859-1: is the file in windows-1252?"
        fr = "un code de contrôle en ISO-8859-1 : le fichier serait-il en windows-1252 ?"
        raise _broken(line, Text(en=en, fr=fr))
    if (nul := text.find("\0")) >= 0:
        raise _broken(text.count("\n", 0, nul) + 1, Text(en="holds NUL.", fr="contient NUL."))
    return text


def _broken(line: int, text: Text) -> MessageError:
    words = Text(en=f"line {line}: {text.en}", fr=f"ligne {line} : {text.fr}")
    return MessageError(words, status=400, kind="broken-encoding")


def _unfit(column: Column, text: str) -> Text | None:
    """Why a value may not stand in its column."""
    if not text:
        return Text(en="is empty", fr="est vide") if column.required else None
    if column.room is not None and len(text) > column.room:
        return Text(
            en=f"is {len(text)} characters long; the column takes {column.room}",
            fr=f"compte {len(text)} caractères ; la colonne en admet {column.room}",
        )
    if column.values and text not in column.values:
        return Text(en="is not one of the values that it takes", fr="n'est pas une des valeurs admises")
    return None


class _Reader:
    """Takes lines in their order, kind after kind, and gathers every problem."""

    def __init__(self, form: Form, raw: list[tuple[int, Any]]) -> None:
        self._form = form
        self._raw = raw
        self._next = 0
        self.problems: list[Problem] = []

    def header(self, kind: LineType) -> None:
        """The first line must name the columns."""
        wanted = [title(column) for column in kind.columns]
        found = [value.strip() for value in self._raw[0][1]] if self._raw else []
        self._next = 1
        if found != wanted:
            listed = ", ".join(wanted)
            words = Text(en=f"line 1 must name the columns {listed}", fr=f"la ligne 1 doit nommer les colonnes {listed}")
            self.problems.append(Problem(words, accepted=tuple(wanted)))

    def block(self, kinds: tuple[LineType, ...], path: str) -> dict[str, Any]:
        """What the lines from here on say of these kinds."""
        found: dict[str, Any] = {}
        for kind in kinds:
            at = surprises.below(path, kind.name)
            lines: list[dict[str, Any]] = []
            while self._follows(kind) and (kind.repeated or not lines):
                lines.append(self._line(kind, f"{at}[{len(lines) + 1}]" if kind.repeated else at))
            if kind.required and not lines:
                words = Text(en=f"there is no line “{kind.name}”", fr=f"il n'y a pas de ligne « {kind.name} »")
                self.problems.append(Problem(words, path=at))
            if kind.repeated:
                found[kind.name] = lines
            elif lines:
                found[kind.name] = lines[0]
        return found

    def end(self) -> None:
        """What is left has no place in the layout."""
        if self._next < len(self._raw):
            line = self._raw[self._next][0]
            words = Text(
                en=f"line {line}: the layout has no such line at this place",
                fr=f"ligne {line} : la présentation n'a pas de telle ligne à cet endroit",
            )
            self.problems.append(Problem(words))

    def _follows(self, kind: LineType) -> bool:
        if self._next >= len(self._raw):
            return False
        raw = self._raw[self._next][1]
        return all(
            self._form.value(raw, kind, number) == column.constant
            for number, column in enumerate(kind.columns)
            if column.constant is not None
        )

    def _line(self, kind: LineType, path: str) -> dict[str, Any]:
        line, raw = self._raw[self._next]
        self._next += 1
        if uneven := self._form.uneven(raw, kind):
            words = Text(en=f"line {line}: {uneven.en}", fr=f"ligne {line} : {uneven.fr}")
            self.problems.append(Problem(words, path=path))
            return self.block(kind.below, path)
        found: dict[str, Any] = {}
        for number, column in enumerate(kind.columns):
            if column.constant is None:
                found[column.name] = value = self._form.value(raw, kind, number)
                if wrong := _unfit(column, value):
                    self.problems.append(_problem(wrong, column, line, path))
        return found | self.block(kind.below, path)


class _Writer:
    """Puts lines after each other and gathers every problem."""

    def __init__(self, form: Form, encoding: str) -> None:
        self._form = form
        self._encoding = encoding
        self.lines: list[str] = []
        self.problems: list[Problem] = []

    def block(self, kinds: tuple[LineType, ...], document: Any, shape: Shape, path: str) -> None:
        """The lines that a document, or a line with lines below it, holds."""
        for name in document:
            if not shape.child(name):
                self.problems.append(surprises.unknown(surprises.below(path, str(name)), shape))
        for kind in kinds:
            at, below = surprises.below(path, kind.name), shape.child(kind.name)
            lines = self._occurrences(kind, document.get(kind.name), at)
            if kind.required and not lines:
                words = Text(en=f"there is no line “{kind.name}”", fr=f"il n'y a pas de ligne « {kind.name} »")
                self.problems.append(Problem(words, path=at))
            for number, line in enumerate(lines, start=1):
                self._line(kind, line, below or shape, f"{at}[{number}]" if kind.repeated else at)

    def _occurrences(self, kind: LineType, held: Any, path: str) -> list[Any]:
        if held is None:
            return []
        if not kind.repeated:
            return [held]
        if not isinstance(held, list | tuple):
            self.problems.append(surprises.no_list(path))
            return []
        return list(held)

    def _line(self, kind: LineType, line: Any, shape: Shape, path: str) -> None:
        if not isinstance(line, Mapping):
            self.problems.append(surprises.no_value(path))
            return
        values = [self._value(kind, number, line, path) for number in range(len(kind.columns))]
        try:
            self.lines.append(self._form.joined(values, kind))
        except ValueError:
            number = len(self.lines) + 1
            words = Text(
                en=f"line {number}: a value holds the separator or a line end, and the layout has no quotes",
                fr=f"ligne {number} : une valeur contient le séparateur ou un saut de ligne, et il n'y a pas de guillemets",
            )
            self.problems.append(Problem(words, path=path))
        self.block(kind.below, line, shape, path)

    def _value(self, kind: LineType, number: int, line: Mapping[str, Any], path: str) -> str:
        column = kind.columns[number]
        if column.constant is not None:
            return column.constant
        held = line.get(column.name)
        value = "" if held is None else held
        if not isinstance(value, str):
            self.problems.append(surprises.no_fields(surprises.below(path, column.name)))
            return ""
        wrong = _unfit(column, value) or self._unwritable(kind, number, value)
        if wrong:
            self.problems.append(_problem(wrong, column, len(self.lines) + 1, path))
            return ""
        return value

    def _unwritable(self, kind: LineType, number: int, value: str) -> Text | None:
        if "\0" in value or not self._form.kept(value, kind, number):
            return Text(
                en="would not come back as it is (a line end, or it begins or ends with what fills the column up)",
                fr="ne reviendrait pas tel quel (saut de ligne, ou il commence ou finit par le caractère de remplissage)",
            )
        if letter := _lacking(value, self._encoding):
            en, fr = f"“{letter}” does not exist in {self._encoding}", f"« {letter} » n'existe pas en {self._encoding}"
            return Text(en=en, fr=fr)
        return None


def _lacking(value: str, encoding: str) -> str:
    """The first letter that the encoding does not have; "" for none."""
    control = _CONTROL_CODES.search(value) if encoding == "iso-8859-1" else None
    try:
        value.encode(encoding)
    except UnicodeEncodeError as wrong:
        return value[wrong.start]
    return control[0] if control else ""


def _problem(wrong: Text, column: Column, line: int, path: str) -> Problem:
    name = title(column)
    words = Text(
        en=f"line {line}, column “{name}”: {wrong.en}",
        fr=f"ligne {line}, colonne « {name} » : {wrong.fr}",
    )
    return Problem(words, path=surprises.below(path, column.name), accepted=column.values)
