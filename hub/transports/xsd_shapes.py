"""Shapes from the components of an XML schema, as the library xmlschema presents them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from elementpath.regex import translate_pattern
from xmlschema.validators import XsdAnyAttribute, XsdAnyElement, XsdElement, XsdGroup, XsdList, XsdUnion

from hub.contract import Kind, Shape

XS = "{http://www.w3.org/2001/XMLSchema}"
LEVELS = 2
DEEPEST = 40
MOST_FIELDS = 20_000

_KINDS = {
    f"{XS}integer": Kind.INTEGER,
    f"{XS}decimal": Kind.DECIMAL,
    f"{XS}float": Kind.DECIMAL,
    f"{XS}double": Kind.DECIMAL,
    f"{XS}boolean": Kind.BOOLEAN,
    f"{XS}date": Kind.DATE,
    f"{XS}dateTime": Kind.DATETIME,
    f"{XS}time": Kind.TIME,
    f"{XS}base64Binary": Kind.BASE64,
}
_LONGEST_NOTE = 300


@dataclass(slots=True)
class _Children:
    """What stands in one element, as it is gathered: fields by name, choices, and whether names collide."""

    fields: dict[str, Shape] = field(default_factory=dict)
    choices: list[tuple[str, ...]] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    open: bool = False
    collides: bool = False

    def add(self, shape: Shape) -> None:
        """A name that comes again is the same field, repeated; in another namespace it cannot be told apart."""
        before = self.fields.get(shape.name)
        if before is None:
            self.fields[shape.name] = shape
        elif before.namespace != shape.namespace:
            self.collides = True
        else:
            self.fields[shape.name] = replace(before, repeated=True, required=before.required or shape.required)


@dataclass(frozen=True, slots=True)
class _Whole:
    """A complex type whose shape is the same wherever it stands, and how many fields that has."""

    kind: Any
    shape: Shape
    fields: int


class Shaper:
    """Makes the shapes of global elements of one contract. A type within itself is followed twice, then left open (ANY); one
    that ends by itself is made once, however often it is used."""

    def __init__(self, substitutions: dict[str, Any]) -> None:
        self._substitutions = substitutions
        self._left = 0
        self._cuts = 0
        self._whole: dict[tuple[int, bool], _Whole] = {}
        self._leaves: dict[int, tuple[Any, Shape]] = {}

    def payload(self, element: XsdElement) -> Shape:
        """The shape of a payload, always an OBJECT. A bare value is its child `#text`, open content its `#any`."""
        self._left = MOST_FIELDS
        shape = replace(self._element(element, ()), required=True, repeated=False)
        if shape.kind is Kind.OBJECT:
            return replace(shape, nullable=False)
        name = "#any" if shape.kind is Kind.ANY else "#text"
        inner = replace(shape, name=name, namespace="", required=name == "#text")
        return Shape(
            shape.name, Kind.OBJECT, required=True, namespace=shape.namespace, children=(inner,), open=name == "#any"
        )

    def _element(self, element: XsdElement, above: tuple[Any, ...]) -> Shape:
        self._left -= 1
        namespace, name = _split(element.name)
        shape = self._typed(element, name, above)
        return replace(
            shape,
            namespace=namespace,
            required=element.min_occurs > 0,
            repeated=element.max_occurs is None or element.max_occurs > 1,
            nullable=bool(element.nillable) and not shape.child("#text"),
            fixed=element.fixed,
            note=_note(element) or shape.note,
        )

    def _typed(self, element: XsdElement, name: str, above: tuple[Any, ...]) -> Shape:
        kind: Any = element.type
        if kind.is_simple():
            return self._leaf(name, kind)
        if kind.mixed or kind.name == f"{XS}anyType":
            return Shape(name, Kind.ANY, open=True)
        key = (id(kind), bool(element.nillable))
        whole = self._whole.get(key)
        if whole and whole.fields <= self._left:
            self._left -= whole.fields
            return replace(whole.shape, name=name)
        if sum(each is kind for each in above) >= LEVELS or len(above) > DEEPEST or self._left <= 0:
            self._cuts += 1
            return Shape(name, Kind.ANY, open=True)
        cuts, left = self._cuts, self._left
        shape = self._complex(name, kind, bool(element.nillable), (*above, kind))
        if self._cuts == cuts:
            self._whole[key] = _Whole(kind, shape, left - self._left)
        return shape

    def _leaf(self, name: str, kind: Any) -> Shape:
        """The shape of a simple type, made once."""
        known = self._leaves.get(id(kind))
        if known is None:
            known = self._leaves[id(kind)] = (kind, leaf(name, kind))  # with its type: no other can take over its id
        return replace(known[1], name=name)

    def _complex(self, name: str, kind: Any, nillable: bool, above: tuple[Any, ...]) -> Shape:
        children = _Children()
        for attribute in kind.attributes.values():
            self._attribute(attribute, children)
        if kind.has_simple_content():
            children.add(replace(self._leaf("#text", kind.content), required=True, nullable=nillable))
        elif isinstance(kind.content, XsdGroup):
            self._group(kind.content, children, above, required=True, repeated=False)
        if children.collides:
            return Shape(name, Kind.ANY, open=True, note=_note(kind))
        return Shape(
            name,
            Kind.OBJECT,
            children=tuple(children.fields.values()),
            choices=tuple(children.choices),
            rows=tuple(children.rows),
            open=children.open,
            note=_note(kind),
        )

    def _group(self, group: XsdGroup, into: _Children, above: tuple[Any, ...], *, required: bool, repeated: bool) -> None:
        if not repeated and _is_row(group):
            into.rows.append(tuple(_split(each.name)[1] for each in group))
        repeated = repeated or group.max_occurs is None or group.max_occurs > 1
        choice = group.model == "choice" and len(group) > 1
        needed = required and group.min_occurs > 0 and not choice
        alternatives = [
            name for particle in group if (name := self._particle(particle, into, above, required=needed, repeated=repeated))
        ]
        if choice and not repeated and len(alternatives) > 1:
            into.choices.append(tuple(alternatives))

    def _particle(self, particle: Any, into: _Children, above: tuple[Any, ...], *, required: bool, repeated: bool) -> str:
        """Adds one particle; gives the name that stands for it in a choice ("" for none)."""
        if particle.max_occurs == 0:
            return ""
        if isinstance(particle, XsdAnyElement):
            into.open = True
            into.add(Shape("#any", Kind.ANY))
            return ""
        if isinstance(particle, XsdGroup):
            return self._inner(particle, into, above, required=required, repeated=repeated)
        names = [
            self._field(element, into, above, required=required, repeated=repeated) for element in self._members(particle)
        ]
        if len(names) > 1 and not repeated:
            into.choices.append(tuple(names))
        return names[0] if names else ""

    def _inner(self, group: XsdGroup, into: _Children, above: tuple[Any, ...], *, required: bool, repeated: bool) -> str:
        """A group inside a group stands in a choice by its first obligatory field, or its first one."""
        self._group(group, into, above, required=required, repeated=repeated)
        elements = [each for each in group.iter_elements() if isinstance(each, XsdElement)]
        first = next((each for each in elements if each.min_occurs > 0), elements[0] if elements else None)
        return _split(first.name)[1] if first is not None else ""

    def _field(self, element: XsdElement, into: _Children, above: tuple[Any, ...], *, required: bool, repeated: bool) -> str:
        shape = self._element(element, above)
        shape = replace(shape, required=shape.required and required, repeated=shape.repeated or repeated)
        into.add(shape)
        return shape.name

    def _attribute(self, attribute: Any, into: _Children) -> None:
        if isinstance(attribute, XsdAnyAttribute):
            into.add(Shape("@*", Kind.ANY))
        elif attribute.use != "prohibited":
            namespace, name = _split(attribute.name)
            shape = self._leaf(f"@{name}", attribute.type)
            required = attribute.use == "required"
            into.add(replace(shape, namespace=namespace, required=required, fixed=attribute.fixed, note=_note(attribute)))

    def _members(self, element: XsdElement) -> list[XsdElement]:
        """The element itself, or those that may stand in for it (substitution group)."""
        others = sorted(self._substitutions.get(element.name, ()), key=lambda each: str(each.name))
        members = [each for each in others if not each.abstract]
        if not members:
            return [element]
        return members if element.abstract else [element, *members]


def _is_row(group: XsdGroup) -> bool:
    """Whether this is a sequence of several single elements that repeats as a whole."""
    many = group.max_occurs is None or group.max_occurs > 1
    single = all(isinstance(each, XsdElement) and each.max_occurs == 1 and not each.abstract for each in group)
    return many and single and group.model == "sequence" and len(group) > 1


def leaf(name: str, kind: Any) -> Shape:
    """The shape of a simple type: its kind and every facet of it and of the types that it restricts."""
    if isinstance(kind, XsdUnion):
        return _union(name, kind)
    chain = list(_chain(kind))
    if any(isinstance(each, XsdList) for each in chain):
        return Shape(name, Kind.TEXT, note=_note(kind))
    found = next((_KINDS[each.name] for each in chain if each.name in _KINDS), Kind.TEXT)
    if any(isinstance(each, XsdUnion) for each in chain):
        found = _union(name, next(each for each in chain if isinstance(each, XsdUnion))).kind
    return _with_facets(Shape(name, found, note=_note(kind)), chain)


def _chain(kind: Any) -> Iterable[Any]:
    """A simple type and the types that it restricts, the narrowest first."""
    while kind is not None and kind.name != f"{XS}anySimpleType":
        yield kind
        kind = kind.base_type


def _union(name: str, kind: XsdUnion) -> Shape:
    """What all members of a union have in common: the kind, else text; the values if each member lists its own."""
    members = [leaf(name, each) for each in kind.member_types]
    kinds = {member.kind for member in members}
    common = kinds.pop() if len(kinds) == 1 else Kind.TEXT
    listed = all(member.values for member in members)
    values = tuple(dict.fromkeys(value for member in members for value in member.values)) if listed else ()
    lengths = [member.longest for member in members if member.longest is not None]
    longest = max(lengths) if len(lengths) == len(members) and members else None
    return Shape(name, common, values=values, longest=longest, note=_note(kind))


def _with_facets(shape: Shape, chain: list[Any]) -> Shape:
    facets = [facet for each in chain for facet in _facets(each)]
    text = shape.kind is Kind.TEXT
    lengths = [int(value) for name, value in facets if name == "length"] if text else []
    shortest = [int(value) for name, value in facets if name == "minLength"] if text else []
    longest = [int(value) for name, value in facets if name == "maxLength"] if text else []
    digits = [int(value) for name, value in facets if name == "totalDigits"]
    decimals = [int(value) for name, value in facets if name == "fractionDigits"] if shape.kind is Kind.DECIMAL else []
    return replace(
        shape,
        values=_values(chain),
        patterns=_patterns(chain),
        shortest=max(lengths + shortest, default=None),
        longest=min(lengths + longest, default=None),
        digits=min(digits, default=None),
        decimals=min(decimals, default=None),
        lowest=_bound(shape.kind, facets, "minInclusive", "minExclusive", 1),
        highest=_bound(shape.kind, facets, "maxInclusive", "maxExclusive", -1),
    )


def _facets(kind: Any) -> list[tuple[str, str]]:
    """The plain facets of one restriction step, as (name, value in text)."""
    facets = getattr(kind, "facets", None) or {}
    return [
        (name.removeprefix(XS), facet.elem.get("value", ""))
        for name, facet in facets.items()
        if name and hasattr(facet, "elem") and facet.elem is not None
    ]


def _bound(kind: Kind, facets: list[tuple[str, str]], inclusive: str, exclusive: str, step: int) -> str:
    """The narrowest bound, which is the first one met; an exclusive bound is known for whole numbers only."""
    for name, value in facets:
        if name == inclusive:
            return value
        if name == exclusive and kind is Kind.INTEGER:
            return str(int(value) + step)
    return ""


def _values(chain: list[Any]) -> tuple[str, ...]:
    for each in chain:
        facet = (getattr(each, "facets", None) or {}).get(f"{XS}enumeration")
        if facet is not None:
            return tuple(element.get("value", "") for element in facet)
    return ()


def _patterns(chain: list[Any]) -> tuple[str, ...]:
    """One Python regular expression a step: within a step the schema's patterns are alternatives."""
    found: list[str] = []
    for each in chain:
        facet = (getattr(each, "facets", None) or {}).get(f"{XS}pattern")
        if facet is None or (each.name or "").startswith(XS):
            continue
        steps = [_python(element.get("value", "")) for element in facet]
        found.append(steps[0] if len(steps) == 1 else "|".join(f"(?:{step})" for step in steps))
    return tuple(found)


def _python(pattern: str) -> str:
    return str(translate_pattern(pattern, back_references=False, lazy_quantifiers=False, anchors=False))


def _split(name: str | None) -> tuple[str, str]:
    """A name in Clark notation as (namespace, local name)."""
    namespace, _, local = (name or "").rpartition("}")
    return namespace.removeprefix("{"), local


def _note(component: Any) -> str:
    """What the contract's author wrote about it, on one line."""
    annotation = getattr(component, "annotation", None)
    if annotation is None:
        return ""
    words = " ".join(" ".join(each.itertext()) for each in annotation.documentation)
    return " ".join(words.split())[:_LONGEST_NOTE]
