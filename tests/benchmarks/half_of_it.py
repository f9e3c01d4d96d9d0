"""Half of the thirty-field mapping in other tools: the fields are moved and the codes looked up, nothing else is done.

All start from the document that the mapping starts from and end with one of the same form; `ready` is XSLT on a tree that
is ready before it starts, its result left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jmespath
from lxml import etree

from tests.benchmarks import thirty_fields

XSL = "http://www.w3.org/1999/XSL/Transform"


def moves(start: str) -> Iterator[tuple[str, str, str]]:
    """For each field on both sides: its path on the start, on the other side, and its code list ("" for none)."""
    side, other = (start, "waste" if start == "portal" else "portal")
    for row in thirty_fields.translation().spec.fields.values():
        if side in row.cells and other in row.cells:
            yield row.cells[side], row.cells[other], row.table or ""


def xslt_half(document: dict[str, Any], start: str, *, ready: bool = False) -> Callable[[], Any]:
    """A compiled transformation of the document, which it needs as an XML tree."""
    transform = etree.XSLT(etree.fromstring(_stylesheet(start)))
    tree = _tree(document)
    return (lambda: transform(tree)) if ready else lambda: _document(transform(_tree(document)).getroot())


def _tree(document: dict[str, Any]) -> etree._Element:
    root = etree.Element("root")
    _fill(root, document)
    return root


def _document(element: etree._Element) -> dict[str, Any]:
    return {child.tag: _document(child) if len(child) else child.text for child in element}


def _fill(element: etree._Element, document: dict[str, Any]) -> None:
    for name, value in document.items():
        child = etree.SubElement(element, name)
        if isinstance(value, dict):
            _fill(child, value)
        else:
            child.text = value


def _stylesheet(start: str) -> str:
    tree: dict[str, Any] = {}
    for source, target, codes in moves(start):
        *above, name = target.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[name] = _chosen(source.replace(".", "/"), codes, start)
    return f'<xsl:stylesheet version="1.0" xmlns:xsl="{XSL}"><xsl:template match="/root"><root>{_elements(tree)}</root></xsl:template></xsl:stylesheet>'  # noqa: E501


def _elements(tree: dict[str, Any]) -> str:
    return "".join(f"<{name}>{_elements(each) if isinstance(each, dict) else each}</{name}>" for name, each in tree.items())


def _chosen(path: str, codes: str, start: str) -> str:
    if not codes:
        return f'<xsl:value-of select="{path}"/>'
    pairs = thirty_fields.pairs(codes, start)
    cases = "".join(f"<xsl:when test=\"{path}='{here}'\">{there}</xsl:when>" for here, there in pairs.items())
    return f"<xsl:choose>{cases}</xsl:choose>"


def jmespath_half(document: dict[str, Any], start: str) -> Callable[[], Any]:
    """A compiled multiselect of the document; the codes are looked up in a dict that stands beside it."""
    tree: dict[str, Any] = {}
    for source, target, codes in moves(start):
        *above, name = target.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[name] = _looked_up(source, codes, start)
    expression = jmespath.compile(_multiselect(tree))
    return lambda: expression.search(document)


def _multiselect(tree: dict[str, Any]) -> str:
    each = (f"{name}: {_multiselect(below) if isinstance(below, dict) else below}" for name, below in tree.items())
    return "{" + ", ".join(each) + "}"


def _looked_up(path: str, codes: str, start: str) -> str:
    if not codes:
        return path
    return " || ".join(f"({path} == '{here}' && '{there}')" for here, there in thirty_fields.pairs(codes, start).items())
