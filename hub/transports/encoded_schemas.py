"""Schemas of encoded messages (SOAP section 5) made into those of the same content written plainly: arrays become lists."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from hub.transports.known_schemas import ENCODINGS, XS
from hub.transports.schema_set import SchemaSet
from hub.transports.wsdl_definitions import WSDL, qname

_ARRAYS = frozenset(f"{{{space}}}Array" for space in ENCODINGS)
_ARRAY_TYPE = f"{{{WSDL}}}arrayType"
_ONE_ROW = re.compile(r"([^\[\]]+)\[\]")
_ITEM = "item"


def lists_for_arrays(gathered: SchemaSet) -> None:
    """Turns each type that restricts soapenc:Array to one row of a type into a sequence of elements of that type: under the
    name that the restriction gives them, or `item`. Other arrays are left, and hold anything."""
    for source in gathered.sources:
        for kind in source.element.iter(f"{{{XS}}}complexType"):
            content = kind.find(f"{{{XS}}}complexContent")
            restriction = None if content is None else content.find(f"{{{XS}}}restriction")
            if content is None or restriction is None or qname(restriction, "base") not in _ARRAYS:
                continue
            if (item := _item(restriction)) is not None:
                kind.replace(content, _sequence_of(item))


def _item(restriction: etree._Element) -> etree._Element | None:
    """The element that a row of the array holds."""
    named = next(restriction.iter(f"{{{XS}}}element"), None)
    told = next((each for each in restriction.iter(f"{{{XS}}}attribute") if each.get(_ARRAY_TYPE)), None)
    row = _ONE_ROW.fullmatch(told.get(_ARRAY_TYPE, "")) if told is not None else None
    if told is not None and row:
        return _element(told, named.get("name", _ITEM) if named is not None else _ITEM, row[1])
    if named is not None and named.get("name") and named.get("type"):
        return _element(named, named.get("name", ""), named.get("type", ""))
    return None


def _element(told: etree._Element, name: str, kind: str) -> etree._Element:
    """An element of a type whose prefix means what it means where it is told."""
    spaces: Any = told.nsmap
    return etree.Element(f"{{{XS}}}element", nsmap=spaces, name=name, type=kind)


def _sequence_of(item: etree._Element) -> etree._Element:
    for name, value in (("form", "unqualified"), ("nillable", "true"), ("minOccurs", "0"), ("maxOccurs", "unbounded")):
        item.set(name, value)
    sequence = etree.Element(f"{{{XS}}}sequence")
    sequence.append(item)
    return sequence
