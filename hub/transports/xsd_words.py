"""What libxml2 found wrong in a document, in plain words of both languages: where, what, and what is accepted.

Never a value of the document: those are people's data.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from hub.codecs.surprises import MOST
from hub.contract import Kind, Shape
from hub.errors import Problem, Text

_STEP = re.compile(r"(?:\w[\w.-]*:)?(\*|\w[\w.-]*)(?:\[(\d+)\])?\Z")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( (.*?) \)")
_FIXED = re.compile(r"fixed value constraint '([^']*)'")
_ECHO = "No precomputed value available"
_WORDS = (
    (
        "Character content other than whitespace",
        Text(
            en="text stands between its fields, where none is expected.",
            fr="du texte se trouve entre ses champs, là où rien n'est attendu.",
        ),
    ),
    ("because the content type is empty", Text(en="must be empty.", fr="doit être vide.")),
    (
        "Element content is not allowed",
        Text(en="holds fields, where a value is expected.", fr="contient des champs, là où une valeur est attendue."),
    ),
    (
        "The type definition is abstract",
        Text(
            en="its type is only a frame: xsi:type must say which it is.",
            fr="son type n'est qu'un cadre : xsi:type doit dire lequel c'est.",
        ),
    ),
    (
        "xsi:type attribute",
        Text(en="its xsi:type is not a type of the contract.", fr="son xsi:type n'est pas un type du contrat."),
    ),
    (
        "demanded by the strict wildcard",
        Text(en="no schema of the contract declares this element.", fr="aucun schéma du contrat ne déclare cet élément."),
    ),
    (
        "identity-constraint",
        Text(
            en="the same key stands twice, or refers to one that is not there.",
            fr="la même clé figure deux fois, ou renvoie à une clé absente.",
        ),
    ),
)
"""What libxml2 says, by words that stand in it."""
_ATTRIBUTE = re.compile(r"[Tt]he attribute '(?:\{.*?\})?([\w.-]+)'|attribute '(?:\{.*?\})?([\w.-]+)'")
_FACETS = {
    "SCHEMAV_CVC_ENUMERATION_VALID",
    "SCHEMAV_CVC_MAXLENGTH_VALID",
    "SCHEMAV_CVC_MINLENGTH_VALID",
    "SCHEMAV_CVC_LENGTH_VALID",
    "SCHEMAV_CVC_PATTERN_VALID",
    "SCHEMAV_CVC_MININCLUSIVE_VALID",
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID",
    "SCHEMAV_CVC_MINEXCLUSIVE_VALID",
    "SCHEMAV_CVC_MAXEXCLUSIVE_VALID",
    "SCHEMAV_CVC_TOTALDIGITS_VALID",
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID",
}
_TYPE_ERRORS = {
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_2",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_3",
}

_KINDS = {
    Kind.TEXT: Text(en="a text", fr="un texte"),
    Kind.INTEGER: Text(en="a whole number", fr="un nombre entier"),
    Kind.DECIMAL: Text(en="a number, with a point before its decimals", fr="un nombre, avec un point avant les décimales"),
    Kind.BOOLEAN: Text(en="true or false", fr="true ou false"),
    Kind.DATE: Text(en="a date such as 2026-03-31", fr="une date telle que 2026-03-31"),
    Kind.DATETIME: Text(
        en="a date and time such as 2026-03-31T14:05:00", fr="une date et heure telle que 2026-03-31T14:05:00"
    ),
    Kind.TIME: Text(en="a time such as 14:05:00", fr="une heure telle que 14:05:00"),
    Kind.BASE64: Text(en="base64", fr="du base64"),
    Kind.OBJECT: Text(en="fields", fr="des champs"),
    Kind.ANY: Text(en="any content", fr="un contenu libre"),
}


def problems(root: etree._Element, shape: Shape, log: Any) -> tuple[Problem, ...]:
    """One Problem for each thing that libxml2 reports, up to so many as are told; its second line about one value is left
    out."""
    found: list[Problem] = []
    spoken: set[str] = set()
    for entry in log:
        if len(found) >= MOST:
            break
        if _ECHO in entry.message:
            continue
        if entry.type_name in _FACETS:
            spoken.add(entry.path)
        elif entry.type_name in _TYPE_ERRORS and entry.path in spoken:
            continue
        found.append(_problem(root, shape, entry))
    return tuple(found)


def _problem(root: etree._Element, shape: Shape, entry: Any) -> Problem:
    path = _dotted(root, entry.path or "")
    attribute = _ATTRIBUTE.search(entry.message)
    if attribute and entry.type_name in _FACETS | _TYPE_ERRORS:
        path = f"{path}.@{attribute[1] or attribute[2]}".lstrip(".")
    place = path or shape.name
    at = _shape_at(shape, path)
    match entry.type_name:
        case "SCHEMAV_ELEMENT_CONTENT":
            return _content(entry.message, path, place)
        case "SCHEMAV_CVC_COMPLEX_TYPE_4":
            return _attribute_missing(attribute, path, place)
        case "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1" | "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2":
            return _attribute_unknown(attribute, path, place)
        case "SCHEMAV_CVC_ENUMERATION_VALID" if at and at.values:
            return _outside(at, path, place)
        case "SCHEMAV_CVC_ELT_3_1" | "SCHEMAV_CVC_ELT_3_2_1":
            return _said(path, place, "must have a value.", "une valeur est obligatoire.")
        case name if at and name in _FACETS:
            return _facet(name, at, path, place)
        case name if at and name in _TYPE_ERRORS:
            return _type(at, path, place)
    return _other(entry, path, place)


def _said(path: str, place: str, en: str, fr: str, accepted: tuple[str, ...] = ()) -> Problem:
    return Problem(Text(en=f"{place}: {en}", fr=f"{place} : {fr}"), path=path, accepted=accepted)


def _content(message: str, path: str, place: str) -> Problem:
    expected = tuple(name.strip().rpartition("}")[2] for name in _expected(message))
    names = ", ".join(expected)
    if message.startswith("Element") and "Missing child" in message:
        return _said(path, place, f"incomplete, expected here: {names}.", f"incomplet, attendu ici : {names}.", expected)
    if expected:
        return _said(
            path,
            place,
            f"not expected here; expected here: {names}.",
            f"n'est pas attendu ici ; attendu ici : {names}.",
            expected,
        )
    return _said(path, place, "not expected here.", "n'est pas attendu ici.")


def _expected(message: str) -> list[str]:
    found = _EXPECTED.search(message)
    return [name for name in found[1].split(", ") if name] if found else []


def _attribute_missing(attribute: re.Match[str] | None, path: str, place: str) -> Problem:
    name = (attribute[1] or attribute[2]) if attribute else "?"
    at = f"{path}.@{name}".lstrip(".")
    return _said(at, place, f"the attribute {name} is missing.", f"l'attribut {name} manque.")


def _attribute_unknown(attribute: re.Match[str] | None, path: str, place: str) -> Problem:
    name = (attribute[1] or attribute[2]) if attribute else "?"
    at = f"{path}.@{name}".lstrip(".")
    return _said(at, place, f"the attribute {name} is not in the contract.", f"l'attribut {name} n'est pas au contrat.")


def _outside(shape: Shape, path: str, place: str) -> Problem:
    values = ", ".join(shape.values[:20]) + (", ..." if len(shape.values) > 20 else "")
    return _said(
        path,
        place,
        f"not one of the accepted values: {values}.",
        f"valeur non prévue ; acceptées : {values}.",
        shape.values,
    )


def _facet(name: str, shape: Shape, path: str, place: str) -> Problem:
    match name:
        case "SCHEMAV_CVC_MAXLENGTH_VALID" if shape.longest is not None:
            return _said(path, place, f"at most {shape.longest} characters.", f"{shape.longest} caractères au plus.")
        case "SCHEMAV_CVC_MINLENGTH_VALID" if shape.shortest is not None:
            return _said(path, place, f"at least {shape.shortest} characters.", f"{shape.shortest} caractères au moins.")
        case "SCHEMAV_CVC_LENGTH_VALID" if shape.longest is not None:
            return _said(path, place, f"exactly {shape.longest} characters.", f"exactement {shape.longest} caractères.")
        case "SCHEMAV_CVC_PATTERN_VALID":
            forms = " & ".join(shape.patterns)
            return _said(path, place, f"must look like {forms}.", f"doit avoir la forme {forms}.", shape.patterns)
        case "SCHEMAV_CVC_MININCLUSIVE_VALID" | "SCHEMAV_CVC_MINEXCLUSIVE_VALID" if shape.lowest:
            return _said(path, place, f"at least {shape.lowest}.", f"au moins {shape.lowest}.")
        case "SCHEMAV_CVC_MAXINCLUSIVE_VALID" | "SCHEMAV_CVC_MAXEXCLUSIVE_VALID" if shape.highest:
            return _said(path, place, f"at most {shape.highest}.", f"au plus {shape.highest}.")
        case "SCHEMAV_CVC_TOTALDIGITS_VALID" if shape.digits:
            return _said(path, place, f"at most {shape.digits} digits.", f"{shape.digits} chiffres au plus.")
        case "SCHEMAV_CVC_FRACTIONDIGITS_VALID" if shape.decimals is not None:
            return _said(path, place, f"at most {shape.decimals} decimals.", f"{shape.decimals} décimales au plus.")
    return _type(shape, path, place)


def _type(shape: Shape, path: str, place: str) -> Problem:
    if shape.values:
        return _outside(shape, path, place)
    wanted = _KINDS[shape.kind]
    return _said(path, place, f"must be {wanted.en}.", f"doit être {wanted.fr}.")


def _other(entry: Any, path: str, place: str) -> Problem:
    """By libxml2's words, of which only what the contract itself says is repeated."""
    if fixed := _FIXED.search(entry.message):
        return _said(path, place, f"must be {fixed[1]}.", f"doit être {fixed[1]}.", (fixed[1],))
    text = next((said for words, said in _WORDS if words in entry.message), None)
    if text is None:
        rule = entry.type_name.removeprefix("SCHEMAV_")
        text = Text(en=f"does not fit the contract (rule {rule}).", fr=f"ne respecte pas le contrat (règle {rule}).")
    return _said(path, place, text.en, text.fr)


def _dotted(root: etree._Element, path: str) -> str:
    """libxml2's path of an element as the hub writes paths: names below the payload, [n] where there are several."""
    element = root
    names: list[str] = []
    for step in path.strip("/").split("/")[1:]:
        found = _STEP.match(step)
        child = _child(element, found[1], int(found[2] or 1)) if found else None
        if child is None:
            break
        element = child
        names.append(_named(element))
    return ".".join(names)


def _child(parent: etree._Element, name: str, number: int) -> etree._Element | None:
    alike = [each for each in parent if name == "*" or etree.QName(each).localname == name]
    return alike[number - 1] if 0 < number <= len(alike) else None


def _named(element: etree._Element) -> str:
    name = etree.QName(element).localname
    parent = element.getparent()
    alike = [each for each in parent if each.tag == element.tag] if parent is not None else [element]
    return f"{name}[{alike.index(element) + 1}]" if len(alike) > 1 else name


def _shape_at(shape: Shape, path: str) -> Shape | None:
    """The leaf that the contract has at a path; the text of an element with attributes is its `#text`."""
    found = shape.at(re.sub(r"\[\d+\]", "", path)) if path else shape
    return (found.child("#text") or found) if found else None
