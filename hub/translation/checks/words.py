"""The words of a row against the contract's kind: dates, numbers, lengths, files, patterns, joins."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hub.contract import Kind, Shape
from hub.errors import ConfigurationError, Text
from hub.specs.mapping import Row
from hub.specs.source import Place
from hub.translation.attachments import SIGNATURES
from hub.translation.cells import compile_check
from hub.translation.checks.addresses import check_by_address
from hub.translation.checks.case import Case, Spot
from hub.translation.dates import DateForm, date_form
from hub.translation.facets import Fit, fit_of
from hub.translation.faults import Fault
from hub.translation.joins import compile_joint

_KINDS = {
    Kind.TEXT: "un texte",
    Kind.INTEGER: "un nombre entier",
    Kind.DECIMAL: "un nombre décimal",
    Kind.BOOLEAN: "un booléen (vrai ou faux)",
    Kind.DATE: "une date",
    Kind.DATETIME: "une date et heure",
    Kind.TIME: "une heure",
    Kind.BASE64: "un fichier (base64)",
    Kind.OBJECT: "un groupe de champs",
    Kind.ANY: "un contenu libre",
}
_USUAL_FORMS = ("dd/MM/yyyy", "date", "yyyyMMdd", "ddMMyyyy", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm", "datetime", "HH:mm")
_LAST_DAY = "2026-12-31T23:59:59+01:00"
"""A moment whose day cannot be taken for a month."""

_DATES = {Kind.DATE: "date", Kind.DATETIME: "datetime", Kind.TIME: "time"}
_TAKES = {
    "text": {Kind.TEXT, Kind.ANY},
    "integer": {Kind.TEXT, Kind.ANY, Kind.INTEGER, Kind.DECIMAL},
    "decimal": {Kind.TEXT, Kind.ANY, Kind.DECIMAL},
    "boolean": {Kind.TEXT, Kind.ANY, Kind.BOOLEAN},
}


def check_words(case: Case) -> None:
    """Each row's words fit each other and the kind of each field that it stands on."""
    for spot in [spot for spot in case.spots() if not case.follows(spot)]:
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


def _check_dates(case: Case, spot: Spot) -> None:
    forms: dict[str, DateForm] = {}
    zone = ZoneInfo(case.spec.timezone)
    for side in spot.sides:
        written = spot.row.date.get(side)
        if written is None:
            shape = case.field(spot, side)
            usual = (_DATES.get(shape.kind) if shape else None) or "dd/MM/yyyy"
            right = Text(en=f"such as date: {{{side}: {usual}}}", fr=f"par exemple date: {{{side}: {usual}}}")
            en, fr = f"{side} has no date form", f"il manque la forme de date du côté {side}"
            _say(case, spot, (*spot.place, "date"), en, fr, right=right)
            continue
        form = _form(written, zone)
        if form is None:
            en, fr = f"“{written}” is not a date form", f"« {written} » n'est pas une forme de date"
            _say(case, spot, (*spot.place, "date", side), en, fr, right=_right_form(written, zone))
            continue
        forms[side] = form
    if len({form.kind == "time" for form in forms.values()}) > 1:
        en, fr = "a time stands against a date", "une heure se trouve en face d'une date"
        right = Text(
            en="write a date form on each side, or a form of time on each",
            fr="écrivez une forme de date partout, ou d'heure partout",
        )
        _say(case, spot, (*spot.place, "date"), en, fr, right=right)
        return
    for side, form in forms.items():
        _check_written_date(case, spot, side, form)


def _form(written: str, zone: ZoneInfo) -> DateForm | None:
    try:
        return date_form(written, zone)
    except ValueError:
        return None


def _right_form(written: str, zone: ZoneInfo) -> Text:
    """The form that was meant by French, capital or too few letters, or what a form is made of."""
    day, _, clock = written.translate(str.maketrans("jJaADYh", "ddyydyH")).partition("H")
    day = day.replace("mm", "MM")
    day = day if "yyyy" in day else day.replace("yy", "yyyy")
    meant = f"{day}H{clock.replace('MM', 'mm').replace('SS', 'ss')}" if clock else day
    if _form(meant, zone) is not None:
        return Text(en=f"did you mean {meant}?", fr=f"vouliez-vous dire {meant} ?")
    return Text(
        en="write date, datetime, time, or letters: yyyy year, MM month, dd day, HH hour, mm minute, ss second",
        fr="écrivez date, datetime, time, ou des lettres : yyyy année, MM mois, dd jour, HH heure, mm minute, ss seconde",
    )


