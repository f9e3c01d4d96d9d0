"""Layout files (`<name>.layout.yaml`) as parts: the shape of their lines, and the check of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from hub.codecs import LinesCodec
from hub.codecs.fixed_width import spans
from hub.contract import Check, Column, Kind, Layout, LineType, Part, Shape
from hub.errors import ConfigurationError, Finding, MessageError, Problem, Text
from hub.specs import layout as specs
from hub.specs.load import load
from hub.specs.source import Place, Source

_MEDIA = {"csv": "text/csv", "fixed": "text/plain"}
_ENDS = {"crlf": "\r\n", "lf": "\n"}


def load_layout(path: Path, *, shown: str) -> Part:
    """The part of the texts that the layout file at `path`, called `shown` in findings, describes.

    Raises ConfigurationError with every fault of the file.
    """
    spec, source = load(path, specs.Layout, shown=shown)
    if findings := (*_misnamed(spec, path, source), *_faults(spec, source)):
        raise ConfigurationError(findings=findings)
    layout = Layout(
        spec.form,
        _kinds(spec.lines),
        spec.separator,
        spec.quote,
        spec.header,
        _ENDS[spec.line_end],
        spec.encoding,
    )
    return part_of(layout)


def part_of(layout: Layout) -> Part:
    """The part of the texts of a layout."""
    children = tuple(_shape(kind, layout.form) for kind in layout.lines)
    shape = Shape("", Kind.OBJECT, required=True, children=children)
    media, encoding = _MEDIA[layout.form], layout.encoding.removesuffix("-sig")
    return Part(shape, _check(LinesCodec(layout, shape)), media, encoding, layout)


def _check(codec: LinesCodec) -> Check:
    def held_against(data: bytes) -> tuple[Problem, ...]:
        try:
            codec.read(data)
        except MessageError as error:
            return error.problems or (Problem(error.text),)
        return ()

    return held_against


def _kinds(lines: Mapping[str, specs.Lines]) -> tuple[LineType, ...]:
    return tuple(
        LineType(
            name,
            tuple(_column(column, each) for column, each in kind.columns.items()),
            kind.repeated,
            kind.required,
            _kinds(kind.lines),
        )
        for name, kind in lines.items()
    )


def _column(name: str, spec: specs.Column) -> Column:
    return Column(
        name,
        spec.title,
        spec.required,
        spec.longest,
        spec.values,
        spec.constant,
        spec.width or 0,
        spec.start or 0,
        spec.align,
        spec.fill,
    )


def _shape(kind: LineType, form: str) -> Shape:
    columns = tuple(
        Shape(
            column.name,
            Kind.TEXT,
            required=column.required,
            shortest=1 if column.required else None,
            longest=column.room,
            values=column.values if column.required or not column.values else ("", *column.values),
            patterns=_patterns(column) if form == "fixed" else (),
            note=column.title,
        )
        for column in kind.columns
        if column.constant is None
    )
    children = (*columns, *(_shape(below, form) for below in kind.below))
    return Shape(kind.name, Kind.OBJECT, required=kind.required, repeated=kind.repeated, children=children)


def _patterns(column: Column) -> tuple[str, ...]:
    """What comes back from a fixed place: no line end, and before a number none of the zeros that fill it up."""
    return (r"(?![+-]?0\d)[^\r\n]*",) if (column.fill, column.align) == ("0", "right") else (r"[^\r\n]*",)


def _misnamed(spec: specs.Layout, path: Path, source: Source) -> Iterator[Finding]:
    name = path.name.partition(".layout.")[0]
    if spec.layout != name:
        words = Text(en=f"the file is called {name}", fr=f"le fichier s'appelle {name}")
        right = Text(en=f"layout: {name}, or rename the file", fr=f"layout: {name}, ou renommez le fichier")
        yield source.finding(("layout",), words, right=right)


def _faults(spec: specs.Layout, source: Source) -> Iterator[Finding]:
    if spec.form == "csv" and spec.separator == spec.quote:
        words = Text(
            en="the separator and the quote are the same", fr="le séparateur et le guillemet sont le même caractère"
        )
        right = Text(en='quote: "", or another separator', fr='quote: "", ou un autre séparateur')
        yield source.finding(("quote",), words, right=right)
    several = len(spec.lines) > 1 or any(kind.lines for kind in spec.lines.values())
    yield from _faults_of_lines(spec, spec.lines, source, (), several=several)


def _faults_of_lines(
    spec: specs.Layout, lines: Mapping[str, specs.Lines], source: Source, within: Place, *, several: bool
) -> Iterator[Finding]:
    for name, kind in lines.items():
        place = (*within, "lines", name)
        if several and not any(column.constant for column in kind.columns.values()):
            words = Text(
                en=f"nothing tells lines “{name}” from the others", fr=f"rien ne distingue les lignes « {name} » des autres"
            )
            right = Text(en='add a column with constant: "its mark"', fr='ajoutez une colonne avec constant: "sa marque"')
            yield source.finding(place, words, right=right)
        for twice in kind.columns.keys() & kind.lines.keys():
            words = Text(
                en=f"“{twice}” is a column and a kind of line", fr=f"« {twice} » est une colonne et une sorte de ligne"
            )
            right = Text(en="give one of them another name", fr="donnez un autre nom à l'une des deux")
            yield source.finding((*place, "lines", twice), words, right=right)
        if spec.form == "fixed":
            yield from _faults_of_places(kind, source, place)
        yield from _too_long(kind, source, place)
        yield from _faults_of_lines(spec, kind.lines, source, place, several=several)


def _faults_of_places(kind: specs.Lines, source: Source, place: Place) -> Iterator[Finding]:
    unsized = [name for name, column in kind.columns.items() if column.width is None]
    for name in unsized:
        words = Text(
            en=f"the column “{name}” of a fixed layout has no width", fr=f"la colonne « {name} » n'a pas de largeur (width)"
        )
        right = Text(en="add width: how many characters it takes up", fr="ajoutez width : le nombre de caractères")
        yield source.finding((*place, "columns", name), words, right=right)
    if unsized:
        return
    end = 0
    for name, (start, stop) in zip(kind.columns, spans(_kinds({"": kind})[0].columns), strict=True):
        if start < end:
            words = Text(
                en=f"the column “{name}” starts within the one before it",
                fr=f"la colonne « {name} » commence dans la précédente",
            )
            right = Text(en=f"start: {end + 1} or more", fr=f"start: {end + 1} ou plus")
            yield source.finding((*place, "columns", name, "start"), words, right=right)
        end = max(end, stop)


def _too_long(kind: specs.Lines, source: Source, place: Place) -> Iterator[Finding]:
    for name, column in kind.columns.items():
        room = _column(name, column).room
        for text in (*column.values, *([column.constant] if column.constant else [])):
            if room is not None and len(text) > room:
                words = Text(
                    en=f"“{text}” is longer than the {room} characters of its column",
                    fr=f"« {text} » dépasse les {room} caractères de sa colonne",
                )
                right = Text(en="correct it, or make the column wider", fr="corrigez-le, ou élargissez la colonne")
                yield source.finding((*place, "columns", name), words, right=right)
