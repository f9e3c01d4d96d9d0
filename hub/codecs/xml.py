"""XML elements to documents and back, guided by a contract's shape: order, namespaces, lists, xsi:nil come from there.

`parse` (see `safe_xml`) is the only way in for bytes. An xs:any is the child `#any` and an element of open content a
leaf of kind ANY: both hold canonical XML (exclusive C14N) as text. Facets are not checked here: that is the Check's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from hub.codecs import surprises, xml_steps
from hub.codecs.safe_xml import parse
from hub.codecs.xml_steps import cleaned, tag_of
from hub.contract import Document, Kind, Shape
from hub.errors import MessageError, Text

__all__ = ["XmlCodec", "build", "parse", "read", "write"]

XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NIL = f"{{{XSI}}}nil"
_TYPE = f"{{{XSI}}}type"
_WELL_KNOWN = {"http://www.w3.org/XML/1998/namespace": "xml", XSI: "xsi"}


@dataclass(frozen=True, slots=True)
class Form:
    """A shape made ready for XML: its tag and what stands below it, looked up by tag."""

    shape: Shape
    tag: str
    children: Mapping[str, Form] = field(default_factory=dict)
    attributes: Mapping[str, Shape] = field(default_factory=dict)
    text: Shape | None = None
    any: Shape | None = None


class XmlCodec:
    """Reads and writes the XML of one shape. Made once, used for every message; each way is compiled at its first use."""

    def __init__(self, shape: Shape, *, encoding: str = "") -> None:
        self._shape = shape
        self._encoding = encoding

    @cached_property
    def _form(self) -> Form:
        return _form(self._shape)

    @cached_property
    def _namespaces(self) -> dict[str, str]:
        return _namespaces(self._shape)

    @cached_property
    def _read_quickly(self) -> xml_steps.Reader:
        return xml_steps.reader(self._shape)

    @cached_property
    def _write_quickly(self) -> xml_steps.Writer:
        return xml_steps.compiled(self._shape, self._namespaces)

    def read(self, data: bytes) -> Document:
        """The document inside the root element of these bytes."""
        return self.read_element(parse(data))

    def read_element(self, element: etree._Element) -> Document:
        """The document inside `element`, which must be the one that the shape names."""
        found = self._read_quickly(element)
        if found is not None:
            return found
        reader = _Reader()
        document = reader.document(element, self._form)
        surprises.refuse(reader.problems)
        return document

    def write(self, document: Document) -> bytes:
        """The element of this document, in UTF-8 without XML declaration, or in the codec's encoding and declared so.

        A letter that the encoding does not have is written as its number (`&#8364;`): no reader of XML sees a difference.
        """
        if not self._encoding:
            return self._write_quickly(document) or bytes(etree.tostring(self.build(document), encoding="UTF-8"))
        written: Any = etree.tostring(self.build(document), encoding=self._encoding, xml_declaration=True)
        return bytes(written)

    def build(self, document: Document) -> etree._Element:
        """The element of this document, with every namespace of the contract declared on it."""
        writer = _Writer()
        element = etree.Element(self._form.tag, nsmap=self._namespaces)
        writer.fill(element, self._form, document, "")
        surprises.refuse(writer.problems)
        return element


def read(element: etree._Element, shape: Shape) -> Document:
    """The document inside `element`. MessageError 422 with one Problem for each thing that the shape does not have."""
    return XmlCodec(shape).read_element(element)


def build(document: Document, shape: Shape) -> etree._Element:
    """The element of this document. MessageError 422 with one Problem for each thing that the shape does not have."""
    return XmlCodec(shape).build(document)


def write(document: Document, shape: Shape) -> bytes:
    """The element of this document, UTF-8, without XML declaration."""
    return XmlCodec(shape).write(document)


def _form(shape: Shape) -> Form:
    children: dict[str, Form] = {}
    attributes: dict[str, Shape] = {}
    for child in shape.children:
        if child.location or child.name.startswith("#") or child.name == "@*":
            continue
        if child.name.startswith("@"):
            attributes[tag_of(child)] = child
        else:
            children[tag_of(child)] = _form(child)
    return Form(shape, tag_of(shape), children, attributes, shape.child("#text"), shape.child("#any"))


def _namespaces(shape: Shape) -> dict[str, str]:
    """Prefix -> namespace for all that the shape can need, ns0 first."""
    found: dict[str, str] = {}
    _collect(shape, found)
    return {prefix: uri for uri, prefix in found.items() if prefix != "xml"}


def _collect(shape: Shape, found: dict[str, str]) -> None:
    uris = [shape.namespace] if shape.namespace else []
    if shape.nullable:
        uris.append(XSI)
    for uri in uris:
        if uri not in found:
            ours = sum(prefix.startswith("ns") for prefix in found.values())
            found[uri] = _WELL_KNOWN.get(uri, f"ns{ours}")
    for child in shape.children:
        _collect(child, found)


class _Reader:
    """Walks an element beside its form and gathers every surprise."""

    def __init__(self) -> None:
        self.problems = surprises.Problems()

    def document(self, element: etree._Element, form: Form) -> dict[str, Any]:
        if element.tag != form.tag:
            self.problems.append(
                surprises.unknown(etree.QName(element).localname, Shape("", Kind.OBJECT, children=(form.shape,)))
            )
            return {}
        return self._fields(element, form, "")

    def _value(self, element: etree._Element, form: Form, path: str) -> Any:
        kind = form.shape.kind
        if form.shape.held_in:
            return self._held(element, form.shape, path)
        if element.get(_NIL) in ("true", "1") and not form.text and not self._carries(element):
            return None
        if kind is Kind.OBJECT:
            return self._fields(element, form, path)
        if kind is Kind.ANY:
            return _kept(element)
        if len(element):
            self.problems.append(surprises.no_fields(path))
        return cleaned(element.text, kind)

    def _held(self, element: etree._Element, shape: Shape, path: str) -> str | None:
        """The value of an element that has nothing but the attribute that holds it."""
        self._refuse_text(element, path)
        for child in element:
            self.problems.append(surprises.unknown(surprises.below(path, etree.QName(child).localname), shape))
        for name, _ in _attributes(element):
            if name != shape.held_in and not name.startswith(f"{{{XSI}}}"):
                at = surprises.below(path, "@" + etree.QName(name).localname)
                self.problems.append(surprises.unknown(at, shape))
        value = element.get(shape.held_in)
        return None if value is None else cleaned(value, shape.kind)

    def _carries(self, element: etree._Element) -> bool:
        return any(not str(name).startswith(f"{{{XSI}}}") for name in element.attrib)

    def _fields(self, element: etree._Element, form: Form, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._attributes(element, form, path, found)
        if form.text:
            found["#text"] = self._text(element, form.text, path)
            return found
        self._refuse_text(element, path)
        strangers: list[etree._Element] = []
        for child in element:
            known = form.children.get(child.tag)
            if known is None:
                strangers.append(child)
            else:
                self._field(child, known, path, found)
        self._strangers(strangers, form, path, found)
        return found

    def _field(self, child: etree._Element, known: Form, path: str, found: dict[str, Any]) -> None:
        name = known.shape.name
        at = surprises.below(path, name)
        if known.shape.repeated:
            held = found.setdefault(name, [])
            held.append(self._value(child, known, f"{at}[{len(held) + 1}]"))
        elif name in found:
            self.problems.append(surprises.doubled(at))
        else:
            found[name] = self._value(child, known, at)

    def _attributes(self, element: etree._Element, form: Form, path: str, found: dict[str, Any]) -> None:
        for name, value in _attributes(element):
            known = form.attributes.get(name)
            if known is not None:
                found[known.name] = cleaned(value, known.kind)
            elif not name.startswith(f"{{{XSI}}}") and not form.shape.child("@*"):
                at = surprises.below(path, "@" + etree.QName(name).localname)
                self.problems.append(surprises.unknown(at, form.shape))

    def _text(self, element: etree._Element, shape: Shape, path: str) -> str | None:
        if len(element):
            self.problems.append(surprises.no_fields(path))
        if element.get(_NIL) in ("true", "1"):
            return None
        return cleaned(element.text, shape.kind)

    def _refuse_text(self, element: etree._Element, path: str) -> None:
        texts = [element.text, *(child.tail for child in element)]
        if any(text and text.strip(" \t\r\n") for text in texts):
            self.problems.append(surprises.no_text(path))

    def _strangers(self, strangers: list[etree._Element], form: Form, path: str, found: dict[str, Any]) -> None:
        if strangers and form.any:
            found["#any"] = "".join(_canonical(child) for child in strangers)
        elif not form.shape.open:
            names = [etree.QName(child).localname for child in strangers]
            self.problems.extend(surprises.unknown(surprises.below(path, name), form.shape) for name in names)


def _attributes(element: etree._Element) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in element.attrib.items()]


def _kept(element: etree._Element) -> str:
    """Open content as text: what is inside the element, or the whole element where only that loses nothing."""
    alone = len(element) == 1 and element[0].tag == element.tag
    if alone or any(name != _NIL for name in element.attrib):
        return _canonical(element)
    parts = [escape(element.text or "")]
    for child in element:
        parts += [_canonical(child), escape(child.tail or "")]
    return "".join(parts).replace("\r", "&#xD;")


def _canonical(element: etree._Element) -> str:
    """Exclusive C14N, which does not depend on where the element stands; prefixes used by xsi:type are kept."""
    prefixes = {value.partition(":")[0] for each in element.iter() if ":" in (value := each.get(_TYPE, ""))}
    try:
        return etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            inclusive_ns_prefixes=sorted(prefixes) or None,
            with_tail=False,
        ).decode("utf-8")
    except etree.C14NError:  # C14N 1 refuses relative namespace names, which are legal and exist
        return etree.tostring(element, method="c14n2", with_tail=False).decode("utf-8")


class _Writer:
    """Fills an element from a document in the contract's order and gathers every surprise."""

    def __init__(self) -> None:
        self.problems = surprises.Problems()

    def fill(self, element: etree._Element, form: Form, document: Document, path: str) -> None:
        if not isinstance(document, Mapping):
            self.problems.append(surprises.no_value(path))
            return
        shape = form.shape
        names = {child.name for child in shape.children}
        for name in document:
            if name not in names:
                self.problems.append(surprises.unknown(surprises.below(path, str(name)), shape))
        for tag, known in form.attributes.items():
            self._attribute(element, tag, document.get(known.name), surprises.below(path, known.name))
        if form.text:
            self._leaf(element, form.text, document.get("#text", ""), path)
        self._children(element, form, document, path)

    def _children(self, element: etree._Element, form: Form, document: Document, path: str) -> None:
        in_rows = {name for row in form.shape.rows for name in row}
        for tag, known in form.children.items():
            name = known.shape.name
            row = next((row for row in form.shape.rows if row[0] == name), None) if name in in_rows else None
            if row:
                self._rows(element, form, document, row, path)
            elif name in document and name not in in_rows:
                self._occurrences(element, tag, known, document[name], surprises.below(path, name))
        if form.any and document.get("#any"):
            self._pour(element, document["#any"], surprises.below(path, "#any"))

    def _rows(self, parent: etree._Element, form: Form, document: Document, row: tuple[str, ...], path: str) -> None:
        """Fields that repeat together: the first of each, then the second of each."""
        forms = {tag: known for tag, known in form.children.items() if known.shape.name in row}
        lists = {tag: document.get(known.shape.name) or [] for tag, known in forms.items()}
        for tag, held in lists.items():
            if not isinstance(held, list | tuple):
                self.problems.append(surprises.no_list(surprises.below(path, forms[tag].shape.name)))
                return
        for number in range(max(map(len, lists.values()))):
            for tag, held in lists.items():
                if number < len(held):
                    at = f"{surprises.below(path, forms[tag].shape.name)}[{number + 1}]"
                    self._one(parent, tag, forms[tag], held[number], at)

    def _occurrences(self, parent: etree._Element, tag: str, known: Form, value: Any, path: str) -> None:
        if not known.shape.repeated:
            self._one(parent, tag, known, value, path)
        elif value is None or isinstance(value, list | tuple):
            for number, each in enumerate(value or (), start=1):
                self._one(parent, tag, known, each, f"{path}[{number}]")
        else:
            self.problems.append(surprises.no_list(path))

    def _one(self, parent: etree._Element, tag: str, known: Form, value: Any, path: str) -> None:
        element = etree.SubElement(parent, tag)
        if known.shape.held_in:
            self._attribute(element, known.shape.held_in, value, path)
        elif value is None:
            if known.shape.nullable:
                element.set(_NIL, "true")
        elif known.shape.kind is Kind.OBJECT:
            self.fill(element, known, value, path)
        elif known.shape.kind is Kind.ANY:
            self._pour(element, value, path)
        else:
            self._leaf(element, known.shape, value, path)

    def _leaf(self, element: etree._Element, shape: Shape, value: Any, path: str) -> None:
        if value is None:
            if shape.nullable:
                element.set(_NIL, "true")
            return
        if not isinstance(value, str):
            self.problems.append(surprises.no_fields(path))
            return
        try:
            element.text = value
        except ValueError:
            self.problems.append(surprises.not_a(path, _XML_TEXT))

    def _attribute(self, element: etree._Element, tag: str, value: Any, path: str) -> None:
        if value is None:
            return
        if not isinstance(value, str):
            self.problems.append(surprises.no_fields(path))
            return
        try:
            element.set(tag, value)
        except ValueError:
            self.problems.append(surprises.not_a(path, _XML_TEXT))

    def _pour(self, element: etree._Element, kept: Any, path: str) -> None:
        """Puts canonical text back as what it was."""
        if not isinstance(kept, str):
            self.problems.append(surprises.no_fields(path))
            return
        try:
            held = parse(f"<any>{kept}</any>".encode())
        except (MessageError, UnicodeEncodeError):
            self.problems.append(surprises.not_a(path, _XML_CONTENT))
            return
        parent = element.getparent()
        whole = len(held) == 1 and held[0].tag == element.tag and not held.text and not held[0].tail
        if whole and parent is not None:
            parent.replace(element, held[0])
        else:
            _pour_content(held, element)


def _pour_content(source: etree._Element, target: etree._Element) -> None:
    if len(target):
        target[-1].tail = source.text
    else:
        target.text = source.text
    target.extend(list(source))


_XML_TEXT = Text(
    en="text that XML can carry (a control character)", fr="un texte que XML peut porter (caractère de contrôle)"
)
_XML_CONTENT = Text(en="well-formed XML content", fr="un contenu XML bien formé")
