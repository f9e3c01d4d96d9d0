"""A shape as two functions of straight lines that were written from it: one makes a document of a body that the contract
takes, the other makes a body's values of a document. `json_steps` does the same for any shape, and where these give up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from hub.contract import Kind, Shape
from hub.generated import Source

DEEPEST = 8
MOST_FIELDS = 500
"""A shape of more levels or fields is for the steps: functions of that length would take long to be made."""

Settling = Callable[[Any], float | None]

_ABSENT = object()
_NOT_TEXT = (Kind.OBJECT, Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN)


def is_plain(shape: Shape) -> bool:
    """Whether functions are made of a shape: it is not too long, and of objects with fields of different names."""
    return _levels(shape) <= DEEPEST and len(shape.leaves()) <= MOST_FIELDS and _has_own_names(shape)


def _has_own_names(shape: Shape) -> bool:
    names = {child.name for child in shape.children}
    return len(names) == len(shape.children) and "#items" not in names and all(map(_has_own_names, shape.children))


def _levels(shape: Shape) -> int:
    return 1 + max(map(_levels, shape.children), default=0)


def _in_body(shape: Shape) -> list[Shape]:
    return [child for child in shape.children if not child.location]


# -- reading ----------------------------------------------------------------------------------------------------------


def settling(shape: Shape) -> Settling:
    """A function that makes the values of a body its document, where they stand, when it is known that they are of just this
    shape: its texts need not be looked at again. It gives how many texts there are, keys among them; -inf where a 0 may have
    lost its sign; None where a number is none that is whole, and a KeyError for want of a field: then, the values are of no
    use any more."""
    return _Settling().function(shape)


class _Settling:
    """The function of one shape in the making."""

    def __init__(self) -> None:
        self._source = Source("def settle(value_0):")
        self._source.naming(inf, "inf")
        self._values = 0

    def function(self, shape: Shape) -> Settling:
        """The function, whole."""
        self._source.add(1, "texts = 2 * len(value_0)")
        self._fields(1, shape, "value_0")
        self._source.add(1, "return texts")
        return self._source.function(f"settling {shape.name or 'a body'}")

    def _fields(self, indent: int, shape: Shape, whole: str) -> None:
        """The lines for an object's fields; those that are texts and nothing else need none."""
        children = _in_body(shape)
        if shape.open:
            known = self._source.naming(frozenset(child.name for child in children))
            self._source.add(indent, f"if not {whole}.keys() <= {known}:", "    return None")
        for child in children:
            if child.repeated or child.nullable or child.kind in _NOT_TEXT:
                self._field(indent, child, whole)

    def _field(self, indent: int, shape: Shape, whole: str) -> None:
        self._values += 1
        value, place = f"value_{self._values}", f"{whole}[{shape.name!r}]"
        if shape.required and not shape.nullable:
            self._source.add(indent, f"{value} = {place}")
        else:
            self._source.add(indent, f"{value} = {whole}.get({shape.name!r})", f"if {value} is not None:")
            indent += 1
        if shape.repeated:
            self._source.add(indent, f"texts += len({value}) - 1")
            self._each(indent, shape, value)
        else:
            self._one(indent, shape, value, place)
        if shape.nullable:
            indent -= 1
            self._source.add(indent, f"elif {shape.name!r} in {whole}:", "    texts -= 1")

    def _each(self, indent: int, shape: Shape, values: str) -> None:
        if shape.kind in _NOT_TEXT:
            value, number = f"{values}_each", f"{values}_number"
            self._source.add(indent, f"for {number}, {value} in enumerate({values}):")
            self._one(indent + 1, shape, value, f"{values}[{number}]")

    def _one(self, indent: int, shape: Shape, value: str, place: str) -> None:
        """The lines for one value, which stands at `place`."""
        match shape.kind:
            case Kind.OBJECT:
                self._source.add(indent, f"texts += 2 * len({value}) - 1")
                self._fields(indent, shape, value)
            case Kind.INTEGER | Kind.DECIMAL:
                self._source.add(indent, f"if {value}.__class__ is not int:", "    return None")
                self._source.add(indent, f"{place} = str({value})", f"texts -= 1 if {value} else inf")
            case Kind.BOOLEAN:
                self._source.add(indent, f'{place} = "true" if {value} else "false"', "texts -= 1")
            case _:
                self._source.add(indent, "pass")


