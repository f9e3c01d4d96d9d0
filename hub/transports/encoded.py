"""An encoded message (SOAP section 5, as clients of 2009 write it) made plain: references resolved, arrays as lists, fields
in the contract's order, without the types that stand beside the values. It is then held against the contract like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from hub.codecs.safe_xml import parse
from hub.contract import Shape
from hub.errors import MessageError, Text
from hub.transports.known_schemas import ENCODINGS

DEPTH = 64
ELEMENTS = 50_000
"""A few references can stand for millions of elements: at most so many are written."""

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_ENVELOPES = ("{http://schemas.xmlsoap.org/soap/envelope/}", "{http://www.w3.org/2003/05/soap-envelope}")
_OWN = tuple(f"{{{space}}}" for space in ENCODINGS)
_NIL = f"{_XSI}nil"
_PARTIAL = frozenset(f"{space}{name}" for space in _OWN for name in ("offset", "position"))


def plain(payload: etree._Element, shape: Shape, *, beside: Iterable[etree._Element] = ()) -> bytes:
    """The element of an encoded message as the same content written plainly, for the shape of its contract; `beside` are the
    other elements of the body, to which it may refer. MessageError for a reference that leads nowhere, round in a circle or
    to too much."""
    writer = _Writer(_by_id((payload, *beside)))
    root = etree.Element(payload.tag)
    writer.fill(root, payload, shape, trail=())
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def styled(payload: bytes, envelope: str) -> bytes:
    """The element of an answer, said to be encoded: what is written plainly is so too, as types may be left out. `envelope`
    is the namespace of the envelope around it."""
    root = etree.fromstring(etree.tostring(parse(payload)))
    root.set(f"{{{envelope}}}encodingStyle", ENCODINGS[_ENVELOPES.index(f"{{{envelope}}}")])
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def _by_id(roots: Iterable[etree._Element]) -> Mapping[str, etree._Element]:
    found: dict[str, etree._Element] = {}
    for root in roots:
        for each in root.iter():
            for name in filter(None, (each.get("id"), *(each.get(f"{space}id") for space in _OWN))):
                if name in found:
                    raise _refusal("encoded-reference", _TWICE)
                found[name] = each
    return found


@dataclass(slots=True)
class _Writer:
    """Writes one message, counting what it writes."""

    ids: Mapping[str, etree._Element]
    written: int = field(default=0)

    def fill(
        self, made: etree._Element, given: etree._Element, shape: Shape | None, *, trail: tuple[etree._Element, ...]
    ) -> None:
        """Gives `made` the attributes and the content of `given`, or of what that refers to."""
        self.written += 1
        found = self._meant(given)
        if self.written > ELEMENTS or len(trail) >= DEPTH:
            raise _refusal("too-large", _TOO_MUCH)
        if found in trail:
            raise _refusal("encoded-reference", _CIRCLE)
        _copy_attributes(found, made)
        made.text = found.text
        for child, form in _in_order(found, shape):
            if not _is_left_out(child, form):
                below = etree.SubElement(made, _name(child, form))
                self.fill(below, child, form, trail=(*trail, found))
                below.tail = child.tail

    def _meant(self, given: etree._Element) -> etree._Element:
        """The element itself, or the one that it refers to."""
        for _ in range(DEPTH):  # a reference may lead to a reference, and these round in a circle
            reference = given.get("href") or next((said for space in _OWN if (said := given.get(f"{space}ref"))), "")
            if not reference:
                return given
            found = self.ids.get(reference.removeprefix("#")) if reference.startswith("#") else None
            if found is None:
                raise _refusal("encoded-reference", _NOWHERE)
            given = found
        raise _refusal("encoded-reference", _CIRCLE)


def _copy_attributes(found: etree._Element, made: etree._Element) -> None:
    """All but what SOAP's encoding adds: types, ids, sizes of arrays."""
    for name, value in found.attrib.items():
        said = str(name)
        if said in _PARTIAL and value not in ("", "[0]"):
            raise _refusal("encoded-reference", _PART_OF_ARRAY)
        ours = said.startswith((*_OWN, *_ENVELOPES)) or (said.startswith(_XSI) and said != _NIL)
        if not ours and said not in ("id", "href", "root"):
            made.set(said, str(value))


def _in_order(found: etree._Element, shape: Shape | None) -> list[tuple[etree._Element, Shape | None]]:
    """The children with their shapes: fields by their local names, whatever namespace a client gives them, in the contract's
    order; the items of an array by their place."""
    children = [child for child in found if isinstance(child.tag, str)]
    fields = [each for each in (shape.children if shape else ()) if not each.name.startswith(("@", "#"))]
    if len(fields) == 1 and fields[0].repeated and _is_array(found, fields[0]):
        return [(child, fields[0]) for child in children]
    places = {each.name: place for place, each in enumerate(fields)}
    named = [(child, places.get(etree.QName(child).localname)) for child in children]
    ordered = sorted(named, key=lambda pair: len(fields) if pair[1] is None else pair[1])
    return [(child, None if place is None else fields[place]) for child, place in ordered]


def _is_array(found: etree._Element, item: Shape) -> bool:
    told = any(found.get(f"{space}{name}") for space in _OWN for name in ("arrayType", "itemType", "arraySize"))
    return told or any(etree.QName(child).localname != item.name for child in found)


def _is_left_out(child: etree._Element, shape: Shape | None) -> bool:
    """A field without a value that the contract lets be left out, and not be there without one."""
    return child.get(_NIL) in ("true", "1") and shape is not None and not shape.required and not shape.nullable


def _name(child: etree._Element, shape: Shape | None) -> str:
    if shape is None:
        return str(child.tag)
    return f"{{{shape.namespace}}}{shape.name}" if shape.namespace else shape.name


def _refusal(kind: str, text: Text) -> MessageError:
    return MessageError(text, status=400, kind=kind)


_TWICE = Text(en="Two elements have the same id.", fr="Deux éléments ont le même id.")
_NOWHERE = Text(
    en="An href names no element of this message: only #id of an element in the same body is taken.",
    fr="Un href ne désigne aucun élément de ce message : seul #id d'un élément du même corps est admis.",
)
_CIRCLE = Text(en="The references run in a circle.", fr="Les références tournent en rond.")
_TOO_MUCH = Text(
    en=f"Too much: at most {DEPTH} levels and {ELEMENTS} elements, references resolved.",
    fr=f"Trop volumineux : au plus {DEPTH} niveaux et {ELEMENTS} éléments, références résolues.",
)
_PART_OF_ARRAY = Text(
    en="Arrays are taken whole: without soapenc:offset or soapenc:position.",
    fr="Les tableaux sont admis entiers : sans soapenc:offset ni soapenc:position.",
)
