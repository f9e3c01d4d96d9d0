"""A shape as steps that read and write JSON: compiled once, for what is just as the shape says, and silent about the rest.

What they do not know is for the careful way in `json`, which judges it and finds the words; a test holds both equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import orjson

from hub.contract import Document, Kind, Shape

Step = Callable[[Any], Any]
Reading = Callable[[Any, list[float]], Any]

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z", re.ASCII)
TRUTHS = {"true": True, "false": False}
_LONG = 19
"""A whole number of so many digits may be too large for the quick writer."""

_SMALL = {str(number): number for number in range(1000)}
"""Most whole numbers of a body are such, and then it is quicker to look them up than to make them."""

_NUL = rb"\u0000"
_QUOTED = rb"\""
_BACKSLASH, _QUOTE = _QUOTED
"""As numbers: to look for one byte is quicker than to look for bytes of which there is one."""
_ABSENT = object()
_DISGUISED = re.compile(rb"\\u(?:[dD][89a-fA-F]|00[0-7])")
"""Half of a character, or a sign of ASCII that is written otherwise than by itself."""


class _Odd(Exception):
    """Something is not just as the shape says."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The two ways of one shape; each gives None for what it does not know. `exact`: what is written are the values of its
    body, not parts of it as they are to stand there. `longest`: a body of more bytes is for the careful way."""

    reading: Reading
    writing: Step
    exact: bool
    longest: int

    def read(self, value: Any, texts: list[float]) -> Document | None:
        """The document of a sound body: numbers are text or whole, booleans are not text. The sum of what `texts` gets is
        how many texts `value` holds, keys among them; it is infinite where a 0 may have lost its sign."""
        texts.append(1)  # as if the whole were a text: whatever is none takes itself off, and brings what it holds
        try:
            found = self.reading(value, texts)
        except (_Odd, KeyError):
            return None
        return found if isinstance(found, dict) else None

    def value_of(self, data: bytes, loads: Callable[[bytes], Any] = orjson.loads) -> Any:
        """What a body holds, if the quick reader meets nothing odd in it; None where it does, or holds nothing."""
        if len(data) > self.longest or (_BACKSLASH in data and _DISGUISED.search(data)):
            return None
        try:
            return loads(data)
        except (ValueError, RecursionError):
            return None

    def read_whole(self, data: bytes, value: Any) -> Document | None:
        """The document of a body's value, if the quick reader missed nothing of it."""
        texts: list[float] = []
        found = self.read(value, texts)
        return found if found is not None and is_all_of(data, value, texts=sum(texts)) else None

    def write(self, document: Document) -> tuple[Any, bytes] | None:
        """What is written of a document, and as which body."""
        try:
            value = self.writing(document)
            written = orjson.dumps(value)
        except (_Odd, KeyError, TypeError):  # TypeError: half of a character, which UTF-8 does not have
            return None
        return (value, written) if _is_sound(written) else None


def written_by(fill: Callable[[Any], Any], encode: Callable[[Any], bytes], document: Document) -> bytes | None:
    """The body of a document whose values `fill` makes of it and `encode` writes; None where either does not."""
    try:
        written = encode(fill(document))
    except (_Odd, KeyError, TypeError, ValueError):
        return None
    return written if _is_sound(written) else None


def _is_sound(written: bytes) -> bool:
    return written.find(_NUL) < 0


def is_all_of(data: bytes, value: Any, *, texts: float) -> bool:
    """Whether nothing of a body was lost on reading, of which the steps counted so many `texts`.

    Where none holds a quote, each takes two; a key that stands twice would take two more. Else, what the value is written
    as tells: such a key would take a colon with it, -0 its sign."""
    if texts > 0 and (_BACKSLASH not in data or data.find(_QUOTED) < 0) and data.count(_QUOTE) == 2 * texts:
        return True
    written = orjson.dumps(value)
    return written.count(b":") == data.count(b":") and written.count(b"-") == data.count(b"-")


def compiled(shape: Shape, *, deepest: int, longest: int) -> Steps:
    """The steps of a body of this shape; none where the shape itself goes deeper than a body may."""
    if shape.child("#text") or shape.kind is not Kind.OBJECT or _levels(shape) > deepest:
        return Steps(_read_unknown, _unknown, exact=False, longest=longest)
    return Steps(_reading(shape), _writing(shape), exact=not _has_decimals(shape), longest=longest)


def _has_decimals(shape: Shape) -> bool:
    return shape.kind is Kind.DECIMAL or any(map(_has_decimals, shape.children))


