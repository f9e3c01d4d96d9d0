"""From a row's words to its cell on one side: how the value is read there, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import regex

from hub.contract import Shape
from hub.errors import ConfigurationError, Text
from hub.specs.mapping import Row, RowCheck
from hub.translation.dates import date_form
from hub.translation.facets import Matcher, bound, compile_pattern, fit_of, look_by, look_of, matcher, room_of, span_of
from hub.translation.faults import Cell, Fault
from hub.translation.letters import Letters
from hub.translation.record import canonical_text
from hub.translation.tables import Table
from hub.translation.tweaks import Pair, Tweaks, tweaked
from hub.translation.values import BOOLEAN, INTEGER, TEXT, decimal_cell, small_numbers, table_cell, values_cell

_MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of a row refer to: the code lists, the zone of times without one, each side's tweaks and letters."""

    tables: Mapping[str, Table]
    zone: ZoneInfo
    tweaks: Mapping[str, Tweaks] = field(default_factory=dict)
    letters: Mapping[str, Letters] = field(default_factory=dict)


def compile_cell(name: str, row: Row, *, side: str, shape: Shape | None, words: Words) -> Cell:
    """The cell of `row` (called `name`) on `side`, where the contract has `shape`. Raises ConfigurationError."""
    base = _base(name, row, side, shape, words)
    if side in row.tweak:
        base = tweaked(base, row.tweak[side], _pair(name, row.tweak[side], words.tweaks.get(side)))
    parse = _checked(base, row.check) if row.check else base.parse
    letters = words.letters.get(side) if row.as_ == "text" and not row.date else None
    longest = row.max.get(side)
    form = _fitted(base, letters, longest, shape)
    if _are_fit(base, form):
        form = base.form
    room = min(base.room, room_of(shape), inf if longest is None else longest) if letters is None else -1
    span = span_of(shape) if base is INTEGER and letters is None and longest is None else None
    listed = (_listed_read(base, parse, row.check), _listed_written(base, form, span))
    looks = _looks(row.check) if base.plain and row.check else ""
    taken = look_by(compile_pattern(looks)) if looks else None
    given = look_of(shape) if base.plain and letters is None and longest is None else None
    if span:
        form = _in_span(*span, form)
    return Cell(parse, form, plain=base.plain and parse is base.parse, room=room, listed=listed, taken=taken, given=given)


def _base(name: str, row: Row, side: str, shape: Shape | None, words: Words) -> Cell:
    if row.date:
        return _dated(name, row, side, words)
    if row.table:
        if row.table not in words.tables:
            raise _cannot(name, f"there is no table “{row.table}”", f"la table « {row.table} » n'existe pas")
        return table_cell(words.tables[row.table], side, shown=not row.personal)
    if row.values and (side in row.values or row.as_ != "boolean"):
        try:
            return values_cell(listed_values(row, side), row.as_, shown=not row.personal)
        except Fault as found:
            raise _cannot(name, f"a value in its list {found.text.en}", f"une valeur de sa liste {found.text.fr}") from found
    match row.as_:
        case "integer":
            return INTEGER
        case "decimal":
            return decimal_cell(row.number.get(side, "plain"), shape.decimals if shape else None)
        case "boolean":
            return BOOLEAN
        case "text":
            return TEXT


def _pair(name: str, tweak: str, tweaks: Tweaks | None) -> Pair:
    if tweaks is None or tweak not in tweaks.pairs:
        raise _cannot(name, f"there is no tweak “{tweak}”", f"l'ajustement « {tweak} » n'existe pas")
    return tweaks.pairs[tweak]


def listed_values(row: Row, side: str) -> Mapping[str, str]:
    """Canonical -> side value; a side without a list of its own writes the canonical values themselves."""
    if side in row.values:
        return row.values[side]
    return {code: code for listed in row.values.values() for code in listed}


def _dated(name: str, row: Row, side: str, words: Words) -> Cell:
    if side not in row.date:
        raise _cannot(name, f"there is no date form for {side}", f"il manque la forme de date de {side}")
    try:
        return date_form(row.date[side], words.zone).cell
    except ValueError as error:
        raise _cannot(name, str(error), str(error)) from error


def _checked(base: Cell, check: RowCheck) -> Callable[[str], Any]:
    parse, held = base.parse, compile_check(check)
    if base.plain and (looks := _looks(check)):
        return _looked_at(matcher(compile_pattern(looks)), check)

    def parse_and_check(text: str) -> Any:
        value = parse(text)
        if not held(value):
            raise Fault(said_by(check))
        return value

    return parse_and_check


