"""A shape as two functions of straight lines that were written from it: one makes a document of a body that the contract
takes, the other makes a body's values of a document. `json_steps` does the same for any shape, and where these give up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from hub.contract import Kind, Looks, Shape
from hub.generated import Source

DEEPEST = 8
MOST_FIELDS = 500
"""A shape of more levels or fields is for the steps: functions of that length would take long to be made."""

Path = tuple[str, ...]
Settling = Callable[[Any], float | None]

_SMALL = tuple(str(number) for number in range(1000))
"""Most whole numbers of a body are such, and then it is quicker to look them up than to make them."""
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


def settling(shape: Shape, looks: Looks | None = None) -> Settling:
    """A function that makes the values of a body its document, where they stand, when it is known that they are of just this
    shape: its texts need not be looked at again. It gives how many texts there are, keys among them; -inf where a 0 may have
    lost its sign; None where a number is none that is whole, or a text does not bear its look (see Typed); a KeyError for
    want of a field: then, the values are of no use any more."""
    return _Settling(looks or {}).function(shape)


class _Settling:
    """The function of one shape in the making."""

    def __init__(self, looks: Looks) -> None:
        self._source = Source("def settle(value_0):")
        self._looks = looks
        self._source.naming(inf, "inf")
        self._source.naming(_SMALL, "SMALL")
        self._values = 0

    def function(self, shape: Shape) -> Settling:
        """The function, whole."""
        self._source.add(1, "texts = 2 * len(value_0)")
        self._fields(1, shape, "value_0", ())
        self._source.add(1, "return texts")
        return self._source.function(f"settling {shape.name or 'a body'}")

    def _fields(self, indent: int, shape: Shape, whole: str, path: Path) -> None:
        """The lines for an object's fields; those that are texts and nothing else need none."""
        children = _in_body(shape)
        if shape.open:
            known = self._source.naming(frozenset(child.name for child in children))
            self._source.add(indent, f"if not {whole}.keys() <= {known}:", "    return None")
        for child in children:
            if child.repeated or child.nullable or self._asks((*path, child.name), child):
                self._field(indent, child, whole, (*path, child.name))

    def _asks(self, path: Path, shape: Shape) -> bool:
        return shape.kind in _NOT_TEXT or path in self._looks

    def _field(self, indent: int, shape: Shape, whole: str, path: Path) -> None:
        self._values += 1
        value, place = f"value_{self._values}", f"{whole}[{shape.name!r}]"
        if shape.required and not shape.nullable:
            self._source.add(indent, f"{value} = {place}")
        else:
            self._source.add(indent, f"{value} = {whole}.get({shape.name!r})", f"if {value} is not None:")
            indent += 1
        if shape.repeated:
            self._source.add(indent, f"texts += len({value}) - 1")
            self._each(indent, shape, value, path)
        else:
            self._one(indent, shape, value, place, path)
        if shape.nullable:
            indent -= 1
            self._source.add(indent, f"elif {shape.name!r} in {whole}:", "    texts -= 1")

    def _each(self, indent: int, shape: Shape, values: str, path: Path) -> None:
        if self._asks(path, shape):
            value, number = f"{values}_each", f"{values}_number"
            self._source.add(indent, f"for {number}, {value} in enumerate({values}):")
            self._one(indent + 1, shape, value, f"{values}[{number}]", path)

    def _one(self, indent: int, shape: Shape, value: str, place: str, path: Path) -> None:
        """The lines for one value, which stands at `place`."""
        match shape.kind:
            case Kind.OBJECT:
                self._source.add(indent, f"texts += 2 * len({value}) - 1")
                self._fields(indent, shape, value, path)
            case Kind.INTEGER | Kind.DECIMAL:
                self._source.add(indent, f"if {value}.__class__ is not int:", "    return None")
                self._source.add(
                    indent, f"if 0 < {value} < {len(_SMALL)}:", f"    {place} = SMALL[{value}]", "    texts -= 1"
                )
                self._source.add(indent, "else:", f"    {place} = str({value})", f"    texts -= 1 if {value} else inf")
            case Kind.BOOLEAN:
                self._source.add(indent, f'{place} = "true" if {value} else "false"', "texts -= 1")
            case _ if look := self._looks.get(path):
                self._source.add(indent, f"if not {self._source.naming(look)}({value}):", "    return None")
            case _:
                self._source.add(indent, "pass")


# -- writing ----------------------------------------------------------------------------------------------------------


def filling(shape: Shape, leaves: Mapping[Kind, Callable[[Any], Any]], looks: Looks) -> Callable[[Any], Any]:
    """A function that makes a document the values of its body, and leaves it to the contract's types whether they are such
    and in which order they stand: what holds nothing but texts stays as it is. It raises what `leaves` do, a TypeError or a
    ValueError, where it is not just of the shape, or a text does not bear its look (see Typed). `leaves`: what writes one
    value of a kind, but for a text."""
    return _Filling(leaves, looks).function(shape)


class _Filling:
    """The function of one shape in the making."""

    def __init__(self, leaves: Mapping[Kind, Callable[[Any], Any]], looks: Looks) -> None:
        self._source = Source("def fill(value_0):")
        self._leaves = {kind: self._source.naming(leaf) for kind, leaf in leaves.items()}
        self._looks = looks
        self._values = 0

    def function(self, shape: Shape) -> Callable[[Any], Any]:
        """The function, whole."""
        self._source.add(1, "made_0 = {**value_0}")
        self._source.add(1, *[f"made_0.pop({child.name!r}, None)" for child in shape.children if child.location])
        self._fields(1, shape, "made_0", ())
        self._source.add(1, "return made_0")
        return self._source.function(f"filling {shape.name or 'a body'}")

    def _fields(self, indent: int, shape: Shape, made: str, path: Path) -> None:
        """The lines for those fields of an object that do not stay as they are, or are asked for."""
        for child in _in_body(shape):
            if not self._stays(child, (*path, child.name)):
                self._field(indent, child, made, (*path, child.name))

    def _stays(self, shape: Shape, path: Path) -> bool:
        if shape.kind in self._leaves or path in self._looks:
            return False
        return all(self._stays(child, (*path, child.name)) for child in _in_body(shape))

    def _field(self, indent: int, shape: Shape, made: str, path: Path) -> None:
        self._values += 1
        value, place = f"value_{self._values}", f"{made}[{shape.name!r}]"
        self._source.add(indent, f"{value} = {made}.get({shape.name!r})")
        if shape.repeated:
            number = self._values
            self._source.add(indent, f"if {value}.__class__ is list:", f"    {place} = several_{number} = []")
            self._source.add(indent + 1, f"for {value} in {value}:")
            self._one(indent + 2, shape, value, path, lambda text: f"several_{number}.append({text})")
        else:
            self._source.add(indent, f"if {value} is not None:")
            self._one(indent + 1, shape, value, path, lambda text: f"{place} = {text}")

    def _one(self, indent: int, shape: Shape, value: str, path: Path, put: Callable[[str], str]) -> None:
        """The lines for one object or leaf, and the one by which it is `put` where it belongs."""
        if shape.kind is Kind.OBJECT:
            made = f"made_{self._values}"
            self._source.add(indent, f"{made} = {{**{value}}}", put(made))
            self._fields(indent, shape, made, path)
        elif look := self._looks.get(path):
            self._source.add(indent, f"if not {self._source.naming(look)}({value}):", "    raise ValueError", put(value))
        else:
            self._source.add(indent, put(f"{self._leaves[shape.kind]}({value})"))
