"""Rows made by Hypothesis, one kind a function: the words of the row, and values with the text that each side must see.

Nothing here asks the hub how it reads or writes: what a side's text must be is worked out a second time.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hub.contract import Kind
from hub.translation.tables import Table

Sides = tuple[str, ...]
TEXT = {"kind": Kind.TEXT}

ODD = (
    "é",
    "e\u0301\u0327",
    "Œuvre à l'œil nu",
    "שלום עולם",
    "\u202eabc\u202c",
    "👩‍👩‍👧‍👦 🇫🇷",
    "  blanks around  ",
    "\ttab\tand\nline\r\nends\r",
    "\u00a0no-break\u00a0",
    "<a href='x'>&amp;</a> ]]> &#0;",
    '"quoted"; \\u0041 \\',
    "=1+1",
    "{family_name} ${HOME} %s {{x}}",
    "07000",
    "NO",
    "null",
    "\ufeff mark",
    "\u2028\u0085 line signs",
    "x" * 5000,
    "\U0010fffd\ufffd",
)
texts = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=12),
).filter(lambda text: not text.isspace())
words = st.text("abcdefghijklmnopqrstuvwxyzéèàç", min_size=1, max_size=8)


@dataclass(frozen=True)
class Value:
    """One value: the canonical one, the text that each side must be given, another that means the same there, and what
    reading comes to (which is not the canonical one where the row declares a loss)."""

    canonical: Any
    texts: Mapping[str, str]
    others: Mapping[str, str]
    back: Mapping[str, Any]
    file: bytes = b""


@dataclass(frozen=True)
class Field:
    """One row: its words (but for its cells), the facets of its leaf on each side, and its values."""

    words: dict[str, Any]
    facets: Mapping[str, dict[str, Any]]
    values: st.SearchStrategy[Value]
    tables: Mapping[str, Table] = field(default_factory=dict)
    codes: tuple[str, ...] = ()

    @property
    def lossy(self) -> tuple[str, ...]:
        """The sides that lose something."""
        return tuple(self.words.get("loses", ()))

    @property
    def constant(self) -> str | None:
        """The constant, if it is one."""
        return self.words.get("constant")


def _each(sides: Sides, facets: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict.fromkeys(sides, facets)


def plainly(canonical: Any, texts: Mapping[str, str], others: Mapping[str, str] | None = None) -> Value:
    """A value that every side gives back as it was."""
    return Value(canonical, texts, {**texts, **(others or {})}, dict.fromkeys(texts, canonical))


@st.composite
def text_field(draw: st.DrawFn, sides: Sides) -> Field:
    cut = {draw(st.sampled_from(sides)): draw(st.integers(1, 20))} if draw(st.integers(0, 3)) == 0 else {}
    written = {"max": cut, "loses": dict.fromkeys(cut, "the end")} if cut else {}

    def value(text: str) -> Value:
        seen = {side: text[: cut.get(side, len(text))] for side in sides}
        back = {side: None if not each or each.isspace() else each for side, each in seen.items()}
        return Value(text, seen, seen, back)

    return Field(written, {side: {"kind": Kind.TEXT, "nullable": draw(st.booleans())} for side in sides}, texts.map(value))


def checked_field(sides: Sides) -> st.SearchStrategy[Field]:
    values = st.from_regex(r"OM-[0-9]{3}", fullmatch=True).map(lambda text: plainly(text, dict.fromkeys(sides, text)))
    return st.just(Field({"check": {"looks": r"OM-\d{3}", "says": "no"}}, _each(sides, TEXT), values))


_integers = st.one_of(st.sampled_from([0, -1, 10**40 - 1, 1 - 10**40, 2**63, -(2**31)]), st.integers(-(10**12), 10**12))


@st.composite
def integer_field(draw: st.DrawFn, sides: Sides) -> Field:
    kinds = {side: draw(st.sampled_from([Kind.TEXT, Kind.INTEGER])) for side in sides}

    def value(number: int) -> Value:
        other = f" +0{number} " if 0 <= number < 10**38 else str(number)
        loose = {side: other for side in sides if kinds[side] is Kind.TEXT}
        return plainly(number, dict.fromkeys(sides, str(number)), loose)

    return Field({"as": "integer"}, {side: {"kind": kinds[side]} for side in sides}, _integers.map(value))


@st.composite
def decimal_field(draw: st.DrawFn, sides: Sides) -> Field:
    forms = {side: draw(st.sampled_from(["plain", "comma", "cents"])) for side in sides}
    cents = "cents" in forms.values()
    kinds = {
        side: draw(st.sampled_from([Kind.TEXT, Kind.INTEGER if form == "cents" else Kind.DECIMAL]))
        for side, form in forms.items()
    }
    kinds |= {side: Kind.TEXT for side, form in forms.items() if form == "comma"}

    def value(unscaled: int, places: int) -> Value:
        places = min(places, 2) if cents else places
        number = Decimal((int(unscaled < 0), tuple(map(int, str(abs(unscaled)))), -places))
        seen = {side: _amount(unscaled, places, forms[side]) for side in sides}
        loose = {side: _loose(text, forms[side]) for side, text in seen.items() if kinds[side] is Kind.TEXT}
        return plainly(number, seen, loose)

    numbers = st.one_of(st.sampled_from([0, 5, -5, 10**37 - 1, 1 - 10**37, 10**30]), st.integers(-(10**9), 10**9))
    values = st.builds(value, numbers, st.integers(0, 6))
    return Field({"as": "decimal", "number": forms}, {side: {"kind": kinds[side]} for side in sides}, values)


def _amount(unscaled: int, places: int, form: str) -> str:
    sign, digits = "-" if unscaled < 0 else "", str(abs(unscaled)).zfill(places + 1)
    if form == "cents":
        return sign + (str(abs(unscaled) * 10 ** (2 - places)))
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    return sign + whole + (("," if form == "comma" else ".") + part if part else "")


def _loose(text: str, form: str) -> str:
    if form == "cents" or len(text) > 30:
        return f" {text}"
    mark = "," if form == "comma" else "."
    return f"{text}0" if mark in text else f"{text}{mark}0"


@st.composite
def boolean_field(draw: st.DrawFn, sides: Sides) -> Field:
    own = {side: draw(st.sampled_from([{}, {"true": "O", "false": "N"}, {"true": "1", "false": "2"}])) for side in sides}
    listed = {side: each for side, each in own.items() if each}
    kinds = {side: Kind.TEXT if each else draw(st.sampled_from([Kind.TEXT, Kind.BOOLEAN])) for side, each in own.items()}

    def value(truth: bool) -> Value:
        code = "true" if truth else "false"
        loose = {side: str(int(truth)) for side in sides if not own[side] and kinds[side] is Kind.TEXT}
        return plainly(truth, {side: own[side].get(code, code) for side in sides}, loose)

    written = {"as": "boolean"} | ({"values": listed} if listed else {})
    facets = {side: {"kind": kinds[side]} for side in sides}
    return Field(written, facets, st.booleans().map(value), codes=("true", "false"))


@st.composite
def listed_field(draw: st.DrawFn, sides: Sides) -> Field:
    codes = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    listed = {side: dict(zip(codes, _distinct(draw, len(codes)), strict=True)) for side in sides if draw(st.booleans())}
    if not listed:
        listed = {sides[0]: dict(zip(codes, _distinct(draw, len(codes)), strict=True))}

    def value(code: str) -> Value:
        return plainly(code, {side: listed[side][code] if side in listed else code for side in sides})

    facets = _each(sides, TEXT)
    return Field({"values": listed}, facets, st.sampled_from(codes).map(value), codes=tuple(codes))


def _distinct(draw: st.DrawFn, count: int) -> list[str]:
    tokens = st.text("abcXYZ0189éÉ,;\"' |=+@<&", min_size=1, max_size=6).map(str.strip).filter(bool)
    return draw(st.lists(tokens, min_size=count, max_size=count, unique=True))


@st.composite
def table_field(draw: st.DrawFn, sides: Sides, *, name: str = "codes", lossless: bool = False) -> Field:
    """Many codes to one value of a side lose the finer ones; a second value of a side reads as the same code."""
    codes = draw(st.lists(words, min_size=2, max_size=5, unique=True))
    seen = {side: dict(zip(codes, _distinct(draw, len(codes)), strict=True)) for side in sides}
    lossy = draw(st.sampled_from(sides)) if not lossless and draw(st.booleans()) else ""
    if lossy:
        seen[lossy][codes[1]] = seen[lossy][codes[0]]
    second = {side: f"~{side}" for side in sides}
    lines = [[code, *(seen[side][code] for side in sides)] for code in codes] + [[codes[0], *second.values()]]
    table = Table.parse("\n".join(map(_csv, [["code", *sides], *lines])), name)

    def value(code: str) -> Value:
        texts = {side: seen[side][code] for side in sides}
        back = {side: codes[0] if side == lossy and code == codes[1] else code for side in sides}
        others = {side: second[side] if back[side] == codes[0] else texts[side] for side in sides}
        return Value(code, texts, others, back)

    written = {"table": name} | ({"loses": {lossy: "the finer code"}} if lossy else {})
    facets = _each(sides, TEXT)
    safe = () if lossy else tuple(codes)
    return Field(written, facets, st.sampled_from(codes).map(value), {name: table}, safe)


def _csv(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


@dataclass(frozen=True)
class Form:
    """How a side writes a moment: the form's name, strftime's words for it, and how finely it keeps it."""

    written: str
    printed: str
    unit: timedelta


DAYS = (
    Form("date", "%Y-%m-%d", timedelta(days=1)),
    Form("dd/MM/yyyy", "%d/%m/%Y", timedelta(days=1)),
    Form("yyyyMMdd", "%Y%m%d", timedelta(days=1)),
)
CLOCKS = (
    Form("time", "%H:%M:%S", timedelta(seconds=1)),
    Form("HHmmss", "%H%M%S", timedelta(seconds=1)),
    Form("HH'h'mm", "%Hh%M", timedelta(minutes=1)),
)
MOMENTS = (
    Form("datetime", "", timedelta(microseconds=1)),
    Form("dd/MM/yyyy HH:mm:ss", "%d/%m/%Y %H:%M:%S", timedelta(seconds=1)),
    Form("yyyy-MM-dd'T'HH:mm", "%Y-%m-%dT%H:%M", timedelta(minutes=1)),
    *DAYS,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Paris", "America/Cayenne", "Pacific/Marquesas", "Indian/Reunion", "America/Miquelon", "UTC")


@st.composite
def day_field(draw: st.DrawFn, sides: Sides) -> Field:
    forms = {side: draw(st.sampled_from(DAYS)) for side in sides}

    def value(day: date) -> Value:
        seen = {side: day.strftime(form.printed).zfill(len(day.strftime(form.printed))) for side, form in forms.items()}
        loose = {side: f"{text}Z" for side, text in seen.items() if forms[side].written == "date"}
        return plainly(day.isoformat(), seen, loose)

    days = st.one_of(st.dates(date(1000, 1, 1)), st.sampled_from([date(2024, 2, 29), date(9999, 12, 31), date(1900, 3, 1)]))
    return Field({"date": _written(forms)}, _each(sides, TEXT), days.map(value))


@st.composite
def clock_field(draw: st.DrawFn, sides: Sides) -> Field:
    forms = {side: draw(st.sampled_from(CLOCKS)) for side in sides}
    finest = min(form.unit for form in forms.values())

    def value(seconds: int) -> Value:
        clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60 if finest < timedelta(minutes=1) else 0)
        back = {side: clock.replace(second=0) if form.unit > timedelta(seconds=1) else clock for side, form in forms.items()}
        seen = {side: clock.strftime(form.printed) for side, form in forms.items()}
        return Value(clock.isoformat(), seen, seen, {side: each.isoformat() for side, each in back.items()})

    lossy = [side for side, form in forms.items() if form.unit > finest]
    written = {"date": _written(forms)} | ({"loses": dict.fromkeys(lossy, "the seconds")} if lossy else {})
    return Field(written, _each(sides, TEXT), st.integers(0, 86399).map(value))


@st.composite
def moment_field(draw: st.DrawFn, sides: Sides, *, zone: str) -> Field:
    """A moment: kept whole in the form `datetime`; to the second, the minute or the day in others, which say so."""
    forms = {side: draw(st.sampled_from(MOMENTS)) for side in sides}
    finest = min(form.unit for form in forms.values())
    if finest == timedelta(days=1):
        return draw(day_field(sides))
    here = ZoneInfo(zone)

    def value(instant: datetime) -> Value:
        local = _cut(instant.astimezone(here), finest)
        seen = {side: local.strftime(form.printed) if form.printed else _iso(local) for side, form in forms.items()}
        loose = {
            side: local.astimezone(UTC).isoformat().replace("+00:00", "Z")
            for side, form in forms.items()
            if not form.printed
        }
        back = {side: _back(local, form, here) for side, form in forms.items()}
        return Value(_iso(local), seen, {**seen, **loose}, back)

    lossy = [side for side, form in forms.items() if form.unit > finest]
    written = {"date": _written(forms)} | ({"loses": dict.fromkeys(lossy, "what is finer")} if lossy else {})
    return Field(written, _each(sides, TEXT), _instants(here, finest).map(value))


def _instants(here: ZoneInfo, finest: timedelta) -> st.SearchStrategy[datetime]:
    changes = [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
        datetime(1911, 3, 11, tzinfo=UTC),
    ]
    around = st.builds(lambda change, s: change + timedelta(seconds=s), st.sampled_from(changes), st.integers(-7200, 7200))
    anywhen = st.integers(-5_364_576_000, 4_102_444_800).map(
        lambda seconds: _EPOCH + timedelta(seconds=seconds, microseconds=seconds % 7)
    )
    return st.one_of(anywhen, around)


def _cut(moment: datetime, unit: timedelta) -> datetime:
    if unit >= timedelta(minutes=1):
        moment = moment.replace(second=0)
    return moment if unit < timedelta(seconds=1) else moment.replace(microsecond=0)


def _back(local: datetime, form: Form, here: ZoneInfo) -> str:
    if form.unit == timedelta(days=1):
        return local.date().isoformat()
    return _iso(local if not form.printed else _cut(local, form.unit).replace(tzinfo=here, fold=0))


def _iso(local: datetime) -> str:
    """The text of XML Schema, whose offsets are whole minutes: those of before the time zones are cut to them."""
    offset = local.utcoffset() or timedelta(0)
    return local.replace(tzinfo=timezone(offset // timedelta(minutes=1) * timedelta(minutes=1))).isoformat()


def _written(forms: Mapping[str, Form]) -> dict[str, str]:
    return {side: form.written for side, form in forms.items()}


def file_field(sides: Sides) -> st.SearchStrategy[Field]:
    def value(content: bytes) -> Value:
        text = base64.b64encode(content).decode()
        ticket = {"ticket": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content), "type": "pdf"}
        broken = "\n".join(text[start : start + 8] for start in range(0, len(text), 8))
        return Value(ticket, dict.fromkeys(sides, text), dict.fromkeys(sides, broken), dict.fromkeys(sides, ticket), content)

    contents = st.binary(max_size=30).map(lambda end: b"%PDF-" + end)
    words = {"file": {"as": "base64", "types": ["pdf"]}}
    return st.just(Field(words, _each(sides, TEXT), contents.map(value)))


@st.composite
def constant_field(draw: st.DrawFn, sides: Sides) -> Field:
    constant = draw(words)
    return Field({"constant": constant}, _each(sides, TEXT), st.nothing())


def fields(sides: Sides, *, zone: str, name: str) -> st.SearchStrategy[Field]:
    """Any kind of row with cells on `sides`."""
    return st.one_of(
        text_field(sides),
        checked_field(sides),
        integer_field(sides),
        decimal_field(sides),
        boolean_field(sides),
        listed_field(sides),
        table_field(sides, name=name),
        day_field(sides),
        clock_field(sides),
        moment_field(sides, zone=zone),
        file_field(sides),
        constant_field(sides),
    )


def keys(sides: Sides, *, zone: str, name: str) -> st.SearchStrategy[Field]:
    """A row that can tell lines apart: nothing of it is lost anywhere."""
    kinds: list[Callable[..., st.SearchStrategy[Field]]] = [integer_field, day_field, boolean_field, checked_field]
    found = [kind(sides) for kind in kinds]
    return st.one_of(
        text_field(sides).filter(lambda made: not made.lossy), table_field(sides, name=name, lossless=True), *found
    )