def _check_written_date(case: Case, spot: Spot, side: str, form: DateForm) -> None:
    """What the form writes is what the contract takes: a text field may say by its pattern where day and month stand."""
    shape = case.field(spot, side)
    if shape is None or shape.kind is not Kind.TEXT:
        return
    fit = fit_of(shape)
    if fit is None or (refused := _refused(form, fit)) is None:
        return
    zone = ZoneInfo(case.spec.timezone)
    known = [found for name in _USUAL_FORMS if (found := _form(name, zone))]
    usual = sorted(known, key=lambda found: found.kind != form.kind)
    fitting = [one.written for one in usual if _refused(one, fit) is None]
    right = Text(en="write the form that its documentation gives", fr="écrivez la forme que donne sa documentation")
    if fitting:
        right = Text(en=f"write {fitting[0]}", fr=f"écrivez {fitting[0]}")
    en = f"{form.written} writes 31 December 2026 as {refused}, which the contract of {side} does not take"
    fr = f"{form.written} écrit le 31 décembre 2026 sous la forme {refused}, que le contrat de {side} n'admet pas"
    _say(case, spot, (*spot.place, "date", side), en, fr, right=right)


def _refused(form: DateForm, fit: Fit) -> str | None:
    """The last day of a year in this form, when it does not fit."""
    text = form.cell.form(_LAST_DAY)
    try:
        fit(text)
    except Fault:
        return text
    return None


def _check_kind(case: Case, spot: Spot, side: str, shape: Shape) -> None:
    row = spot.row
    if row.constant is not None or row.table or side in row.values or row.file:
        return
    wanted = _DATES.get(shape.kind)
    if row.date:
        _check_date_kind(case, spot, side, shape)
    elif wanted is not None:
        right = Text(en=f"date: {{{side}: {wanted}}}", fr=f"date: {{{side}: {wanted}}}")
        en, fr = f"the contract of {side} has a {wanted} here", f"le contrat de {side} a ici {_KINDS[shape.kind]}"
        _say(case, spot, spot.cell(side), en, fr, right=right)
    elif row.join and shape.kind not in (Kind.TEXT, Kind.ANY):
        right = Text(
            en=f"{spot.path(side)} is {shape.kind}: name a text field", fr=f"{spot.path(side)} est {_KINDS[shape.kind]}"
        )
        _say(case, spot, spot.cell(side), "a join needs a text field", "un join demande un champ de texte", right=right)
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
    fr = f"la ligne est « {spot.row.as_} », le contrat de {side} a ici {_KINDS[shape.kind]}"
    _say(case, spot, spot.cell(side), en, fr, right=right)


def _check_date_kind(case: Case, spot: Spot, side: str, shape: Shape) -> None:
    form, wanted = spot.row.date.get(side), _DATES.get(shape.kind)
    if form is None or shape.kind in (Kind.TEXT, Kind.ANY) or form == wanted:
        return
    right = Text(en=f"date: {{{side}: {wanted}}}", fr=f"date: {{{side}: {wanted}}}")
    if wanted is None:
        right = Text(en="drop date, or correct the path", fr="ôtez date, ou corrigez le chemin")
    en = f"the form is {form}, the contract of {side} has {shape.kind} here"
    fr = f"la forme est {form}, le contrat de {side} a ici {_KINDS[shape.kind]}"
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
        said = str(error.__cause__)
        en, fr = f"the check cannot be used: {said}", f"le contrôle est inutilisable : {said}"
        right = Text(
            en="looks is a regular expression, such as OM-\\d{7}; at_least and at_most are numbers",
            fr="looks est une expression régulière, comme OM-\\d{7} ; at_least et at_most sont des nombres",
        )
        _say(case, spot, (*spot.place, "check", "looks"), en, fr, right=right)
    if (check.at_least or check.at_most) and spot.row.as_ not in ("integer", "decimal"):
        right = Text(en="as: integer", fr="as: integer")
        en, fr = "at_least and at_most are for numbers", "at_least et at_most ne valent que pour des nombres"
        _say(case, spot, (*spot.place, "check"), en, fr, right=right)


def _check_join(case: Case, spot: Spot) -> None:
    row, place = spot.row, (*spot.place, "join")
    try:
        joint = compile_joint(row.join or "", row.split)
    except ValueError as error:
        en, fr = f"cannot be put together or taken apart: {error}", f"ne peut être assemblé ou séparé : {error}"
        right = Text(
            en='write join: "{row} {other_row}", and under split what each row looks like',
            fr='écrivez join: "{ligne} {autre_ligne}", et sous split à quoi ressemble chaque ligne',
        )
        _say(case, spot, (*spot.place, "split") if row.split else place, en, fr, right=right)
        return
    if len(spot.sides) > 1:
        en, fr = "a joined row has a cell on one side only", "une ligne jointe n'a de cellule que d'un seul côté"
        _say(case, spot, place, en, fr, right=Text(en="keep one of its cells", fr="gardez une seule cellule"))
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
                f"le contrat de {side} a ici {_KINDS[shape.kind]}, pas un fichier",
            )
            right = Text(en="drop file, or correct the path", fr="ôtez file, ou corrigez le chemin")
            _say(case, spot, spot.cell(side), en, fr, right=right)
    if word and word.by_address:
        check_by_address(case, spot, word)


def _say(case: Case, spot: Spot, place: Place, en: str, fr: str, *, right: Text | None = None) -> None:
    case.wrong(place, Text(en=en, fr=fr), row=spot.name, right=right)
