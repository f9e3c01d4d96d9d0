"""The words of a row against the contract's kind: dates, numbers, lengths, files, patterns, joins."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hub.contract import Kind, Shape
from hub.errors import ConfigurationError, Text
from hub.specs.mapping import Row
from hub.specs.source import Place
from hub.translation.attachments import SIGNATURES
from hub.translation.cells import compile_check
from hub.translation.checks.case import Case, Spot
from hub.translation.dates import DateForm, date_form
from hub.translation.joins import compile_joint

_DATES = {Kind.DATE: "date", Kind.DATETIME: "datetime", Kind.TIME: "time"}
_TAKES = {
    "text": {Kind.TEXT, Kind.ANY},
    "integer": {Kind.TEXT, Kind.ANY, Kind.INTEGER, Kind.DECIMAL},
    "decimal": {Kind.TEXT, Kind.ANY, Kind.DECIMAL},
    "boolean": {Kind.TEXT, Kind.ANY, Kind.BOOLEAN},
}


def check_words(case: Case) -> None:
    """Each row's words fit each other and the kind of each field that it stands on."""
    for spot in case.spots():
        if spot.row.date:
            _check_dates(case, spot)
        if spot.row.check:
            _check_check(case, spot)
        if spot.row.join:
            _check_join(case, spot)
        if spot.row.file:
            _check_file(case, spot)
        for side in spot.sides:
            shape = case.field(spot, side)
            if shape is not None and not shape.children and not spot.row.each:
                _check_kind(case, spot, side, shape)
        _check_lengths(case, spot)


def _check_dates(case: Case, spot: Spot) -> None:
    forms: dict[str, DateForm] = {}
    for side in spot.sides:
        if side not in spot.row.date:
            _say(case, spot, (*spot.place, "date"), f"{side} has no date form", f"{side} n'a pas de forme de date")
            continue
        try:
            forms[side] = date_form(spot.row.date[side], ZoneInfo(case.spec.timezone))
        except ValueError as error:
            en, fr = f"“{spot.row.date[side]}” is not a date form", f"« {spot.row.date[side]} » n'est pas une forme de date"
            right = Text(
                en=f"{error}; write date, datetime, time, or letters such as dd/MM/yyyy HH:mm",
                fr="écrivez date, datetime, time, ou des lettres comme dd/MM/yyyy HH:mm (yyyy, MM, dd, HH, mm, ss)",
            )
            _say(case, spot, (*spot.place, "date", side), en, fr, right=right)
    if len({form.kind == "time" for form in forms.values()}) > 1:
        _say(case, spot, (*spot.place, "date"), "a time stands against a date", "une heure répond à une date")


def _check_kind(case: Case, spot: Spot, side: str, shape: Shape) -> None:
    row = spot.row
    if row.constant is not None or row.table or side in row.values or row.file:
        return
    wanted = _DATES.get(shape.kind)
    if row.date:
        _check_date_kind(case, spot, side, shape)
    elif wanted is not None:
        right = Text(en=f"date: {{{side}: {wanted}}}", fr=f"date: {{{side}: {wanted}}}")
        en, fr = f"the contract of {side} has a {wanted} here", f"le contrat de {side} a ici une valeur de genre {wanted}"
        _say(case, spot, spot.cell(side), en, fr, right=right)
    elif row.join and shape.kind not in (Kind.TEXT, Kind.ANY):
        _say(case, spot, spot.cell(side), "a join needs a text field", "un join veut un champ de texte")
    elif not row.join and not _takes(row, side, shape):
        _say_kind(case, spot, side, shape)


def _takes(row: Row, side: str, shape: Shape) -> bool:
    if row.as_ == "decimal" and row.number.get(side) == "cents" and shape.kind is Kind.INTEGER:
        return True
    if row.as_ == "decimal" and row.number.get(side) == "comma" and shape.kind is Kind.DECIMAL:
        return False
    return shape.kind in _TAKES[row.as_]


def _say_kind(case: Case, spot: Spot, side: str, shape: Shape) -> None:
    suggested = next((word for word, kinds in _TAKES.items() if shape.kind in kinds), None)
    right = Text(en=f"as: {suggested}", fr=f"as: {suggested}") if suggested else None
    if shape.kind is Kind.BASE64:
        right = Text(en="file: {as: base64}", fr="file: {as: base64}")
    en = f"the row is {spot.row.as_}, the contract of {side} has {shape.kind} here"
    fr = f"la ligne est {spot.row.as_}, le contrat de {side} a ici {shape.kind}"
    _say(case, spot, spot.cell(side), en, fr, right=right)


