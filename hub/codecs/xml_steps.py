"""A shape as steps that write XML as text: compiled once, for what is just as the shape says, and silent about the rest.

What they do not know is for the careful way in `xml`, which judges it and finds the words; a test holds both equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hub.contract import Document, Kind, Shape

Write = Callable[[Any], str]
Writer = Callable[[Document], bytes | None]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


class _Odd(Exception):
    """Something is not just as the shape says."""


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
        return None if _NOT_XML.search(text) else text.encode()

    return written


def _nothing(_: Document) -> None:
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
