"""XML whose values all stand in an attribute (`<Exer V="2026"/>`): such an element is a field like any other."""

from __future__ import annotations

from dataclasses import replace

from hub.contract import Check, Kind, Part, Shape
from hub.errors import Problem


def with_values_in(part: Part, attribute: str) -> Part:
    """The part in which every element that has nothing but this attribute is a leaf, and holds its value there."""
    children = tuple(_turned(child, attribute) for child in part.shape.children)
    check = _shortened(part.check, f".@{attribute}")
    return replace(part, shape=replace(part.shape, children=children), check=check)


def _turned(shape: Shape, attribute: str) -> Shape:
    only = shape.children[0] if len(shape.children) == 1 else None
    if shape.kind is not Kind.OBJECT or only is None or only.name != f"@{attribute}" or only.namespace:
        return replace(shape, children=tuple(_turned(child, attribute) for child in shape.children))
    return replace(
        only,
        name=shape.name,
        namespace=shape.namespace,
        required=shape.required,
        repeated=shape.repeated,
        note=shape.note or only.note,
        held_in=attribute,
    )


def _shortened(check: Check, ending: str) -> Check:
    """The same check, which speaks of fields by the paths that they now have."""

    def held_against(data: bytes) -> tuple[Problem, ...]:
        return tuple(replace(problem, path=problem.path.removesuffix(ending)) for problem in check(data))

    return held_against