def _check_date_kind(case: Case, spot: Spot, side: str, shape: Shape) -> None:
    form, wanted = spot.row.date.get(side), _DATES.get(shape.kind)
    if form is None or shape.kind in (Kind.TEXT, Kind.ANY) or form == wanted:
        return
    right = Text(en=f"{side}: {wanted}", fr=f"{side}: {wanted}") if wanted else None
    en, fr = f"the contract of {side} has {shape.kind} here", f"le contrat de {side} a ici {shape.kind}"
    if wanted is None and form.isalpha() and shape.kind is Kind.INTEGER:
        return  # yyyyMMdd in a number field
    _say(case, spot, (*spot.place, "date", side), en, fr, right=right)


def _check_check(case: Case, spot: Spot) -> None:
    check = spot.row.check
    if check is None:
        return
    try:
        compile_check(check)
    except ConfigurationError as error:
        en, fr = f"the check cannot be used: {error.text.en}", f"le contrôle est inutilisable : {error.text.fr}"
        _say(case, spot, (*spot.place, "check", "looks"), en, fr)
    if (check.at_least or check.at_most) and spot.row.as_ not in ("integer", "decimal"):
        right = Text(en="as: integer", fr="as: integer")
        en, fr = "at_least and at_most are for numbers", "at_least et at_most sont pour des nombres"
        _say(case, spot, (*spot.place, "check"), en, fr, right=right)


def _check_join(case: Case, spot: Spot) -> None:
    row, place = spot.row, (*spot.place, "join")
    try:
        joint = compile_joint(row.join or "", row.split)
    except ValueError as error:
        en, fr = f"cannot be put together or taken apart: {error}", f"ne peut être assemblé ou séparé : {error}"
        _say(case, spot, (*spot.place, "split") if row.split else place, en, fr)
        return
    if len(spot.sides) > 1:
        _say(case, spot, place, "a joined row has a cell on one side only", "une ligne jointe n'a qu'une cellule")
    for name in joint.names:
        joined = spot.siblings.get(name)
        if joined is None:
            case.wrong_name(place, name, known=spot.siblings, row=spot.name)
        elif row.split and set(spot.sides) & set(joined.cells):
            side = spot.sides[0]
            en = f"“{name}” has a cell of its own on {side}, where it is joined and split"
            fr = f"« {name} » a sa propre cellule du côté {side}, où elle est jointe et séparée"
            _say(case, spot, place, en, fr, right=Text(en="drop split, or that cell", fr="ôtez split, ou cette cellule"))


def _check_file(case: Case, spot: Spot) -> None:
    word = spot.row.file
    for index, kind in enumerate(word.types if word else ()):
        if kind not in SIGNATURES:
            case.wrong_name((*spot.place, "file", "types", index), kind, known=SIGNATURES, row=spot.name)
    for side in spot.sides:
        shape = case.field(spot, side)
        if shape is not None and shape.kind not in (Kind.BASE64, Kind.TEXT, Kind.ANY):
            en, fr = (
                f"the contract of {side} has {shape.kind} here, not a file",
                f"le contrat de {side} n'a pas de fichier ici",
            )
            _say(case, spot, spot.cell(side), en, fr)


def _check_lengths(case: Case, spot: Spot) -> None:
    """What one side may send fits where another side receives it, is cut there, or is declared as lost."""
    row = spot.row
    if row.each or row.file or row.join or row.table or row.values or row.date or row.constant is not None:
        return
    for side in spot.sides:
        shape = case.field(spot, side)
        if shape is None or shape.longest is None:
            continue
        cut = row.max.get(side)
        if cut is not None and cut > shape.longest:
            en, fr = f"{cut} is more than the contract's {shape.longest}", f"{cut} dépasse les {shape.longest} du contrat"
            _say(case, spot, (*spot.place, "max", side), en, fr, right=Text(en=f"{shape.longest}", fr=f"{shape.longest}"))
        if cut is None and side not in row.loses and row.as_ == "text" and case.is_written(spot, side):
            _check_room(case, spot, side, shape.longest)


def _check_room(case: Case, spot: Spot, side: str, room: int) -> None:
    if spot.row.check and spot.row.check.looks:
        return  # what it looks like bounds it, as far as anyone can tell
    for other in spot.sides:
        shape = case.field(spot, other)
        if other == side or shape is None or not case.is_read(spot, other) or shape.values or shape.kind is not Kind.TEXT:
            continue
        if shape.longest is None or shape.longest > room:
            sent = shape.longest or "any number of"
            en = f"{other} may send {sent} characters, {side} takes {room}"
            fr = f"{other} peut envoyer {shape.longest or 'un nombre quelconque de'} caractères, {side} en prend {room}"
            right = Text(
                en=f"max: {{{side}: {room}}} with loses: {{{side}: what exceeds {room} characters}}",
                fr=f"max: {{{side}: {room}}} avec loses: {{{side}: ce qui dépasse {room} caractères}}",
            )
            _say(case, spot, spot.cell(side), en, fr, right=right)
            return


def _say(case: Case, spot: Spot, place: Place, en: str, fr: str, *, right: Text | None = None) -> None:
    case.wrong(place, Text(en=en, fr=fr), row=spot.name, right=right)
