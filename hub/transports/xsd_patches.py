"""Patches of connector.yaml made in the XML schemas themselves, before these are compiled: so the shape that mappings see,
the check of every message and the contract that the hub serves all say the same.

A patch corrects a declaration: where a complex type is used in several places, its field changes in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from hub.specs.connector import Patch
from hub.transports.known_schemas import XS
from hub.transports.schema_set import SchemaSet, Source
from hub.transports.wsdl_definitions import qname

_ELEMENT, _ATTRIBUTE = f"{{{XS}}}element", f"{{{XS}}}attribute"
_COMPLEX, _SIMPLE = f"{{{XS}}}complexType", f"{{{XS}}}simpleType"
_GROUPS = (f"{{{XS}}}group", f"{{{XS}}}attributeGroup")
_AROUND = tuple(f"{{{XS}}}{name}" for name in ("sequence", "choice", "all", "complexContent", "simpleContent"))
_DERIVED = (f"{{{XS}}}extension", f"{{{XS}}}restriction")
_RESTRICTION, _FACET = f"{{{XS}}}restriction", f"{{{{{XS}}}}}{{}}"
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class _Field:
    """A field where it is declared: `use` says how often it may stand, `declaration` what it is (they differ for a ref)."""

    use: etree._Element
    declaration: etree._Element
    source: Source


def apply_patches(gathered: SchemaSet, roots: Mapping[str, Mapping[str, str]], patches: Sequence[Patch]) -> None:
    """Changes the schemas as the patches say. `roots`: by operation and part, the document's element (Clark notation).

    A patch that leads nowhere, or that a schema cannot express, changes nothing: whoever reads the patched contract sees.
    """
    for patch in patches:
        root = roots.get(patch.operation, {}).get(patch.part)
        field = _Schemas(gathered).at(root, patch.at.split(".")) if root else None
        if field:
            _change(field, patch, gathered)
            gathered.touched(field.source.file, field.use)
            gathered.touched(field.source.file, field.declaration)


def _change(field: _Field, patch: Patch, gathered: SchemaSet) -> None:
    attribute = field.use.tag == _ATTRIBUTE
    if patch.required is not None and attribute:
        field.use.set("use", "required" if patch.required else "optional")
    elif patch.required is not None:
        field.use.set("minOccurs", "1" if patch.required else "0")
    if patch.repeated is not None and not attribute:
        field.use.set("maxOccurs", "unbounded" if patch.repeated else "1")
    if patch.nullable is not None and not attribute:
        field.declaration.set("nillable", "true" if patch.nullable else "false")
    if patch.values is not None or patch.longest is not None or patch.shortest is not None:
        kind = _own_type(field, _Schemas(gathered))
        if kind is not None:
            _set_facets(kind, patch)


def _own_type(field: _Field, schemas: _Schemas) -> etree._Element | None:
    """The outermost restriction of a simple type that is this field's alone; None where the field has no simple type."""
    declaration = field.declaration
    inline, named = declaration.find(_SIMPLE), qname(declaration, "type")
    found = schemas.named(_SIMPLE, named) if named else None
    made = etree.Element(_SIMPLE)
    restriction = etree.SubElement(made, _RESTRICTION)
    if inline is not None or found is not None:
        if not _copy(inline if inline is not None else found, into=restriction, schemas=schemas, prefix=declaration.prefix):
            return None
    elif named.startswith(f"{{{XS}}}") and named != f"{{{XS}}}anyType":
        restriction.set("base", _prefixed(named, declaration.prefix))
    else:
        return None
    if inline is not None:
        declaration.remove(inline)
    declaration.attrib.pop("type", "")
    before = [each for each in declaration if each.tag == f"{{{XS}}}annotation"]
    declaration.insert(len(before), made)
    return restriction


