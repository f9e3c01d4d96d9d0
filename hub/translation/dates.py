"""Dates as a side writes them (`date`, `datetime`, `time`, or letters: dd/MM/yyyy HH:mm) and as the record keeps them.

The record keeps ISO text: a date, a time, or a datetime in the mapping's zone with its offset, so that the same moment is
always the same text. A local time that the autumn change makes ambiguous is taken as the first of the two; one that the
spring change leaves out is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache, lru_cache
from operator import attrgetter, itemgetter
from typing import Literal
from zoneinfo import ZoneInfo

from hub.translation.faults import Cell, Fault, fault

DateKind = Literal["date", "datetime", "time"]
Unit = Literal["day", "minute", "second", "microsecond"]

_ISO_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_ISO_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_ISO_TIME = re.compile(r"\d\d:\d\d:\d\d(?:\.\d{1,6})?", re.ASCII)
_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_WIDTHS = {"yyyy": 4, "MM": 2, "dd": 2, "HH": 2, "mm": 2, "ss": 2}
_TOKEN = re.compile(r"(?P<letters>([A-Za-z])\2*)|'(?P<quoted>[^']*)'|(?P<other>[^A-Za-z'])")
_MINUTE = timedelta(minutes=1)
_WHOLE = len("2026-05-31T14:05:00+02:00")
_CLOCKS = frozenset(f":{minute:02d}:{second:02d}" for minute in range(60) for second in range(60))
"""All that stands between the hour and the offset of such a text."""
_MOST_HOURS = 2000
"""Hours of a zone of which the offset is remembered: most moments of a while are of few."""
_FINENESS: tuple[Unit, ...] = ("day", "minute", "second", "microsecond")


@dataclass(frozen=True, slots=True)
class DateForm:
    """How one side writes a date: what it holds, how finely, and the two ways between its text and ISO text."""

    written: str
    kind: DateKind
    unit: Unit
    cell: Cell


def date_form(written: str, zone: ZoneInfo) -> DateForm:
    """The form `written` in a mapping, its times without zone being of `zone`. Raises ValueError saying what is wrong."""
    match written:
        case "date":
            return DateForm(written, "date", "day", Cell(_parse_date, lambda value: _form_date(value, zone)))
        case "datetime":
            cell = Cell(_datetime_parser(zone), lambda value: _form_datetime(value, zone))
            return DateForm(written, "datetime", "microsecond", cell)
        case "time":
            return DateForm(written, "time", "microsecond", Cell(_parse_time, lambda value: _form_time(value, zone)))
        case _:
            return _lettered(written, zone)


def finest(forms: list[DateForm]) -> DateForm:
    """The form that keeps most of a date."""
    return max(forms, key=lambda form: _FINENESS.index(form.unit))


def _lettered(written: str, zone: ZoneInfo) -> DateForm:
    pattern, letters = _compiled(written)
    with_date = {"yyyy", "MM", "dd"} <= letters
    with_time = {"HH", "mm"} <= letters
    whole = (with_date or not {"yyyy", "MM", "dd"} & letters) and (with_time or not {"HH", "mm", "ss"} & letters)
    if not whole or not letters:
        raise ValueError("a form has yyyy, MM and dd, or HH and mm, or both")
    kind: DateKind = "datetime" if with_date and with_time else "date" if with_date else "time"
    unit: Unit = "day" if kind == "date" else "second" if "ss" in letters else "minute"
    parse = _lettered_parser(written, re.compile(pattern, re.ASCII), kind, zone)
    return DateForm(written, kind, unit, Cell(parse, _lettered_writer(written, kind, zone)))


def _compiled(written: str) -> tuple[str, set[str]]:
    """The regular expression of a lettered form, and the letters that it has."""
    pattern, letters, position = "", set[str](), 0
    while position < len(written):
        token = _TOKEN.match(written, position)
        if token is None:
            raise ValueError("a quote is not closed")
        position = token.end()
        if found := token["letters"]:
            if found not in _WIDTHS or found in letters:
                raise ValueError(f"the letters {found} are not known here; known: {', '.join(_WIDTHS)}")
            letters.add(found)
            pattern += rf"(?P<{found}>\d{{{_WIDTHS[found]}}})"
        else:
            pattern += re.escape(token["quoted"] if token["quoted"] is not None else token["other"])
    return pattern, letters


def _lettered_parser(written: str, pattern: re.Pattern[str], kind: DateKind, zone: ZoneInfo) -> Callable[[str], str]:
    def parse(text: str) -> str:
        found = pattern.fullmatch(text.strip())
        if found is None:
            raise _not_of(written)
        part = {name: int(value) for name, value in found.groupdict().items()}
        clock = (part.get("HH", 0), part.get("mm", 0), part.get("ss", 0))
        try:
            if kind == "date":
                return date(part["yyyy"], part["MM"], part["dd"]).isoformat()
            if kind == "time":
                return time(*clock).isoformat()
            local = datetime(part["yyyy"], part["MM"], part["dd"], *clock)  # noqa: DTZ001 - its zone follows
        except ValueError as error:
            raise _not_of(written) from error
        return _iso(_in_zone(local, zone))

    return parse


def _lettered_writer(written: str, kind: DateKind, zone: ZoneInfo) -> Callable[[str], str]:
    tokens = list(_TOKEN.finditer(written))
    letters = [token["letters"] for token in tokens if token["letters"]]  # several: a date or a time
    of_numbers, numbers = "".join(map(_printed, tokens)), attrgetter(*[_PARTS[each] for each in letters])
    of_texts = "".join(["%s" if token["letters"] else _printed(token) for token in tokens])
    texts = itemgetter(*[_PLACES[each] for each in letters])
    is_kept = _keeping(zone)

    def form(value: str) -> str:
        if is_kept(value):
            return str(of_texts % texts(value))
        return of_numbers % numbers(_moment(value, kind, zone))

    return form


_PARTS = {"yyyy": "year", "MM": "month", "dd": "day", "HH": "hour", "mm": "minute", "ss": "second"}
_PLACES = {
    "yyyy": slice(0, 4),
    "MM": slice(5, 7),
    "dd": slice(8, 10),
    "HH": slice(11, 13),
    "mm": slice(14, 16),
    "ss": slice(17, 19),
}
"""Where each stands in a moment as the record keeps it."""


def _printed(token: re.Match[str]) -> str:
    """One piece of a lettered form, as a piece of a template for its numbers."""
    if letters := token["letters"]:
        return f"%0{_WIDTHS[letters]}d"
    return str(token["quoted"] if token["quoted"] is not None else token["other"]).replace("%", "%%")


def _moment(value: str, kind: DateKind, zone: ZoneInfo) -> date | time:
    """The canonical `value` in local terms, with the parts that `kind` needs."""
    try:
        if kind == "time":
            return time.fromisoformat(value) if len(value) < 19 else datetime.fromisoformat(value).astimezone(zone)
        if len(value) == 10:
            day = date.fromisoformat(value)
            return day if kind == "date" else datetime.combine(day, time(), zone)
        return _local(datetime.fromisoformat(value), zone)
    except (ValueError, OverflowError) as error:
        raise _not_of(kind) from error


def _parse_date(text: str) -> str:
    found = _ISO_DATE.fullmatch(text.strip())
    if found is None:
        raise _not_of("date")
    try:
        date.fromisoformat(found[1])
    except ValueError as error:
        raise _not_of("date") from error
    return found[1]


def _datetime_parser(zone: ZoneInfo) -> Callable[[str], str]:
    is_kept = _keeping(zone)

    def parse(text: str) -> str:
        if is_kept(text):
            return text
        found = _ISO_DATETIME.fullmatch(text.strip())
        if found is None:
            raise _not_of("datetime")
        try:
            moment = datetime.fromisoformat(found[0])
            if moment.tzinfo is None:
                return _iso(_in_zone(moment, zone))
            return _iso(_local(moment, zone))
        except (ValueError, OverflowError) as error:
            raise _not_of("datetime") from error

    return parse


@cache
def _keeping(zone: ZoneInfo) -> Callable[[str], bool]:
    """A function that tells of a text whether it is surely a moment as the record keeps it, in whole seconds and with the
    zone's offset: which one that is, is found out once for all moments of an hour."""

    @lru_cache(maxsize=_MOST_HOURS)
    def offset(hour: str) -> str:
        """The offset of all of this hour ("2026-05-31T14"); "" where it changes within, and for what is no hour."""
        try:
            first = _in_zone(datetime.fromisoformat(f"{hour}:00:00"), zone).isoformat()
            last = _in_zone(datetime.fromisoformat(f"{hour}:59:59"), zone).isoformat()
        except (Fault, ValueError):
            return ""
        is_one = len(first) == _WHOLE and f"{first[:13]}:59:59{first[19:]}" == last
        return first[19:] if is_one and first[:13] == hour else ""

    def is_kept(text: str) -> bool:
        return len(text) == _WHOLE and text[13:19] in _CLOCKS and text[19:] == offset(text[:13])

    return is_kept


