"""A double's own contract, as its application would publish it: `?wsdl`, and the files of the contract by name."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from hub.catalogue import Application
from hub.codecs.safe_xml import parse
from hub.doubles.faces import Heard, Sent

_ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"
_MEDIA = {".wsdl": "text/xml", ".xsd": "text/xml", ".yaml": "application/yaml", ".json": "application/json"}


def published(application: Application, heard: Heard, *, address: str) -> Sent | None:
    """The contract's file that a GET asks for; None when it asks for something else."""
    if heard.method != "GET":
        return None
    name = application.spec.contract if "wsdl" in heard.query else heard.path.strip("/")
    file = application.folder / name
    if Path(name).name != name or file.suffix not in _MEDIA or not file.is_file():
        return None
    content = application.file(name)
    return Sent(200, _at(content, address) if file.suffix == ".wsdl" else content, _MEDIA[file.suffix])


def _at(content: bytes, address: str) -> bytes:
    """The WSDL, saying that the service is at `address`."""
    root = parse(content)
    for element in root.iter(_ADDRESS):
        element.set("location", address)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