def _copy(kind: etree._Element | None, *, into: etree._Element, schemas: _Schemas, prefix: str | None) -> bool:
    """Writes a simple type, with those that it restricts, inside a restriction; not possible for lists and unions."""
    told = kind.find(_RESTRICTION) if kind is not None else None
    if told is None:
        return False
    inner = etree.SubElement(etree.SubElement(into, _SIMPLE), _RESTRICTION)
    base = qname(told, "base")
    if base.startswith(f"{{{XS}}}"):
        inner.set("base", _prefixed(base, prefix))
    elif not _copy(schemas.named(_SIMPLE, base) if base else told.find(_SIMPLE), into=inner, schemas=schemas, prefix=prefix):
        return False
    for facet in told.iterchildren():
        if facet.tag not in (_SIMPLE, f"{{{XS}}}annotation"):
            etree.SubElement(inner, facet.tag).attrib.update(facet.attrib)
    return True


def _set_facets(restriction: etree._Element, patch: Patch) -> None:
    """Replaces the facets that the patch speaks of, on every step of the type."""
    wanted = {
        "enumeration": list(patch.values) if patch.values is not None else None,
        "maxLength": [str(patch.longest)] if patch.longest is not None else None,
        "minLength": [str(patch.shortest)] if patch.shortest is not None else None,
    }
    gone = {name for name, values in wanted.items() if values is not None}
    if gone & {"maxLength", "minLength"}:
        gone.add("length")
    for step in list(restriction.iter(_RESTRICTION)):
        for facet in [each for name in gone for each in step.iterchildren(_FACET.format(name))]:
            step.remove(facet)
    for name, values in wanted.items():
        for value in values or ():
            etree.SubElement(restriction, _FACET.format(name), value=value)


def _prefixed(name: str, prefix: str | None) -> str:
    """A type of XML Schema itself, as it is written beside an element that has this prefix."""
    local = name.rpartition("}")[2]
    return f"{prefix}:{local}" if prefix else local


class _Schemas:
    """Finds declarations in a set of schemas, as their files have them."""

    def __init__(self, gathered: SchemaSet) -> None:
        self._set = gathered

    def at(self, root: str, names: list[str]) -> _Field | None:
        """The field at a path below the global element `root`."""
        found = self.global_one(_ELEMENT, root)
        field = _Field(found[0], found[0], found[1]) if found else None
        for name in names:
            if name == "#text":
                break
            field = next((each for each in self._fields(field) if _called(each) == name), None) if field else None
        return field

    def named(self, tag: str, name: str) -> etree._Element | None:
        """The global component of that kind and name."""
        found = self.global_one(tag, name)
        return found[0] if found else None

    def global_one(self, tag: str, name: str) -> tuple[etree._Element, Source] | None:
        """The global component of that kind and name (Clark notation), with the schema that it stands in."""
        space, _, local = name.rpartition("}")
        for source in self._set.sources:
            if space.removeprefix("{") in source.spaces:
                for each in source.element.iterchildren(tag):
                    if each.get("name") == local:
                        return each, source
        return None

    def _fields(self, field: _Field) -> Iterator[_Field]:
        """The attributes and elements inside a field."""
        inline, named = field.declaration.find(_COMPLEX), qname(field.declaration, "type")
        if inline is not None:
            yield from self._inside(inline, field.source, 0)
        elif named and (found := self.global_one(_COMPLEX, named)):
            yield from self._inside(*found, 0)

    def _inside(self, holder: etree._Element, source: Source, depth: int) -> Iterator[_Field]:
        if depth > _DEEPEST:
            return
        for each in holder.iterchildren(_ELEMENT, _ATTRIBUTE, *_GROUPS, *_AROUND, *_DERIVED):
            if each.tag in (_ELEMENT, _ATTRIBUTE):
                yield self._field(each, source)
            elif each.tag in _GROUPS:
                found = self.global_one(str(each.tag), qname(each, "ref"))
                yield from self._inside(*found, depth + 1) if found else ()
            else:
                yield from self._inside(each, source, depth + 1)
                if each.tag in _DERIVED and (base := self.global_one(_COMPLEX, qname(each, "base"))):
                    yield from self._inside(*base, depth + 1)

    def _field(self, use: etree._Element, source: Source) -> _Field:
        found = self.global_one(str(use.tag), qname(use, "ref")) if use.get("ref") else None
        return _Field(use, *found) if found else _Field(use, use, source)


def _called(field: _Field) -> str:
    name = str(field.declaration.get("name", "") or field.declaration.get("ref", "").rpartition(":")[2])
    return f"@{name}" if field.use.tag == _ATTRIBUTE else name