def _looks(check: RowCheck) -> str:
    """The pattern of a check that asks for nothing else; "" for any other."""
    return check.looks if check.looks and check.at_least is None and check.at_most is None else ""


def _looked_at(whole_match: Matcher, check: RowCheck) -> Callable[[str], str]:
    """A text that need only look right: most checks are such."""

    def look_at(text: str) -> str:
        if whole_match(text) is None:
            raise Fault(said_by(check))
        return text

    return look_at


def compile_check(check: RowCheck) -> Callable[[Any], bool]:
    """Whether a canonical value passes the row's `check`. Raises ConfigurationError for a pattern or bound that is none."""
    try:
        whole_match = matcher(compile_pattern(check.looks)) if check.looks else None
        lowest, highest = bound(_bound(check.at_least)), bound(_bound(check.at_most))
    except (regex.error, ArithmeticError) as error:
        raise _cannot("check", str(error), str(error)) from error

    def held(value: Any) -> bool:
        if whole_match is not None and whole_match(canonical_text(value)) is None:
            return False
        return (lowest is None or value >= lowest) and (highest is None or value <= highest)

    return held


def _bound(written: str | None) -> Decimal | None:
    found = Decimal(written) if written else None
    if found is not None and not found.is_finite():
        raise ArithmeticError(f"{written} is no number")
    return found


def said_by(check: RowCheck) -> Text:
    """The words of a failed check: the mapping's own, or what would be right."""
    if check.says:
        return Text(en=check.says, fr=check.says)
    parts_en = [f"look like {check.looks}"] if check.looks else []
    parts_fr = [f"ressembler à {check.looks}"] if check.looks else []
    if check.at_least:
        parts_en, parts_fr = [*parts_en, f"be at least {check.at_least}"], [*parts_fr, f"valoir au moins {check.at_least}"]
    if check.at_most:
        parts_en, parts_fr = [*parts_en, f"be at most {check.at_most}"], [*parts_fr, f"valoir au plus {check.at_most}"]
    return Text(en=f"must {' and '.join(parts_en)}", fr=f"doit {' et '.join(parts_fr)}")


def _fitted(base: Cell, letters: Letters | None, longest: int | None, shape: Shape | None) -> Callable[[Any], str]:
    """The form of `base` in the side's own letters, cut at `longest` characters, then held against the contract."""
    form, fit, room, plain = base.form, fit_of(shape), room_of(shape), base.plain
    if letters is None and longest is None and fit is None:
        return form

    def form_and_fit(value: Any) -> str:
        text = value if plain and value.__class__ is str else form(value)
        if letters is not None:
            text = letters.kept(text)
        if longest is not None:
            text = text[:longest]
        if fit is not None and not 0 < len(text) <= room:
            fit(text)
        return text

    return form_and_fit


def _listed_read(base: Cell, parse: Callable[[str], Any], check: RowCheck | None) -> Mapping[str, Any]:
    """What is made of the texts in the list of `base`, and is not refused."""
    if parse is base.parse:
        return base.listed[0]
    if check is None or base is not INTEGER:
        return {}
    held = compile_check(check)
    found = {text: value for text, value in base.listed[0].items() if held(value)}
    return found if len(found) <= _MOST_LISTED else {}  # each such row has a list of its own


def _listed_written(base: Cell, form: Callable[[Any], str], span: tuple[int, int] | None) -> Mapping[Any, str]:
    """What is made of the values in the list of `base`, and fits the contract."""
    if span:
        return small_numbers(*span)
    return base.listed[1] if form is base.form else {}


def _in_span(lowest: int, highest: int, form_and_fit: Callable[[Any], str]) -> Callable[[Any], str]:
    """A whole number between two bounds, which needs no more looking at; `form_and_fit` forms all else."""

    def form(value: Any) -> str:
        return str(value) if value.__class__ is int and lowest <= value <= highest else form_and_fit(value)

    return form


def _are_fit(base: Cell, form: Callable[[Any], str]) -> bool:
    """Whether all codes of a list fit as they stand: they are tried once, here, and never again."""
    try:
        return bool(base.codes) and all(form(code) == base.form(code) for code in base.codes)
    except Fault:
        return False


def _cannot(name: str, en: str, fr: str) -> ConfigurationError:
    return ConfigurationError(Text(en=f"row “{name}”: {en}", fr=f"ligne « {name} » : {fr}"))
