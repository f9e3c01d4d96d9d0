"""Paths through shapes and rows: which field of a contract a cell speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.contract import Kind, Shape
from hub.specs.mapping import Row

LINE_TEXT = "#text"
"""The cell of a line that is a text and not an object."""

_OPEN = Shape(name="", kind=Kind.ANY, open=True)


def path_of(row: Row, side: str) -> str:
    """The path of a row or group on a side; "" if it has none there."""
    return row.each.get(side) or row.cells.get(side, "")


def cells_of(rows: Mapping[str, Row], side: str, *, within: str = "", above: str = "") -> Iterator[tuple[str, str, Row]]:
    """Every row of `side`, lines of groups included: full name, full path, row."""
    for name, row in rows.items():
        path = path_of(row, side)
        if path:
            yield f"{within}{name}", f"{above}{path}", row
        if row.each and path:
            yield from cells_of(row.fields, side, within=f"{within}{name}.", above=f"{above}{path}.")


def shape_at(shape: Shape, path: str) -> Shape | None:
    """The shape at `path` ("" is the shape itself); open content has any path below it; None where there is no field."""
    found: Shape | None = shape
    for name in path.split(".") if path else ():
        if found is None:
            return None
        found = found.child(name) or _without_child(found, name)
    return found


def _without_child(shape: Shape, name: str) -> Shape | None:
    if shape.open or shape.kind is Kind.ANY:
        return _OPEN
    return shape if name == LINE_TEXT and not shape.children else None


def all_paths(shape: Shape, prefix: str = "") -> list[str]:
    """Every path of a shape, containers before what they hold, in the contract's order."""
    found: list[str] = []
    for child in shape.children:
        path = f"{prefix}.{child.name}" if prefix else child.name
        found += [path, *all_paths(child, path)]
    return found


def lists_on(shape: Shape, path: str) -> list[str]:
    """The repeated fields on the way along `path`, itself included: their paths, outermost first."""
    names = path.split(".")
    prefixes = [".".join(names[:end]) for end in range(1, len(names) + 1)]
    return [prefix for prefix in prefixes if (found := shape.at(prefix)) is not None and found.repeated]
