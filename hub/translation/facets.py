"""What a contract wants of a field's text (enumeration, lengths, bounds, patterns), said before the contract's own check."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache

import regex

from hub.contract import Kind, Shape
from hub.translation.faults import Look, fault
from hub.translation.latin import latin_match

SECONDS_TO_MATCH = 0.2
"""No pattern may keep a message longer than this."""

LONGEST_PATTERN = 2000
_NEVER_ENDING = regex.compile(r"\(\?(?:R|[+-]?\d|&|P>)|\{[^{}]*[eids]<=|\{\d*,?\d{5,}")

MOST_WAYS = 20_000
"""In so many ways at most may a pattern try a text without a time limit: a few milliseconds' worth."""

_WHOLE = regex.compile(r"0|-?[1-9][0-9]{0,17}")
_SHORT = 19
"""Of fewer digits, a text is read as a whole number at once."""

_OPEN_REPEAT = regex.compile(r"[*+]|\{\d*,")
_UNSURE = regex.compile(r"\)[*+{]|\(\?(?!:|P<|=|!|<[=!])|(?<!\\[pP])\{(?!\d)")
"""A group that is repeated, or something in a pattern that may make it try in more ways than its signs tell."""

Fit = Callable[[str], None]
Matcher = Callable[[str], re.Match[str] | regex.Match[str] | None]


def fit_of(shape: Shape | None) -> Fit | None:
    """A function that raises Fault when a text does not fit `shape`; None when anything fits."""
    if shape is None:
        return None
    tests = [test for test in (_values(shape), _lengths(shape), _bounds(shape), _digits(shape), _patterns(shape)) if test]
    return _all(tests) if tests else None


def room_of(shape: Shape | None) -> float:
    """How long a text may be that fits `shape` whatever it holds; -1 where that, or being short, can make it unfit."""
    if shape is None:
        return math.inf
    if _values(shape) or _bounds(shape) or _digits(shape) or _patterns(shape) or (shape.shortest or 0) > 1:
        return -1
    return math.inf if shape.longest is None else shape.longest


def look_of(shape: Shape | None) -> Look | None:
    """A look that tells of a text that it fits `shape`; None where there is none, and where it is no matter of looks."""
    if shape is None or len(shape.patterns) != 1 or _values(shape) or _bounds(shape) or _digits(shape) or _lengths(shape):
        return None
    pattern = _pattern(shape.patterns[0])
    return None if pattern is None else look_by(pattern)


def span_of(shape: Shape | None) -> tuple[int, int] | None:
    """The lowest and the highest whole number, where being between them is all that `shape` wants of one."""
    if shape is None or shape.kind is not Kind.INTEGER:
        return None
    if _values(shape) or _lengths(shape) or _digits(shape) or _patterns(shape):
        return None
    lowest, highest = bound(_number(shape.lowest)), bound(_number(shape.highest))
    return (lowest, highest) if isinstance(lowest, int) and isinstance(highest, int) else None


def compile_pattern(written: str) -> regex.Pattern[str]:
    """The compiled pattern. Raises regex.error: no pattern, too long or deep, or one that calls itself or guesses."""
    if len(written) > LONGEST_PATTERN or _NEVER_ENDING.search(written):
        raise regex.error(f"at most {LONGEST_PATTERN} characters and 9999 repeats, and no call or guess")
    try:
        return regex.compile(written)
    except (RecursionError, OverflowError, MemoryError) as error:
        raise regex.error("the pattern is nested too deeply, or repeats too often") from error


def matches(pattern: regex.Pattern[str], text: str) -> bool:
    """Whether the whole text fits; False also when it takes too long to tell."""
    return matcher(pattern)(text) is not None


def matcher(pattern: regex.Pattern[str]) -> Matcher:
    """A function that tells how the whole of a text fits; None also when it takes too long to tell. The time limit costs
    more than most patterns themselves, for it asks the system for the time of all threads: those that are sure to end soon
    go without. No other thread goes in between (`concurrent`): to come back after it costs more still."""
    longest, fullmatch = _longest_sure(pattern.pattern), pattern.fullmatch
    quick = (latin_match(pattern.pattern) if longest > 0 else None) or _never

    def whole_match(text: str) -> re.Match[str] | regex.Match[str] | None:
        if len(text) <= longest:
            # not `concurrent`, by its place: its name costs as much as most
            return quick(text) or fullmatch(text, None, None, False)
        try:
            return fullmatch(text, timeout=SECONDS_TO_MATCH, concurrent=False)
        except TimeoutError:
            return None

    return whole_match


