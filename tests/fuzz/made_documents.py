"""Documents made of bytes: a shipped example, and edits of it that the bytes choose. The same bytes, the same document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from hub.contract import Kind, Shape

Thing = TypeVar("Thing")

MOST_EDITS = 12
NASTY = (
    "",
    " ",
    "\t\n",
    "0",
    "-0",
    "-1",
    "+1",
    "007",
    "1e3",
    "1E400",
    "NaN",
    "INF",
    "-Infinity",
    "1,50",
    "1.50",
    "1 234,50",
    "1" + "0" * 30,
    "9" * 41,
    "0." + "0" * 40 + "1",
    "٣",
    "1_000",
    "true",
    "O",
    "N",
    "oui",
    "2026-02-30",
    "2026-03-29T02:30:00",
    "2026-10-25T02:30:00+02:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-12-31T23:59:60Z",
    "29/02/2027 24:00:00",
    "31/12/9999 23:59:59",
    "\x00",
    "\x0b",
    "\x85",
    "\u2028",
    "\ufffe",
    "\ud800",
    "e\u0301",
    "\u202e",
    "\U0001f600",
    "ŒUVRÉ D'ÎLE-L'HAŸ",
    "LE GOFF  Yann",
    "' -",
    "<a>&amp;]]>",
    "{0.__class__}",
    "x" * 300,
    "=1+1",
    "QUJD",
    "QUJ",
    "JVBERi0xLjQK",
)


class Choices:
    """Bytes as choices, one after the other; when they are used up, each is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def below(self, limit: int) -> int:
        """A number from 0."""
        number = next(self._data, 0)
        if limit > 256:
            number = number * 256 + next(self._data, 0)
        return number % limit

    def one_of(self, things: Sequence[Thing]) -> Thing:
        """One of several."""
        return things[self.below(len(things))]

    def text(self) -> str:
        """A short text, its length first."""
        return bytes(next(self._data, 0) for _ in range(self.below(40))).decode("utf-8", "surrogateescape")


def edited(document: Any, shape: Shape, choices: Choices) -> Any:
    """A copy of the document in which the choices have changed some values."""
    whole = deepcopy(document)
    for _ in range(choices.below(MOST_EDITS)):
        _edit(choices.one_of([*_places(whole, shape)] or [(whole, "", shape)]), choices)
    return whole


def _places(held: Any, shape: Shape) -> Iterator[tuple[Any, Any, Shape]]:
    """Every value that there is or could be: where it stands, under which name or number, and its shape."""
    if isinstance(held, dict):
        for child in shape.children:
            yield held, child.name, child
            yield from _below(held.get(child.name), child)


def _below(held: Any, shape: Shape) -> Iterator[tuple[Any, Any, Shape]]:
    if isinstance(held, list):
        for number, each in enumerate(held):
            yield held, number, shape
            yield from _places(each, shape)
    else:
        yield from _places(held, shape)


def _edit(place: tuple[Any, Any, Shape], choices: Choices) -> None:
    holder, name, shape = place
    match choices.below(8):
        case 0 if isinstance(holder, dict):
            holder.pop(name, None)
        case 0 | 1 if isinstance(holder, list):
            holder.insert(choices.below(len(holder) + 1), deepcopy(holder[name]))
        case 2 if isinstance(holder, list):
            del holder[name]
        case 3:
            holder[name] = choices.one_of((None, [], {}, "", [""], {"": ""}, [None], [[]], [{}]))
        case 4 if shape.values:
            holder[name] = choices.one_of(shape.values)
        case 5:
            holder[name] = choices.text()
        case 6:
            holder[name] = _fresh(shape, choices)
        case _:
            holder[name] = choices.one_of(NASTY)


def _fresh(shape: Shape, choices: Choices, depth: int = 0) -> Any:
    """A value of this shape, as far as the choices let it be."""
    if shape.kind is not Kind.OBJECT:
        value: Any = choices.one_of(shape.values or NASTY)
    elif depth > 4:
        value = {}
    else:
        value = {child.name: _fresh(child, choices, depth + 1) for child in shape.children if choices.below(2)}
    return [value] if shape.repeated else value
