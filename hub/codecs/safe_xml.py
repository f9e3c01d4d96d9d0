"""The hub's one way to parse XML that others wrote: what is refused, in which encodings, with which limits.

A message, a WSDL, a schema: all come through `parse`. What the elements mean is not known here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from xml.parsers import expat

from lxml import etree

from hub.errors import MessageError, Text

DEPTH = 64
ELEMENTS = 200_000
ATTRIBUTES = 256
NAMESPACES = 64

_DECLARED = re.compile(
    r"""<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')"""
    r"""(?:\s+encoding\s*=\s*(?:"([A-Za-z][\w.-]*)"|'([A-Za-z][\w.-]*)'))?"""
    r"""(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>""",
    re.ASCII,
)
_LONGEST_DECLARATION = 200
_LONGEST_TEXT = 10_000_000
"""libxml2 takes no longer one; what is longer as a whole is not read twice to find other words."""
_NOT_SIMPLE = ((b"!", b"<!"), (b"?", b"<?"), (b"#", b"&#"), (b"]", b"]]>"))
"""Each after a sign of it that is rare: to look for one sign costs a tenth."""
_ACCENT_IN_TAG = re.compile(rb"[\x80-\xff][^<>\x80-\xff]*>")

# What Python calls the encoding -> the family that two statements about one document must agree on.
_FAMILIES = {
    "utf-8": "utf-8",
    "ascii": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16",
    "utf-16-be": "utf-16",
    "iso8859-1": "iso8859-1",
    "iso8859-15": "iso8859-15",
    "cp1252": "cp1252",
}

_WORDS = {
    "no element found": "le document est vide ou coupé",
    "not well-formed (invalid token)": "un caractère n'est pas permis ici",
    "unclosed token": "une balise n'est pas fermée",
    "mismatched tag": "la balise fermante n'est pas celle qui était ouverte",
    "duplicate attribute": "un attribut est donné deux fois",
    "junk after document element": "il y a du texte après la fin du document",
    "undefined entity": "une entité n'est pas définie",
    "reference to invalid character number": "une référence désigne un caractère interdit",
    "XML or text declaration not at start of entity": "la déclaration XML n'est pas au début",
    "unclosed CDATA section": "une section CDATA n'est pas fermée",
}


class Parsed(bytes):
    """The bytes of an element of a document that was parsed here, and the element itself: `parse` gives it back, so nobody
    may change it."""

    root: etree._Element

    @classmethod
    def of(cls, element: etree._Element) -> Parsed:
        """The element alone, as UTF-8, with the namespaces that were declared around it."""
        made = cls(etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False))
        made.root = element
        return made


def parse(data: bytes, *, charset: str = "") -> etree._Element:
    """The root element, without comments and processing instructions, so that no text is split.

    `charset` is what the HTTP content type says, if anything. Refused, as MessageError with status 400, a kind, line
    and column, never content: DOCTYPE, entities, encodings other than UTF-8, UTF-16, ISO-8859-1/-15 and windows-1252,
    contradicting statements about it, over 64 levels, 200,000 elements, 256 attributes or 64 namespaces an element.
    """
    if isinstance(data, Parsed):
        return data.root
    plain = _as_utf8(data, charset)
    if plain.startswith(codecs.BOM_UTF8):
        raise refused("broken-xml", Text(en="Two byte order marks.", fr="Deux marques d'ordre des octets (BOM)."))
    if not _is_simple(plain):
        _scan(plain)
        return _tree(plain)
    try:
        return _tree(plain)
    except MessageError:
        if len(plain) <= _LONGEST_TEXT:
            _scan(plain)  # it knows better what is wrong, and where
        raise


