"""What a field holds beyond its kind: the form of a date that stands in a text, and the family that it belongs to."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from hub.contract import Kind, Shape
from hub.drafting.names import names_a_thing
from hub.translation.dates import date_form
from hub.translation.facets import fit_of
from hub.translation.faults import Fault

DATES = {Kind.DATE: "date", Kind.DATETIME: "datetime", Kind.TIME: "time"}
_FORMS = {
    "date": ("date", "dd/MM/yyyy", "yyyyMMdd", "ddMMyyyy"),
    "datetime": ("datetime", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm", "yyyyMMddHHmmss", "dd/MM/yyyy", "date"),
    "time": ("time", "HH:mm", "HHmm"),
}
_LETTERED = re.compile(r"\b(?:[jd]{2}|[ay]{4}|m{2})(?:([-/.]?)(?:[jd]{2}|[ay]{4}|m{2})){2}\b", re.IGNORECASE)
_LAST_DAY = "2026-12-31T23:59:59+01:00"
"""A moment whose day cannot be taken for a month."""
_PARIS = ZoneInfo("Europe/Paris")
_FAMILIES = {
    Kind.DATE: "date",
    Kind.DATETIME: "date",
    Kind.BASE64: "file",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "decimal",
}


def form_of(shape: Shape, kind: str) -> str:
    """The form in which a text holds a date, by its description or its facets; "" where these do not say."""
    if described := _LETTERED.search(shape.note):
        letters = described[0].lower().translate(str.maketrans("jaym", "dyyM"))
        if letters.count("y") == 4:
            return letters
    return next((form for form in _FORMS[kind] if shape.patterns and _fits(shape, form)), "")


def unit_of(form: str) -> str:
    """What a form holds: date, datetime or time."""
    return date_form(form, _PARIS).kind


def family_of(path: str, shape: Shape) -> str:
    """What few fields of a document are: a date, a file, a number of its own; "" for plain texts."""
    if shape.kind is Kind.TEXT and not shape.values:
        return "date" if form_of(shape, "datetime") else "name" if names_a_thing(path) else ""
    return _FAMILIES.get(shape.kind, "")


def _fits(shape: Shape, form: str) -> bool:
    fit = fit_of(shape)
    try:
        if fit is not None:
            fit(date_form(form, _PARIS).cell.form(_LAST_DAY))
    except Fault:
        return False
    return True
