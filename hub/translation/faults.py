"""What is wrong with one value, before it is known where it stood. Never holds a personal value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import Text


class Fault(Exception):
    """One value does not fit its row; becomes a Problem with row, label, side and path."""

    def __init__(self, text: Text, accepted: tuple[str, ...] = ()) -> None:
        self.text = text
        self.accepted = accepted
        super().__init__(text.en)


@dataclass(frozen=True, slots=True)
class Look:
    """What may be asked of a text: if `shows` gives anything of one that is not longer than `longest`, it is right."""

    shows: Callable[[str], object]
    longest: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One row on one side: `parse` makes the canonical value of the side's text, `form` the side's text of it.

    Both raise Fault. Neither is ever given an empty value. `plain`: the side's text is the value, unchecked. `room`: a value
    that is a text of 1 to so many characters is the side's text; -1: not without looking. `codes`: of a list, all that it
    has for the side, as text. `listed`: what `parse` makes of the texts, and `form` of the values, that it has in a list.
    `taken`: a text that it shows to be right is its own value. `given`: so is a value its own text.
    """

    parse: Callable[[str], Any]
    form: Callable[[Any], str]
    plain: bool = False
    room: float = -1
    codes: tuple[str, ...] = ()
    listed: tuple[Mapping[str, Any], Mapping[Any, str]] = ({}, {})
    taken: Look | None = None
    given: Look | None = None


def fault(en: str, fr: str, *, accepted: tuple[str, ...] = ()) -> Fault:
    """A Fault with its sentence in both languages."""
    return Fault(Text(en=en, fr=fr), accepted)