# -- writing ----------------------------------------------------------------------------------------------------------


def laying(shape: Shape, leaves: Mapping[Kind, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """A function that makes a document the values of its body, in the order of the contract, and leaves it to the contract's
    check whether its texts are such. It gives None, or raises what `leaves` do or a KeyError, where it is not just of the
    shape. `leaves`: what writes one value of a kind, but for a text."""
    return _Laying(leaves).function(shape)


class _Laying:
    """The function of one shape in the making."""

    def __init__(self, leaves: Mapping[Kind, Callable[[Any], Any]]) -> None:
        self._source = Source("def lay(value_0):")
        self._source.naming(_ABSENT, "ABSENT")
        self._leaves = {kind: self._source.naming(leaf) for kind, leaf in leaves.items()}
        self._values = 0

    def function(self, shape: Shape) -> Callable[[Any], Any]:
        """The function, whole."""
        self._source.add(1, "if value_0.__class__ is not dict:", "    return None")
        self._source.add(1, "made_0 = {}")
        self._fields(1, shape, "0")
        self._source.add(1, "return made_0")
        return self._source.function(f"laying {shape.name or 'a body'}")

    def _fields(self, indent: int, shape: Shape, whole: str) -> None:
        """The lines for the fields of an object, and for finding that it has others."""
        for child in shape.children:
            if not child.location:
                self._field(indent, child, whole)
        elsewhere = [child.name for child in shape.children if child.location]
        differ = f"len(made_{whole}) != len(value_{whole})"
        if elsewhere:
            differ += (
                f" and len(made_{whole}) + sum([name in value_{whole} for name in {elsewhere!r}]) != len(value_{whole})"
            )
        self._source.add(indent, f"if {differ}:", "    return None")

    def _field(self, indent: int, shape: Shape, whole: str) -> None:
        self._values += 1
        number, place = str(self._values), f"made_{whole}[{shape.name!r}]"
        if shape.required and self._is_text(shape):
            self._source.add(indent, f"{place} = value_{whole}[{shape.name!r}]")
            return
        self._source.add(indent, f"value_{number} = value_{whole}.get({shape.name!r}, ABSENT)")
        if self._is_text(shape):
            self._source.add(indent, f"if value_{number} is not ABSENT:", f"    {place} = value_{number}")
        elif shape.repeated:
            self._several(indent, shape, number, place)
        else:
            self._one(indent, shape, number, place)

    def _is_text(self, shape: Shape) -> bool:
        return not shape.repeated and shape.kind is not Kind.OBJECT and shape.kind not in self._leaves

    def _several(self, indent: int, shape: Shape, number: str, place: str) -> None:
        """The lines for a list, which is made anew."""
        self._source.add(indent, f"if value_{number}.__class__ is list:", f"    {place} = made_{number} = [*value_{number}]")
        if shape.kind is Kind.OBJECT or shape.kind in self._leaves:
            self._source.add(indent + 1, f"for place_{number}, value_{number}_each in enumerate(value_{number}):")
            self._one(indent + 2, shape, f"{number}_each", f"made_{number}[place_{number}]")
        self._without(indent, number, place)

    def _one(self, indent: int, shape: Shape, number: str, place: str) -> None:
        """The lines for one object or leaf, and where it is put."""
        value = f"value_{number}"
        if shape.kind is Kind.OBJECT:
            self._source.add(indent, f"if {value}.__class__ is dict:", f"    {place} = made_{number} = {{}}")
            self._fields(indent + 1, shape, number)
            self._without(indent, number, place)
        else:
            self._source.add(indent, f"if {value} is not ABSENT:", f"    {place} = {self._leaves[shape.kind]}({value})")

    def _without(self, indent: int, number: str, place: str) -> None:
        """The lines for a value that is empty, or none of its kind."""
        self._source.add(indent, f"elif value_{number} is None:", f"    {place} = None")
        self._source.add(indent, f"elif value_{number} is not ABSENT:", "    return None")
