"""Code lists proposed from two enumerations: the same values, values one by one, or a table to be filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.contract import Shape
from hub.drafting import guidance
from hub.drafting.names import human, likeness, snake_case, words_of
from hub.drafting.sides import Sides

_LIKELY = 0.8
_ABBREVIATED = 0.7
"""How alike `masculin` and `M` are, or `application/pdf` and `PDF`."""
_SHORT = 3


def code_words(
    words: dict[str, Any],
    doubts: list[str],
    table: list[Mapping[str, str]],
    *,
    shapes: tuple[Shape, Shape],
    sides: Sides,
) -> None:
    """Adds what a row with an enumeration needs: nothing, `values`, or the lines of a table."""
    one, other = [[value for value in shape.values if value.strip()] for shape in shapes]
    if not other:
        doubts.append(sides.says(guidance.CODES, side=sides.receiver))
        return
    if not one:
        doubts.append(sides.says(guidance.CODES, side=sides.sender))
        one = other
    elif set(one) <= set(other):
        return
    same = _same(one, other)
    doubts += [sides.says(guidance.ALIKE)] if any(_alike(*both) < _LIKELY for both in same.items()) else []
    codes = {value: _code(value) for value in one}
    if len(same) == len(one) and len(set(codes.values())) == len(one) and len(one) <= 6:
        words["values"] = {
            sides.sender: {codes[value]: value for value in one},
            sides.receiver: {codes[value]: same[value] for value in one},
        }
        return
    table += [_line(value, same.get(value, ""), sides) for value in one]


def _line(value: str, other: str, sides: Sides) -> dict[str, str]:
    label = human(value) or value
    return {
        "code": _code(value),
        sides.sender: value,
        sides.receiver: other,
        "label_fr": label,
        "label_en": label,
    }


def _code(value: str) -> str:
    """A canonical code from a side's value: `01` stays what it is."""
    return snake_case(value) if value[:1].isalpha() else value.strip().lower()


def _same(one: Sequence[str], other: Sequence[str]) -> dict[str, str]:
    """For each value the one that means the same, as far as their letters tell; each once."""
    found: dict[str, str] = {}
    scored = sorted(((-_alike(value, each), value, each) for value in one for each in other), key=lambda each: each[0])
    for score, value, each in scored:
        if -score >= _ABBREVIATED and value not in found and each not in found.values():
            found[value] = each
    return found


def _alike(one: str, other: str) -> float:
    words, others = words_of(one), words_of(other)
    if not words or not others:
        return 0.0
    short = min(len(one), len(other)) <= _SHORT and (
        one.lower().startswith(other.lower()) or other.lower().startswith(one.lower())
    )
    return max(likeness(one, other), _ABBREVIATED if short or words[-1] == others[-1] else 0.0)
