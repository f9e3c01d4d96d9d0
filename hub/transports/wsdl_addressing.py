"""What a WSDL says of WS-Addressing: whether a binding uses it, and what its messages' actions are called."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from hub.contract import Addressed
from hub.transports.wsdl_definitions import WSDL, Definition, qname

_USING = (
    "{http://www.w3.org/2006/05/addressing/wsdl}UsingAddressing",
    "{http://www.w3.org/2007/05/addressing/metadata}Addressing",
)
_ACTIONS = (
    "{http://www.w3.org/2007/05/addressing/metadata}Action",
    "{http://www.w3.org/2006/05/addressing/wsdl}Action",
    "{http://schemas.xmlsoap.org/ws/2004/08/addressing}Action",
)
_POLICIES = ("http://schemas.xmlsoap.org/ws/2004/09/policy", "http://www.w3.org/ns/ws-policy")
_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"


def addressed(binding: Definition, port_type: Definition, operation: etree._Element, *, action: str) -> Addressed:
    """The actions of an operation of a port type: as it says them, else (for the input) the SOAPAction, else by the pattern
    of WS-Addressing; and whether the binding, its policy or its port declares that they are wanted."""
    return Addressed(
        _action(port_type, operation, "input", action),
        _action(port_type, operation, "output", ""),
        declared=any(True for _ in _declarations(binding)),
    )


def _action(port_type: Definition, operation: etree._Element, way: str, otherwise: str) -> str:
    said = operation.find(f"{{{WSDL}}}{way}")
    if said is None:
        return ""
    told = next((value for name in _ACTIONS if (value := said.get(name))), "") or otherwise
    return told or _pattern(port_type, operation, said, way)


def _pattern(port_type: Definition, operation: etree._Element, said: etree._Element, way: str) -> str:
    """Section 4.4.4 of the WSDL binding of WS-Addressing 1.0 (metadata)."""
    space = port_type.name.rpartition("}")[0].removeprefix("{")
    between = ":" if space.startswith("urn:") else "/"
    alone = operation.find(f"{{{WSDL}}}output") is None
    ending = "Response" if way == "output" else "" if alone else "Request"
    name = said.get("name") or f"{operation.get('name', '')}{ending}"
    return between.join((space.removesuffix(between), port_type.local, name))


def _declarations(binding: Definition) -> Iterator[etree._Element]:
    root = binding.element.getroottree().getroot()
    yield from binding.element.iter(*_USING)
    for port in root.iter(f"{{{WSDL}}}port"):
        if qname(port, "binding") == binding.name:
            yield from port.iter(*_USING)
    for space in _POLICIES:
        for named in binding.element.iter(f"{{{space}}}PolicyReference"):
            wanted = named.get("URI", "").removeprefix("#")
            policies = (each for each in root.iter(f"{{{space}}}Policy") if wanted and each.get(_ID) == wanted)
            for policy in policies:
                yield from policy.iter(*_USING)
