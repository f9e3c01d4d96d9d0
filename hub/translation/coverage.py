"""How much of the contracts a mapping speaks of: for each side and operation, which fields have a row and which have not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hub.contract import Kind, Shape
from hub.translation.mapping import Translation
from hub.translation.paths import LINE_TEXT, cells_of


@dataclass(frozen=True, slots=True)
class Coverage:
    """The fields of one operation's document: with a row, declared ignored, given by the contract or the hub, forgotten."""

    side: str
    direction: str
    operation: str
    mapped: tuple[str, ...]
    ignored: tuple[str, ...]
    given: tuple[str, ...]
    forgotten: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many fields the contract has there."""
        return len(self.mapped) + len(self.ignored) + len(self.given) + len(self.forgotten)


def coverage_of(translation: Translation, filled: Mapping[str, Collection[str]]) -> tuple[Coverage, ...]:
    """The coverage of each side in each of its directions; `filled`: side -> paths that the hub itself fills."""
    return tuple(
        _coverage(translation, side, direction, shape, tuple(filled.get(side, ())))
        for side, shapes in translation.shapes.items()
        for direction, shape in shapes.items()
    )


def _coverage(translation: Translation, side: str, direction: str, shape: Shape, filled: tuple[str, ...]) -> Coverage:
    rows = {path.removesuffix(f".{LINE_TEXT}") for _, path, _ in cells_of(translation.spec.fields, side)}
    found: dict[str, list[str]] = {"mapped": [], "ignored": [], "given": [], "forgotten": []}
    for path, leaf in shape.leaves():
        if path in rows or (_is_open(leaf) and any(row.startswith(f"{path}.") for row in rows)):
            found["mapped"].append(path)
        elif leaf.fixed is not None or _is_below(path, filled):
            found["given"].append(path)
        elif _is_below(path, translation.spec.ignore.get(side, ())):
            found["ignored"].append(path)
        else:
            found["forgotten"].append(path)
    operation = translation.spec.between[side][direction]  # type: ignore[index]  # a direction that it was compiled for
    return Coverage(side, direction, operation, **{name: tuple(paths) for name, paths in found.items()})


def _is_open(leaf: Shape) -> bool:
    return leaf.open or leaf.kind is Kind.ANY


def _is_below(path: str, above: tuple[str, ...]) -> bool:
    return any(path == each or path.startswith(f"{each}.") for each in above)
