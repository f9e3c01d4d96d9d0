"""A shape as steps that read and write JSON: compiled once, for what is just as the shape says, and silent about the rest.

What they do not know is for the careful way in `json`, which judges it and finds the words; a test holds both equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from hub.contract import Document, Kind, Shape

Step = Callable[[Any], Any]

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z", re.ASCII)
TRUTHS = {"true": True, "false": False}
_NUL = rb"\u0000"


class _Odd(Exception):
    """Something is not just as the shape says."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The two ways of one shape; each gives None for what it does not know."""

    reading: Step
    writing: Step

    def read(self, value: Any) -> Document | None:
        """The document of a sound body: numbers are text or whole, booleans are not text."""
        try:
            found = self.reading(value)
        except (_Odd, KeyError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, document: Document) -> bytes | None:
        """The body of a document."""
        try:
            written = orjson.dumps(self.writing(document))
        except (_Odd, KeyError, TypeError):  # TypeError: half of a character, which UTF-8 does not have
            return None
        return None if _NUL in written else written


def compiled(shape: Shape, *, deepest: int) -> Steps:
    """The steps of a body of this shape; none where the shape itself goes deeper than a body may."""
    if shape.child("#text") or shape.kind is not Kind.OBJECT or _levels(shape) > deepest:
        return Steps(_unknown, _unknown)
    return Steps(_reading(shape), _writing(shape))


def _levels(shape: Shape) -> int:
    """How many objects and lists, each in the other, a body of this shape has at most."""
    return 1 + shape.repeated + max(map(_levels, shape.children), default=0)


def _unknown(_: Any) -> Any:
    raise _Odd


# -- reading ----------------------------------------------------------------------------------------------------------


def _reading(shape: Shape) -> Step:
    if shape.kind is Kind.ANY:
        return _unknown
    if shape.kind is not Kind.OBJECT:
        return _read_leaf
    items = shape.child("#items")
    return _reading_items(_each(_reading(items), items)) if items else _reading_fields(shape)


def _reading_fields(shape: Shape) -> Step:
    steps = {child.name: _each(_reading(child), child) for child in shape.children if not child.location}

    def read(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not dict:
            raise _Odd
        found = {}
        for key, each in value.items():
            step = steps[key]
            found[key] = each if step is _read_leaf and each.__class__ is str else step(each)  # saves a call for most
        return found

    return read


def _reading_items(step: Step) -> Step:
    def read(value: Any) -> Any:
        return None if value is None else {"#items": step(value)}

    return read


def _read_leaf(value: Any) -> str | None:
    if value.__class__ is str:
        return value
    if value is None:
        return None
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str | int):
        return str(value)
    raise _Odd


def _each(step: Step, shape: Shape) -> Step:
    """The step for each of a list, where the shape is one of several."""
    if not shape.repeated:
        return step

    def read(value: Any) -> Any:
        if value.__class__ is not list:
            raise _Odd
        return [step(each) for each in value]

    return read


# -- writing ----------------------------------------------------------------------------------------------------------


def _writing(shape: Shape) -> Step:
    match shape.kind:
        case Kind.OBJECT:
            items = shape.child("#items")
            return _writing_items(_several(_writing(items), items)) if items else _writing_fields(shape)
        case Kind.INTEGER | Kind.DECIMAL:
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
            if name in value:
                each = value[name]
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


def _write_number(value: Any) -> Any:
    if value is None:
        return None
    if value.__class__ is str and NUMBER.match(value):
        return orjson.Fragment(value)
    raise _Odd


def _write_truth(value: Any) -> Any:
    return None if value is None else TRUTHS[value]