def undeclared(text: str) -> bytes:
    """An XML document that stands in a text, as bytes for `parse`: what its declaration says of bytes is no more true.

    Blanks before the declaration are let pass, as they often stand there in a CDATA section.
    """
    text = text.removeprefix("\ufeff")
    before = len(text) - len(text.lstrip(" \t\r\n"))
    encoding, length = _declaration(text[before : before + _LONGEST_DECLARATION])
    if encoding:
        _known(encoding)
    return (text[:before] + " " * length + text[before + length :]).encode()


def refused(kind: str, text: Text, *, line: int = 1, column: int = 1) -> MessageError:
    """The refusal of a document, with its place."""
    return MessageError(
        Text(
            en=f"line {line}, column {column}: {text.en}",
            fr=f"ligne {line}, colonne {column} : {text.fr}",
        ),
        status=400,
        kind=kind,
    )


def _as_utf8(data: bytes, charset: str) -> bytes:
    """The same document as UTF-8; the declaration becomes blanks, so that lines and columns stay true."""
    marked, mark = _byte_order(data)
    data = data[mark:]
    head = data[: _LONGEST_DECLARATION * 2].decode(marked or "latin-1", errors="replace")
    declared, length = _declaration(head)
    encoding = _agreed(marked, charset, declared)
    if encoding == "utf-8":
        return b" " * length + data[length:] if length else data
    text = _decoded(data, encoding)
    return (" " * length + text[length:]).encode("utf-8", errors="strict")


def _byte_order(data: bytes) -> tuple[str, int]:
    """The encoding that the first bytes prove ("" for none), and how many bytes of them are a mark."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8", 3
    if data.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", 2
    if data.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", 2
    if data.startswith(b"<\0"):
        return "utf-16-le", 0
    if data.startswith(b"\0<"):
        return "utf-16-be", 0
    return "", 0


def _declaration(head: str) -> tuple[str, int]:
    """The encoding that the XML declaration names, and the declaration's length."""
    if not head.startswith("<?xml") or head[5:6] not in " \t\r\n":
        return "", 0
    found = _DECLARED.match(head)
    if not found:
        raise refused("broken-xml", Text(en="The XML declaration is broken.", fr="La déclaration XML est mal formée."))
    return found[1] or found[2] or "", found.end()


def _agreed(marked: str, charset: str, declared: str) -> str:
    """The one encoding that the byte order mark, the content type and the declaration speak of."""
    said = [_known(name) for name in (marked, charset.strip("\"' "), declared) if name]
    families = {_FAMILIES[name] for name in said}
    if len(families) > 1:
        raise refused(
            "encoding-contradiction",
            Text(
                en="The first bytes, the content type and the XML declaration name different encodings.",
                fr="Les premiers octets, le type de contenu et la déclaration XML annoncent des encodages différents.",
            ),
        )
    if "utf-16" in families:
        return marked or said[0]
    return families.pop() if families else "utf-8"


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        found = ""
    if found not in _FAMILIES:
        raise refused(
            "encoding-not-accepted",
            Text(
                en="This encoding is not accepted. Accepted: UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, windows-1252.",
                fr="Cet encodage n'est pas accepté. Acceptés : UTF-8, UTF-16, ISO-8859-1, ISO-8859-15, windows-1252.",
            ),
        )
    return found


