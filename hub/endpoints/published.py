"""A contract as the hub publishes it, an application's or its own: its files, with every address turned to the hub's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from lxml import etree

from hub.catalogue import Application
from hub.codecs.safe_xml import parse
from hub.errors import NotFound, Text
from hub.transports.contract_folder import parted

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_XSD = "http://www.w3.org/2001/XMLSchema"
_ADDRESSES = {
    f"{{{_WSDL}soap/}}address",
    f"{{{_WSDL}soap12/}}address",
    f"{{{_WSDL}http/}}address",
}
_REFERENCES = {
    f"{{{_WSDL}}}import": "location",
    f"{{{_XSD}}}import": "schemaLocation",
    f"{{{_XSD}}}include": "schemaLocation",
    f"{{{_XSD}}}redefine": "schemaLocation",
}


def published_contract(application: Application, *, address: str) -> bytes:
    """The WSDL, saying that the service is at `address` and that what it imports is at `address?xsd=<name>`."""
    return _turned(application, application.spec.contract, address)


def published_import(application: Application, name: str, *, address: str) -> bytes:
    """A file that the contract imports, directly or not. NotFound for any other."""
    if name not in _imported(application):
        raise NotFound(Text(en="The contract imports no such file.", fr="Le contrat n'importe pas ce fichier."))
    return _turned(application, name, address)


def published_own(contract: bytes, *, address: str) -> bytes:
    """A WSDL of the hub's own, which imports nothing, saying that the service is at `address`."""
    return _written(_addressed(contract, address))


def _turned(application: Application, name: str, address: str) -> bytes:
    root = _addressed(application.file(name), address)
    for element, attribute in _references(root):
        target = _within(application, name, element.get(attribute, ""))
        if target:
            element.set(attribute, f"{address}?xsd={quote(target)}")
        else:
            del element.attrib[attribute]
    return _written(root)


def _addressed(contract: bytes, address: str) -> etree._Element:
    root = parse(contract)
    for element in root.iter(*_ADDRESSES):
        element.set("location", address)
    return root


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _references(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for element in root.iter(*_REFERENCES):
        attribute = _REFERENCES[str(element.tag)]
        if attribute in element.attrib:
            yield element, attribute


def _imported(application: Application) -> frozenset[str]:
    """Every file that the contract reaches, by its name in the folder."""
    found: set[str] = set()
    waiting = [application.spec.contract]
    while waiting:
        name = waiting.pop()
        for element, attribute in _references(parse(application.file(name))):
            target = _within(application, name, element.get(attribute, ""))
            if target and target not in found:
                found.add(target)
                waiting.append(target)
    return frozenset(found)


def _within(application: Application, importer: str, location: str) -> str:
    """The name in the folder of what `importer` refers to; a remote address stands for the file of its last name."""
    folder = application.folder.resolve()
    elsewhere, path_there = parted(location)
    path = folder / Path(path_there).name if elsewhere else (folder / importer).parent / path_there
    path = path.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) and path.is_file() else ""
