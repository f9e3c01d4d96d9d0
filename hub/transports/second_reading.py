"""A second reader for WSDL contracts: zeep. Where it reads an operation otherwise than we do, a person should look."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from zeep import Settings
from zeep.exceptions import Error as ZeepError
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap11Binding, Soap12Binding

from hub.contract import Contract, SoapBinding
from hub.errors import Finding, Text

ReadFile = Callable[[str], bytes]

_HERE = "http://contract.invalid/"
_STUMBLES = (ZeepError, etree.Error, OSError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Said:
    """How one operation is called, as a reader has it: the SOAPAction, and the body's element ("" where it has none)."""

    action: str
    element: str


@dataclass(frozen=True, slots=True)
class _Bundle:
    """The contract's own files, as zeep's way to the world: nothing else is there."""

    read: ReadFile

    def load(self, url: str) -> bytes:
        """A file of the contract. OSError for anything else."""
        if not url.startswith(_HERE):
            raise OSError(url)
        return self.read(url.removeprefix(_HERE))


def read_otherwise(contract: Contract, read: ReadFile) -> tuple[Finding, ...]:
    """A warning for each SOAP operation that zeep reads otherwise; none for what zeep cannot read at all.

    `contract` is a WSDL that was loaded; `read` gives its files, as they are published.
    """
    theirs = _read_by_zeep(contract.source, read)
    found = []
    for name, operation in contract.operations.items():
        if isinstance(operation.binding, SoapBinding) and not operation.binding.encoded and name in theirs:
            shape = operation.input.shape if operation.input else None
            ours = Said(operation.binding.action, f"{{{shape.namespace}}}{shape.name}" if shape else "")
            if not _agree(ours, theirs[name]):
                found.append(_warning(contract.source, name, ours, theirs[name]))
    return tuple(found)


def _agree(ours: Said, theirs: Said) -> bool:
    return ours.action == theirs.action and (not theirs.element or not ours.element or ours.element == theirs.element)


def _read_by_zeep(name: str, read: ReadFile) -> Mapping[str, Said]:
    bundle: Any = _Bundle(read)
    logging.getLogger("zeep").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            settings = Settings(forbid_dtd=True, forbid_entities=True, forbid_external=False)  # the bundle is all there is
            document = Document(_HERE + name, bundle, settings=settings)
            kinds = (Soap11Binding, Soap12Binding)
            bindings: list[Any] = [each for kind in kinds for each in document.bindings.values() if type(each) is kind]
            return {one.name: _said(one) for binding in reversed(bindings) for one in binding.all().values()}
        except _STUMBLES:
            return {}


def _said(operation: Any) -> Said:
    body = getattr(operation.input, "body", None)
    element = body.qname if body is not None and not operation.input._is_body_wrapped else None
    namespace = (element.namespace or "") if element is not None else ""
    return Said(operation.soapaction or "", f"{{{namespace}}}{element.localname}" if element is not None else "")


def _warning(file: str, name: str, ours: Said, theirs: Said) -> Finding:
    text = Text(
        en=f"{name} is read as {ours.element} with the action “{ours.action}”, and by zeep as {theirs.element} with "
        f"“{theirs.action}”",
        fr=f"{name} est lu comme {ours.element} avec l'action « {ours.action} », et par zeep comme {theirs.element} avec "
        f"« {theirs.action} »",
    )
    right = Text(
        en="try the call against the application before going live, and tell us if our reading was wrong",
        fr="essayez l'appel sur l'application avant la mise en service, et signalez-nous si notre lecture était fausse",
    )
    return Finding(text, file, 1, 1, right=right, severity="warning")