def _decoded(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as wrong:
        line, column = _place(data, wrong.start)
        raise refused(
            "broken-encoding",
            Text(
                en="A byte does not exist in the declared encoding.",
                fr="Un octet n'existe pas dans l'encodage annoncé.",
            ),
            line=line,
            column=column,
        ) from wrong
    if encoding == "iso8859-1":
        _refuse_mislabelled(data)
    return text


def _refuse_mislabelled(data: bytes) -> None:
    """Windows programs say ISO-8859-1 and send windows-1252: its quotes and euro sign would become control codes."""
    found = re.search(rb"[\x80-\x9f]", data)
    if found:
        line, column = _place(data, found.start())
        raise refused(
            "broken-encoding",
            Text(
                en="Declared as ISO-8859-1, but this byte is a control code there: is it windows-1252?",
                fr="Annoncé en ISO-8859-1, mais cet octet y est un code de contrôle : serait-ce du windows-1252 ?",
            ),
            line=line,
            column=column,
        )


def _place(data: bytes, position: int) -> tuple[int, int]:
    before = data[:position]
    return before.count(b"\n") + 1, position - (before.rfind(b"\n") + 1) + 1


def _is_simple(data: bytes) -> bool:
    """Whether it cannot reach a limit, and holds nothing that the two parsers would not judge alike: elements, attributes
    and text, at most 64 of each, and no declaration, comment, instruction, CDATA, numbered character or
    accented name."""
    return (
        data.count(b"<") - data.count(b"</") <= DEPTH
        and data.count(b"=") <= NAMESPACES
        and not any(rare in data and each in data for rare, each in _NOT_SIMPLE)
        and (data.isascii() or not _ACCENT_IN_TAG.search(data))
    )


def _scan(data: bytes) -> None:
    """Holds the document against the limits before any tree is built."""
    parser = expat.ParserCreate("UTF-8")
    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = _counters(parser)
    parser.StartDoctypeDeclHandler = lambda *_: _stop(
        parser,
        "dtd-forbidden",
        Text(en="A document type (DOCTYPE) is not accepted.", fr="Une déclaration DOCTYPE n'est pas acceptée."),
    )
    try:
        parser.Parse(data, True)
    except expat.ExpatError as wrong:
        words = expat.ErrorString(wrong.code) or "not well-formed"
        raise refused(
            "broken-xml",
            Text(
                en=f"This is not well-formed XML: {words}.",
                fr=f"Ce n'est pas du XML bien formé : {_WORDS.get(words, words)}.",
            ),
            line=wrong.lineno,
            column=wrong.offset + 1,
        ) from None


def _counters(parser: expat.XMLParserType) -> tuple[Callable[[str, list[str]], None], Callable[[str], None]]:
    depth = elements = 0

    def opened(_: str, attributes: list[str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > DEPTH or elements > ELEMENTS:
            _stop(parser, "too-large", _too_many())
        if len(attributes) > 2 * NAMESPACES:
            _count_attributes(parser, attributes)

    def closed(_: str) -> None:
        nonlocal depth
        depth -= 1

    return opened, closed


def _count_attributes(parser: expat.XMLParserType, attributes: list[str]) -> None:
    namespaces = sum(name.startswith("xmlns") for name in attributes[::2])
    if namespaces > NAMESPACES or len(attributes) // 2 > ATTRIBUTES:
        _stop(parser, "too-large", _too_many())


def _too_many() -> Text:
    return Text(
        en=f"Too much: at most {DEPTH} levels, {ELEMENTS} elements, {ATTRIBUTES} attributes "
        f"and {NAMESPACES} namespaces an element.",
        fr=f"Trop volumineux : au plus {DEPTH} niveaux, {ELEMENTS} éléments, {ATTRIBUTES} attributs "
        f"et {NAMESPACES} espaces de noms par élément.",
    )


def _stop(parser: expat.XMLParserType, kind: str, text: Text) -> None:
    raise refused(kind, text, line=parser.CurrentLineNumber, column=parser.CurrentColumnNumber + 1)


def _tree(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        encoding="UTF-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as wrong:
        raise _broken(*getattr(wrong, "position", (1, 1))) from None
    # libxml2 goes by what it said last: a warning after an undeclared prefix would let that pass.
    if len(parser.error_log) and (errors := parser.error_log.filter_from_errors()):
        raise _broken(errors[0].line, errors[0].column)
    return root


def _broken(line: int, column: int) -> MessageError:
    return refused(
        "broken-xml",
        Text(
            en="This is not well-formed XML: an undeclared prefix, a forbidden character, or a text over 10 MB.",
            fr="Ce n'est pas du XML bien formé : préfixe non déclaré, caractère interdit, texte de plus de 10 Mo.",
        ),
        line=line,
        column=column,
    )
