"""Numbers, truths and codes: between a side's text and the canonical value. Numbers never go through float."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Any, Literal

from hub.errors import Text
from hub.translation.faults import Cell, Fault, fault
from hub.translation.record import canonical_text
from hub.translation.tables import Table

NumberForm = Literal["plain", "comma", "cents"]

_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_PLAIN = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d{1,40}(?:,\d{0,40})?|,\d{1,40})", re.ASCII)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_SHOWN_CODES = 15
_SMALL = {str(number): number for number in range(1000)}
_SMALL_TEXTS = {number: text for text, number in _SMALL.items()}
"""Most whole numbers are such, and then it is quicker to look them up than to make them."""

TEXT = Cell(lambda text: text, lambda value: value if type(value) is str else canonical_text(value), plain=True, room=inf)


def _parse_integer(text: str) -> int:
    small = _SMALL.get(text)
    if small is not None:
        return small
    if text.isdecimal() and text.isascii() and len(text) < 40:
        return int(text)
    if _INTEGER.fullmatch(stripped := text.strip()) is None:
        raise fault("is not a whole number", "n'est pas un nombre entier")
    return int(stripped)


INTEGER = Cell(_parse_integer, str, listed=(_SMALL, _SMALL_TEXTS))


@lru_cache(maxsize=100)
def small_numbers(lowest: int, highest: int) -> Mapping[int, str]:
    """The small numbers between two bounds, as text: one list for all rows of the same bounds."""
    return {number: text for number, text in _SMALL_TEXTS.items() if lowest <= number <= highest}


def decimal_cell(form: NumberForm, decimals: int | None) -> Cell:
    """A decimal as the side writes it: 12.50 (plain), 12,50 (comma) or 1250 (cents). `decimals`: how many it takes."""
    match form:
        case "plain":
            return Cell(_parse_plain, lambda value: format(_trimmed(value, decimals), "f"))
        case "comma":
            return Cell(_parse_comma, lambda value: format(_trimmed(value, decimals), "f").replace(".", ","))
        case "cents":
            return Cell(lambda text: _shifted(Decimal(_parse_integer(text)), -2), _form_cents)


def _parse_plain(text: str) -> Decimal:
    if _PLAIN.fullmatch(stripped := text.strip()) is None:
        raise fault("is not a number such as 12.50", "n'est pas un nombre comme 12.50")
    return Decimal(stripped)


def _parse_comma(text: str) -> Decimal:
    if _COMMA.fullmatch(stripped := text.strip()) is None:
        raise fault("is not a number such as 12,50", "n'est pas un nombre comme 12,50")
    return Decimal(stripped.replace(",", "."))


def _form_cents(value: Decimal) -> str:
    cents = _shifted(Decimal(value), 2)
    if cents != cents.to_integral_value():
        raise fault("has more than two decimals: cents cannot hold it", "a plus de deux décimales pour des centimes")
    return format(cents.to_integral_value(), "f")


def _shifted(value: Decimal, places: int) -> Decimal:
    """`value` times ten to the `places`, digit for digit (no rounding context)."""
    sign, digits, exponent = value.as_tuple()
    return Decimal((sign, digits, int(exponent) + places))


def _trimmed(value: Decimal, decimals: int | None) -> Decimal:
    """`value` without the trailing zeros that exceed `decimals`; more than zeros is left for the contract to refuse."""
    sign, digits, exponent = Decimal(value).as_tuple()
    places = int(exponent)
    while decimals is not None and -places > decimals and digits and digits[-1] == 0:
        digits, places = digits[:-1] or (0,), places + 1
        if digits == (0,):
            break
    return Decimal((sign, digits, places))


def _parse_truth(text: str) -> bool:
    found = _TRUTHS.get(text.strip())
    if found is None:
        raise fault("is neither true nor false", "n'est ni true ni false", accepted=("true", "false"))
    return found


BOOLEAN = Cell(_parse_truth, canonical_text, listed=(_TRUTHS, {True: "true", False: "false"}))


def values_cell(listed: Mapping[str, str], as_: str, *, shown: bool) -> Cell:
    """An inline code list: canonical -> side value. `shown`: an unknown value may be quoted (it is not personal)."""
    typed: dict[str, Any] = {code: typed_code(code, as_) for code in listed}
    to_code: dict[str, Any] = {}
    for code, value in listed.items():
        to_code.setdefault(value, typed[code])
    labels = {value: Text(en=code, fr=code) for code, value in listed.items()}
    parse, form = _code_parser(to_code, labels, shown=shown), _code_writer(dict(listed), shown=shown)
    to_value = {typed[code]: value for code, value in listed.items() if canonical_text(typed[code]) == code}
    return Cell(parse, form, codes=tuple(listed), listed=(to_code, to_value))


def table_cell(table: Table, side: str, *, shown: bool) -> Cell:
    """A code list from a file. In each direction the first line that fits wins."""
    to_code, to_value = table.to_code(side), table.to_value(side)
    parse, form = _code_parser(to_code, table.labels(side), shown=shown), _code_writer(to_value, shown=shown)
    return Cell(parse, form, codes=tuple(to_value), listed=(to_code, to_value))


def typed_code(code: str, as_: str) -> Any:
    """A canonical value written in a mapping, as its row's type. Raises Fault."""
    match as_:
        case "boolean":
            return _parse_truth(code)
        case "integer":
            return _parse_integer(code)
        case "decimal":
            return _parse_plain(code)
        case _:
            return code


def _code_parser(to_code: Mapping[str, Any], labels: Mapping[str, Text], *, shown: bool) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        found = to_code.get(text)
        if found is None:
            found = to_code.get(text.strip())
        if found is None:
            raise _unknown(text if shown else "", labels)
        return found

    return parse


def _code_writer(to_value: Mapping[str, str], *, shown: bool) -> Callable[[Any], str]:
    def form(value: Any) -> str:
        found = to_value.get(value if type(value) is str else canonical_text(value))
        if found is None:
            raise _no_line(canonical_text(value) if shown else "", tuple(to_value))
        return found

    return form


def _unknown(value: str, labels: Mapping[str, Text]) -> Fault:
    listed = [(f"{code} ({text.en})", f"{code} ({text.fr})") for code, text in list(labels.items())[:_SHOWN_CODES]]
    more = ", ..." if len(labels) > _SHOWN_CODES else ""
    en, fr = ", ".join(item[0] for item in listed) + more, ", ".join(item[1] for item in listed) + more
    named_en, named_fr = (f"the code “{value}”", f"le code « {value} »") if value else ("this code", "ce code")
    return fault(
        f"{named_en} is not known; known: {en}", f"{named_fr} n'est pas connu ; connus : {fr}", accepted=tuple(labels)
    )


def _no_line(code: str, known: tuple[str, ...]) -> Fault:
    named_en, named_fr = (f"“{code}”", f"« {code} »") if code else ("this code", "ce code")
    return fault(
        f"{named_en} has no value on this side; these have one: {', '.join(known[:_SHOWN_CODES])}",
        f"{named_fr} n'a pas de valeur de ce côté ; en ont une : {', '.join(known[:_SHOWN_CODES])}",
        accepted=known,
    )