def _levels(shape: Shape) -> int:
    """How many objects and lists, each in the other, a body of this shape has at most."""
    return 1 + shape.repeated + max(map(_levels, shape.children), default=0)


def _unknown(_: Any) -> Any:
    raise _Odd


# -- reading ----------------------------------------------------------------------------------------------------------


def _reading(shape: Shape) -> Reading:
    if shape.kind is Kind.ANY:
        return _read_unknown
    if shape.kind is not Kind.OBJECT:
        return _read_leaf
    items = shape.child("#items")
    return _reading_items(_each(_reading(items), items)) if items else _reading_fields(shape)


def _reading_fields(shape: Shape) -> Reading:
    read_by = {child.name: _each(_reading(child), child) for child in shape.children if not child.location}
    steps = {name: None if step is _read_leaf else step for name, step in read_by.items()}

    def read(value: Any, texts: list[float]) -> Any:
        if value is None:
            texts.append(-1)
            return None
        if value.__class__ is not dict:
            raise _Odd
        texts.append(2 * len(value) - 1)
        found = value.copy()
        for key, each in value.items():
            step = steps[key]
            if step is not None:
                found[key] = step(each, texts)
            elif each.__class__ is not str:  # most are texts, and stay as they are
                found[key] = _read_leaf(each, texts)
        return found

    return read


def _reading_items(step: Reading) -> Reading:
    def read(value: Any, texts: list[float]) -> Any:
        if value is None:
            texts.append(-1)
            return None
        return {"#items": step(value, texts)}

    return read


def _read_leaf(value: Any, texts: list[float]) -> str | None:
    if value.__class__ is str:
        return value
    texts.append(-1)
    if value.__class__ is int:
        if not value:
            texts.append(inf)
        return str(value)
    if value is None:
        return None
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return str(value)
    raise _Odd


def _read_unknown(_: Any, __: list[float]) -> Any:
    raise _Odd


def _each(step: Reading, shape: Shape) -> Reading:
    """The step for each of a list, where the shape is one of several."""
    if not shape.repeated:
        return step

    def read(value: Any, texts: list[float]) -> Any:
        if value.__class__ is not list:
            raise _Odd
        texts.append(len(value) - 1)
        return [step(each, texts) for each in value]

    return read


# -- writing ----------------------------------------------------------------------------------------------------------


def _writing(shape: Shape) -> Step:
    match shape.kind:
        case Kind.OBJECT:
            items = shape.child("#items")
            return _writing_items(_several(_writing(items), items)) if items else _writing_fields(shape)
        case Kind.INTEGER:
            return _write_whole
        case Kind.DECIMAL:
            return _write_number
        case Kind.BOOLEAN:
            return _write_truth
        case Kind.ANY:
            return _unknown
    return _write_text


def _writing_fields(shape: Shape) -> Step:
    if len({child.name for child in shape.children}) != len(shape.children):
        return _unknown
    steps = [(child.name, _several(_writing(child), child)) for child in shape.children if not child.location]
    elsewhere = [child.name for child in shape.children if child.location]

    def write(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not dict and not isinstance(value, Mapping):
            raise _Odd
        found = {}
        for name, step in steps:
            each = value.get(name, _ABSENT)
            if each is not _ABSENT:
                found[name] = each if step is _write_text and each.__class__ is str else step(each)
        if len(found) != len(value) and len(found) + sum(name in value for name in elsewhere) != len(value):
            raise _Odd
        return found

    return write


def _writing_items(step: Step) -> Step:
    def write(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise _Odd
        return step(value.get("#items", []))

    return write


def _several(step: Step, shape: Shape) -> Step:
    if not shape.repeated:
        return step

    def write(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list | tuple):
            raise _Odd
        return [step(each) for each in value]

    return write


def _write_text(value: Any) -> Any:
    if value is None or value.__class__ is str:
        return value
    raise _Odd


def _write_whole(value: Any) -> Any:
    small = _SMALL.get(value)
    if small is not None:
        return small
    if value is None:
        return None
    if value.__class__ is str and len(value) < _LONG and value.removeprefix("-").isdecimal():
        number = int(value)
        if str(number) == value:
            return number
    raise _Odd


def _write_number(value: Any) -> Any:
    if value is None:
        return None
    if value.__class__ is str and NUMBER.match(value):
        return orjson.Fragment(value)
    raise _Odd


def _write_truth(value: Any) -> Any:
    return None if value is None else TRUTHS[value]


LEAVES = {Kind.INTEGER: _write_whole, Kind.DECIMAL: _write_number, Kind.BOOLEAN: _write_truth, Kind.ANY: _unknown}
"""What writes one value of a kind, but for a text."""
