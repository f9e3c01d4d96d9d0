"""Documents made up from a contract alone, each held against it: what a double answers before anybody wrote a sample."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import islice
from random import Random
from typing import Any

import regex

from hub.codecs import codec_for
from hub.contract import Kind, Part, Shape
from hub.drafting.names import human, says
from hub.errors import MessageError, Problem
from hub.translation.facets import fit_of, matches
from hub.translation.faults import Fault
from hub.translation.samples import samples_of

_TRIES = 30
_VALUES = 20
_INDEX = re.compile(r"\[\d+\]")
_AROUND = (r"(?s:.*)", r"(?!\n\Z)")
"""What stands around a contract's pattern once it must fit a whole text: it says nothing about the text."""
_BY_NAME = {
    "email": "camille.martin@example.fr",
    "phone": "0553000000",
    "url": "https://example.fr/",
    "firstname": "Camille",
    "fullname": "MARTIN Camille",
    "name": "MARTIN",
    "street": "12 rue des Tanneurs",
    "postcode": "47200",
    "town": "Marmande",
    "year": "2026",
    "amount": "1250",
    "date": "2026-03-02",
    "birth": "1980-05-31",
}
"""What a text is filled with, by what its name speaks of."""
_TELLS_SUCCESS = ("code", "err", "erreur", "error")
"""Where a zero is likely to say that all is well."""
_BY_KIND = {
    Kind.BOOLEAN: ("true",),
    Kind.DATE: ("2026-03-02",),
    Kind.DATETIME: ("2026-03-02T14:05:09+01:00", "2026-03-02T14:05:09"),
    Kind.TIME: ("14:05:00",),
    Kind.BASE64: ("JVBERi0xLjQK", "AAAA"),
}


def document_for(part: Part) -> tuple[dict[str, Any] | None, tuple[Problem, ...]]:
    """A document that the contract takes: with all fields if it can be, else with what is required.

    None, with the last problems, when none could be made.
    """
    problems: tuple[Problem, ...] = ()
    for whole in (True, False):
        maker = _Maker(whole=whole)
        for _ in range(_TRIES):
            made = maker.object_of(part.shape, "")
            problems = problems_of(part, made)
            if not problems:
                return made, ()
            if not maker.turn(problems):
                break
    return None, problems


def problems_of(part: Part, document: dict[str, Any]) -> tuple[Problem, ...]:
    """What the contract has against a document."""
    try:
        return part.check(codec_for(part).write(document))
    except MessageError as error:
        return error.problems or (Problem(error.text),)


@dataclass(slots=True)
class _Maker:
    """Makes one document again and again: a field that the contract refuses gets its next value, or is left out."""

    whole: bool
    rng: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - made-up values, no secret
    turns: Counter[str] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)

    def turn(self, problems: tuple[Problem, ...]) -> bool:
        """Take the next value of each field that the problems name; whether there is anything left to try."""
        named = {_INDEX.sub("", problem.path).strip(".") for problem in problems} - {""}
        wrong = [path for path in self.last if any(path == name or path.endswith(f".{name}") for name in named)]
        self.turns.update(wrong)
        return any(self.turns[path] <= self.last[path] for path in wrong)

    def object_of(self, shape: Shape, within: str) -> dict[str, Any]:
        left_out = {name for group in shape.choices for name in group} - {_chosen(shape, group) for group in shape.choices}
        made: dict[str, Any] = {}
        for child in shape.children:
            if child.name in left_out or not (self.whole or child.required or child.name == "#text"):
                continue
            value = self._value(child, f"{within}{child.name}")
            if value is not None:
                made[child.name] = [value] if child.repeated else value
            elif child.required:
                made[child.name] = [] if child.repeated else None
        return made

    def _value(self, shape: Shape, path: str) -> Any:
        if shape.children:
            return self.object_of(shape, f"{path}.")
        if shape.kind is Kind.OBJECT:
            return {}
        if shape.fixed is not None:
            return shape.fixed
        if shape.kind is Kind.ANY and not shape.required:
            return None
        fitting = list(islice(_fitting(shape, self.rng), _VALUES))
        self.last[path] = len(fitting)
        return fitting[self.turns[path]] if self.turns[path] < len(fitting) else None


def _chosen(shape: Shape, group: tuple[str, ...]) -> str:
    """The one that stands for a choice: what is required of it, else the first."""
    return next((name for name in group if (child := shape.child(name)) and child.required), group[0])


def _fitting(shape: Shape, rng: Random) -> Iterator[str]:
    """Values that fit the facets of a field, the most telling first; those with braces would be places of a sample."""
    fit, patterns = fit_of(shape), [pattern for written in shape.patterns if (pattern := _pattern(written))]
    for text in _candidates(shape, rng):
        try:
            if fit is not None:
                fit(text)
        except Fault:
            continue
        if "{" not in text and "}" not in text and all(matches(pattern, text) for pattern in patterns):
            yield text


def _candidates(shape: Shape, rng: Random) -> Iterator[str]:
    if shape.values:
        yield from (value for value in shape.values if value.strip())
        return
    match shape.kind:
        case Kind.TEXT | Kind.ANY:
            yield from _texts(shape, rng)
        case Kind.INTEGER | Kind.DECIMAL:
            yield from _numbers(shape)
        case kind:
            yield from _BY_KIND.get(kind, ())


def _texts(shape: Shape, rng: Random) -> Iterator[str]:
    named = [text for concept, text in _BY_NAME.items() if says(shape.name, concept)]
    named = ["0", *named] if says(shape.name, *_TELLS_SUCCESS) else named
    words = [*named, human(shape.name), shape.name.lstrip("@#")]
    longest, shortest = shape.longest or 60, shape.shortest or 0
    yield from (text for text in words if len(text) <= longest)
    for pattern in shape.patterns:
        yield from samples_of(_bare(pattern), rng)
    yield from (text[:longest].strip().ljust(shortest, "x") for text in words)
    yield from ("2026-03-02", "02/03/2026", "14:05", "1", "12.50", "123e4567-e89b-42d3-a456-426614174000")


def _numbers(shape: Shape) -> Iterator[str]:
    usual = ("0", "1") if says(shape.name, *_TELLS_SUCCESS) else ("1", "0")
    yield from usual
    yield from (bound for bound in (shape.lowest, shape.highest) if bound)
    for bound, step in ((shape.lowest, 1), (shape.highest, -1)):
        try:
            yield format(Decimal(bound) + step, "f")
        except InvalidOperation:
            continue


def _bare(pattern: str) -> str:
    for around in _AROUND:
        pattern = pattern.removeprefix(around).removesuffix(around)
    return pattern


def _pattern(written: str) -> regex.Pattern[str] | None:
    try:
        return regex.compile(written)
    except regex.error:
        return None