def _never(_: str) -> None:
    return None


def look_by(pattern: regex.Pattern[str]) -> Look | None:
    """A look that tells of most texts at once that the whole of them fits the pattern; None where there is none."""
    longest = _longest_sure(pattern.pattern)
    quick = latin_match(pattern.pattern) if longest >= _SHORT else None
    return None if quick is None else Look(quick, longest)


@cache
def _longest_sure(written: str) -> float:
    """How long a text may be that a pattern tries in few ways: each repeat of open length may end anywhere in it, each
    choice doubles the ways. None is (-1) where these do not tell in how many ways the pattern may try a text."""
    repeats = len(_OPEN_REPEAT.findall(written))
    choices = written.replace("(?", "(").count("?") + written.count("|")
    ends = MOST_WAYS >> choices
    if _UNSURE.search(written) or not ends:
        return -1
    return int(ends ** (1 / repeats)) - 1 if repeats else math.inf


def _all(tests: list[Fit]) -> Fit:
    if len(tests) == 1:
        return tests[0]

    def fit(text: str) -> None:
        for test in tests:
            test(text)

    return fit


def _values(shape: Shape) -> Fit | None:
    if not shape.values:
        return None
    known = frozenset(shape.values)
    listed = ", ".join(shape.values[:15])

    def fit(text: str) -> None:
        if text not in known:
            raise fault(
                f"the contract does not take this value; it takes: {listed}",
                f"le contrat n'admet pas cette valeur ; il admet : {listed}",
                accepted=shape.values,
            )

    return fit


def _lengths(shape: Shape) -> Fit | None:
    shortest, longest = shape.shortest or 0, shape.longest
    if not shortest and longest is None:
        return None

    def fit(text: str) -> None:
        length = len(text)
        if longest is not None and length > longest:
            raise fault(
                f"is {length} characters long; the contract takes {longest}",
                f"compte {length} caractères ; le contrat en admet {longest}",
            )
        if length < shortest:
            raise fault(
                f"is {length} characters long; the contract wants at least {shortest}",
                f"compte {length} caractères ; le contrat en veut au moins {shortest}",
            )

    return fit


def _bounds(shape: Shape) -> Fit | None:
    lowest, highest = bound(_number(shape.lowest)), bound(_number(shape.highest))
    if shape.kind not in (Kind.INTEGER, Kind.DECIMAL) or (lowest is None and highest is None):
        return None

    def fit(text: str) -> None:
        value = int(text) if text.isdecimal() and text.isascii() and len(text) < _SHORT else _number(text)
        if value is None:
            raise fault("is not a number", "n'est pas un nombre")
        if lowest is not None and value < lowest:
            raise fault(f"is less than {lowest}", f"est inférieur à {lowest}")
        if highest is not None and value > highest:
            raise fault(f"is more than {highest}", f"est supérieur à {highest}")

    return fit


def _digits(shape: Shape) -> Fit | None:
    if shape.digits is None and shape.decimals is None:
        return None

    def fit(text: str) -> None:
        whole, _, part = text.lstrip("+-").partition(".")
        if shape.decimals is not None and len(part) > shape.decimals:
            raise fault(f"has more than {shape.decimals} decimals", f"a plus de {shape.decimals} décimales")
        if shape.digits is not None and len(whole.lstrip("0")) + len(part) > shape.digits:
            raise fault(f"has more than {shape.digits} digits", f"a plus de {shape.digits} chiffres")

    return fit


def _patterns(shape: Shape) -> Fit | None:
    fits = [_looks(pattern) for pattern in map(_pattern, shape.patterns) if pattern is not None]
    return _all(fits) if fits else None


def _looks(pattern: regex.Pattern[str]) -> Fit:
    whole_match = matcher(pattern)

    def fit(text: str) -> None:
        if whole_match(text) is None:
            raise fault(
                f"does not look like {pattern.pattern}, which the contract wants",
                f"ne ressemble pas à {pattern.pattern}, que veut le contrat",
            )

    return fit


def _pattern(written: str) -> regex.Pattern[str] | None:
    """XSD has a few signs that `regex` lacks: such a pattern is left to the contract's own check."""
    try:
        return compile_pattern(written)
    except regex.error:
        return None


def bound(number: Decimal | None) -> Decimal | int | None:
    """The same bound, as a whole number where it is written as one: these are compared with least work."""
    written = str(number)
    return int(written) if _WHOLE.fullmatch(written) else number


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None