def _parse_time(text: str) -> str:
    found = _ISO_TIME.fullmatch(text.strip())
    if found is None:
        raise _not_of("time")
    try:
        return time.fromisoformat(found[0]).isoformat()
    except ValueError as error:
        raise _not_of("time") from error


def _form_date(value: str, zone: ZoneInfo) -> str:
    if len(value) == 10:
        return value
    return _moment(value, "date", zone).isoformat()[:10]


def _form_datetime(value: str, zone: ZoneInfo) -> str:
    if len(value) > 10:
        return value
    moment = _moment(value, "datetime", zone)
    return _iso(moment) if isinstance(moment, datetime) else moment.isoformat()


def _form_time(value: str, zone: ZoneInfo) -> str:
    moment = _moment(value, "time", zone)
    return (moment.timetz().replace(tzinfo=None) if isinstance(moment, datetime) else moment).isoformat()


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """`moment` in `zone`; the text of `_iso` comes back as the local time that it was written from."""
    there = moment.astimezone(zone)
    offset = zone.utcoffset(there)
    if offset and offset.seconds % 60:
        here = moment.replace(tzinfo=zone)
        if (here.utcoffset() or timedelta(0)) - _over(here) == moment.utcoffset():
            return here
    return there


def _iso(local: datetime) -> str:
    """The text that XML Schema takes. Before time zones (in France: 1911) offsets had seconds, which no text can hold."""
    over = _over(local)
    return (local.replace(tzinfo=timezone((local.utcoffset() or over) - over)) if over else local).isoformat()


def _over(local: datetime) -> timedelta:
    """By how much the offset is over whole minutes."""
    return (local.utcoffset() or timedelta(0)) % _MINUTE


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime:
    moment = local.replace(tzinfo=zone)
    try:
        there = moment.astimezone(UTC).astimezone(zone)
    except OverflowError as error:
        raise fault("is not a date that can be used", "n'est pas une date utilisable") from error
    if there.replace(tzinfo=None) != local:
        raise fault(
            f"is a time that does not exist in {zone.key}: the clocks go forward over it",
            f"est une heure qui n'existe pas à {zone.key} : le passage à l'heure d'été la saute",
        )
    return moment


_SHOWN = {
    "date": ("a date such as 2026-05-31", "une date comme 2026-05-31"),
    "datetime": ("a date and time such as 2026-05-31T14:05:00+02:00", "une date et heure comme 2026-05-31T14:05:00+02:00"),
    "time": ("a time such as 14:05:00", "une heure comme 14:05:00"),
}


def _not_of(written: str) -> Fault:
    en, fr = _SHOWN.get(written, (f"a date of the form {written}", f"une date de la forme {written}"))
    return fault(f"is not {en}", f"n'est pas {fr}", accepted=(written,))
