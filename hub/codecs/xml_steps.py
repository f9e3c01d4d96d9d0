"""A shape as steps that read elements, and that write XML as text: compiled once, for what is just as the shape says, and
silent about the rest.

What they do not know is for the careful way in `xml`, which judges it and finds the words; a test holds both equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from hub.contract import Document, Kind, Shape

Read = Callable[[etree._Element], Any]
Reader = Callable[[etree._Element], Document | None]
Write = Callable[[Any], str]
Writer = Callable[[Document], bytes | None]

_BLANKS = re.compile(r"[ \t\r\n]+")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character that XML cannot hold, not even by its number."""

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


class _Odd(Exception):
    """Something is not just as the shape says."""


def tag_of(shape: Shape) -> str:
    """The name of an element or attribute of this shape, in Clark notation."""
    name = shape.name.removeprefix("@")
    return f"{{{shape.namespace}}}{name}" if shape.namespace else name


def cleaned(text: str | None, kind: Kind) -> str:
    """The value of a leaf: whitespace is part of a text, and nothing in a number, a date or base64."""
    if not text or kind is Kind.TEXT or (" " not in text and text.isprintable()):
        return text or ""
    if kind is Kind.BASE64:
        return _BLANKS.sub("", text)
    return _BLANKS.sub(" ", text).strip(" ")


# -- reading ----------------------------------------------------------------------------------------------------------


def reader(shape: Shape) -> Reader:
    """Reads elements of `shape`; None for what it does not know: another root, attributes of XML Schema (xsi:nil), open
    content, and whatever the shape does not have."""
    if shape.kind is not Kind.OBJECT:
        return _nothing
    tag, read = tag_of(shape), _reading(shape)

    def found(element: etree._Element) -> Document | None:
        if element.tag != tag:
            return None
        try:
            document: Document = read(element)
        except _Odd:
            return None
        return document

    return found


def _reading(shape: Shape) -> Read:
    """The step that reads one element of `shape`."""
    if shape.held_in or shape.kind is Kind.ANY:
        return _odd
    return _reading_fields(shape) if shape.kind is Kind.OBJECT else _reading_leaf(shape.kind)


def _odd(_: etree._Element) -> Any:
    raise _Odd


def _reading_leaf(kind: Kind) -> Read:
    def read(element: etree._Element) -> str:
        if len(element) or element.items():
            raise _Odd
        return cleaned(element.text, kind)

    return read


def _reading_fields(shape: Shape) -> Read:
    own = [child for child in shape.children if not (child.location or child.name.startswith("#") or child.name == "@*")]
    attributes = {tag_of(child): child for child in own if child.name.startswith("@")}
    steps = {tag_of(child): (child.name, child.repeated, _reading(child)) for child in own if not child.name.startswith("@")}
    text = shape.child("#text")

    def read(element: etree._Element) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in element.items():
            known = attributes.get(str(name))
            if known is None:
                raise _Odd
            found[known.name] = cleaned(str(value), known.kind)
        if text:
            if len(element):
                raise _Odd
            found["#text"] = cleaned(element.text, text.kind)
        else:
            _refuse_text(element.text)
            _read_children(element, steps, found)
        return found

    return read


def _read_children(element: etree._Element, steps: Mapping[str, tuple[str, bool, Read]], found: dict[str, Any]) -> None:
    for child in element:
        known = steps.get(child.tag)
        if known is None:
            raise _Odd
        name, repeated, step = known
        if repeated:
            found.setdefault(name, []).append(step(child))
        elif name in found:
            raise _Odd
        else:
            found[name] = step(child)
        if tail := child.tail:
            _refuse_text(tail)


def _refuse_text(between: str | None) -> None:
    if between and between.strip(" \t\r\n"):
        raise _Odd


# -- writing ----------------------------------------------------------------------------------------------------------


def compiled(shape: Shape, prefixes: Mapping[str, str]) -> Writer:
    """Writes documents of `shape`, whose namespaces have these prefixes; None for what it does not know."""
    declared = "".join(f' xmlns:{prefix}="{uri.translate(_VALUE)}"' for prefix, uri in prefixes.items())
    names = {uri: f"{prefix}:" for prefix, uri in prefixes.items()}
    if shape.kind is not Kind.OBJECT:
        return _nothing
    try:
        write = _element(shape, names, declared=declared)
    except (_Odd, KeyError):  # KeyError: a namespace that needs no declaration
        return _nothing

    def written(document: Document) -> bytes | None:
        try:
            text = write(document)
        except _Odd:
            return None
        return None if NOT_XML.search(text) else text.encode()

    return written


def _nothing(_: Any) -> None:
    return None


def _element(shape: Shape, names: Mapping[str, str], *, declared: str = "") -> Write:
    """The step that writes one element of `shape`. Raises _Odd for a shape that takes more care."""
    if shape.held_in or shape.kind is Kind.ANY or shape.rows or shape.open:
        raise _Odd
    tag = _name(shape, names)
    empty, nil = f"<{tag}{declared}/>", f'<{tag}{declared} xsi:nil="true"/>'
    absent = nil if shape.nullable else empty
    fill = _fields(shape, names, f"<{tag}{declared}", f"</{tag}>") if shape.kind is Kind.OBJECT else None

    def write(value: Any) -> str:
        if value is None:
            return absent
        if fill:
            return fill(value)
        if not isinstance(value, str):
            raise _Odd
        return f"<{tag}>{value.translate(_TEXT)}</{tag}>"

    return write


def _fields(shape: Shape, names: Mapping[str, str], start: str, end: str) -> Write:
    attributes, children = _parts(shape, names)
    known = {name for name, _ in attributes} | {name for name, _, _ in children}

    def write(value: Any) -> str:
        if not isinstance(value, Mapping) or not value.keys() <= known:
            raise _Odd
        head = "".join([_attribute(written, value.get(name)) for name, written in attributes])
        inner = "".join([_all(step, value[name], repeated) for name, step, repeated in children if name in value])
        return f"{start}{head}>{inner}{end}" if inner else f"{start}{head}/>"

    return write


def _parts(shape: Shape, names: Mapping[str, str]) -> tuple[list[tuple[str, str]], list[tuple[str, Write, bool]]]:
    """The attributes with their written names, and the children with their steps, in the contract's order."""
    attributes: list[tuple[str, str]] = []
    children: list[tuple[str, Write, bool]] = []
    for child in shape.children:
        if child.location or child.name.startswith("#") or child.name == "@*":
            raise _Odd
        if child.name.startswith("@"):
            attributes.append((child.name, _name(child, names)))
        else:
            children.append((child.name, _element(child, names), child.repeated))
    if len({name for name, *_ in (*attributes, *children)}) != len(shape.children):
        raise _Odd
    return attributes, children


def _all(step: Write, value: Any, repeated: bool) -> str:
    if not repeated:
        return step(value)
    if value is None or isinstance(value, list | tuple):
        return "".join([step(each) for each in value or ()])
    raise _Odd


def _attribute(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f' {name}="{value.translate(_VALUE)}"'
    raise _Odd


def _name(shape: Shape, names: Mapping[str, str]) -> str:
    name = shape.name.removeprefix("@")
    return f"{names[shape.namespace]}{name}" if shape.namespace else name
