"""A WSDL 1.1 file -> Contract: zeep reads bindings and messages, our own schemas say what their payloads look like.

Read: SOAP 1.1 and 1.2, document/literal wrapped and bare, rpc/literal. What cannot be carried out (encoded messages, a
body of several elements, HTTP bindings) is left out and named in `mended`; the rest of the contract stays usable.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from lxml import etree
from zeep import Settings
from zeep.exceptions import Error as ZeepError
from zeep.wsdl import Document as ZeepDocument
from zeep.wsdl.bindings.soap import Soap11Binding, Soap12Binding

from hub.contract import Contract, Operation, Part, SoapBinding
from hub.errors import ConfigurationError, Finding, Text
from hub.transports.contract_folder import Folder
from hub.transports.schema_set import XS, SchemaSet
from hub.transports.wsdl_files import OfflineTransport, gather
from hub.transports.xsd import Schemas

_MEDIA = {"1.1": "text/xml", "1.2": "application/soap+xml"}


@dataclass(frozen=True, slots=True)
class _Message:
    """The payload of one message: the name of its element; for rpc, the parts that the wrapper element holds."""

    name: str
    rpc: bool = False
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """One operation as the WSDL says it, before its payloads have shapes."""

    name: str
    binding: SoapBinding
    input: _Message | None
    output: _Message | None
    faults: tuple[_Message, ...] = field(default=())
    title: str = ""


class _LeftOut(Exception):
    """This operation cannot be carried out."""


def load_wsdl(path: Path, *, folder: Path | None = None) -> Contract:
    """The contract of a SOAP application, read offline.

    `folder` (default: the file's own) is the one that imports must not leave. Operations are keyed by name, SOAP 1.1
    before 1.2; the faults of an operation by the local name of their element, which is what an answer shows.
    ConfigurationError names the file, the line and the import.
    """
    place = Folder((folder or path.parent).resolve())
    gathered, encoded = gather(place, path)
    document, doubts = _zeep(place, path, gathered.mended_files)
    said, left_out = _operations(document, encoded)
    left_out += doubts
    if not said:
        raise _nothing(place, path, left_out)
    _declare_wrappers(gathered, said, path)
    schemas = Schemas(gathered)
    operations = {each.name: _operation(each, schemas, place, path) for each in said}
    return Contract("soap", path.name, operations, mended=(*gathered.mended, *left_out))


def _zeep(place: Folder, path: Path, mended: Mapping[Path, etree._Element]) -> tuple[Any, list[str]]:
    """The WSDL as zeep reads it, and what zeep doubted."""
    settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        with warnings.catch_warnings(record=True) as doubts:
            warnings.simplefilter("always")
            document = ZeepDocument(str(path.resolve()), cast(Any, OfflineTransport(place, mended)), settings=settings)
        return document, [str(doubt.message) for doubt in doubts if issubclass(doubt.category, UserWarning)]
    except ConfigurationError:
        raise
    except (
        ZeepError,
        etree.Error,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        AssertionError,
        RecursionError,
    ) as wrong:
        words = str(getattr(wrong, "message", None) or wrong).replace(f"{place.root}/", "")
        raise place.wrong(path, int(getattr(wrong, "sourceline", None) or 0), _unreadable(words)) from wrong


def _operations(document: Any, encoded: frozenset[str]) -> tuple[list[_Said], list[str]]:
    """What can be carried out, and in words what cannot."""
    found: dict[str, _Said] = {}
    left_out: list[str] = []
    for version, operation in _offered(document):
        if operation.name in found:
            continue
        try:
            found[operation.name] = _said(operation, version, encoded)
        except _LeftOut as why:
            left_out.append(f"{operation.name}: {why}")
    return list(found.values()), list(dict.fromkeys(left_out))


def _offered(document: Any) -> Iterator[tuple[Literal["1.1", "1.2"], Any]]:
    """Every operation of every SOAP binding, those of SOAP 1.1 first."""
    bindings: list[Any] = list(document.bindings.values())
    for operation in _of(Soap11Binding, bindings):
        yield "1.1", operation
    for operation in _of(Soap12Binding, bindings):
        yield "1.2", operation


def _of(kind: type, bindings: list[Any]) -> list[Any]:
    return [operation for binding in bindings if type(binding) is kind for operation in _all(binding)]


def _all(binding: Any) -> list[Any]:
    return list(binding.all().values())


def _said(operation: Any, version: Literal["1.1", "1.2"], encoded: frozenset[str]) -> _Said:
    if operation.name in encoded:
        raise _LeftOut("left out, its messages are encoded (use=encoded), not literal")
    rpc = operation.style == "rpc"
    binding = SoapBinding(operation.soapaction or "", version=version, style="rpc" if rpc else "document")
    inwards = _wrapped(operation, operation.input, "") if rpc else _element(operation.input)
    outwards = _wrapped(operation, operation.output, "Response") if rpc else _element(operation.output)
    faults = [_fault(message) for message in operation.abstract.fault_messages.values()]
    return _Said(operation.name, binding, inwards, outwards, tuple(each for each in faults if each))


def _element(message: Any) -> _Message | None:
    """The element in the body of a document message, None for an empty body."""
    body = getattr(message, "body", None)
    if body is None:
        return None
    if message._is_body_wrapped:
        raise _LeftOut("left out, several elements in one body")
    named = {part.element.qname.text for part in message.abstract.parts.values() if part.element is not None}
    if body.qname.text not in named:
        raise _LeftOut("left out, its body is a type and not an element")
    return _Message(body.qname.text)


def _wrapped(operation: Any, message: Any, suffix: str) -> _Message | None:
    """The wrapper element of an rpc message: named after the operation, with one child a part (WS-I BP R2729)."""
    if message is None:
        return None
    body = getattr(message, "body", None) or getattr(operation.input, "body", None)
    namespace = body.qname.namespace if body is not None else ""
    tag = f"{{{namespace}}}{operation.name}{suffix}" if namespace else f"{operation.name}{suffix}"
    parts = [] if message.abstract is None else list(message.abstract.parts.items())
    headers = (
        {element.attr_name for _, element in message.header.type.elements} if getattr(message, "header", None) else set()
    )
    kept = [(name, part) for name, part in parts if name not in headers]
    if any(part.type is None for _, part in kept):
        raise _LeftOut("left out, an rpc part is an element and not a type")
    return _Message(tag, rpc=True, parts=tuple((name, _type_name(part.type)) for name, part in kept))


def _type_name(kind: Any) -> str:
    name = getattr(kind, "qname", None) or getattr(kind, "_default_qname", None)
    if name is None:
        raise _LeftOut("left out, an rpc part has a type without a name")
    return str(name.text)


def _fault(message: Any) -> _Message | None:
    part = next((part for part in message.parts.values() if part.element is not None), None)
    return _Message(part.element.qname.text) if part is not None else None


def _declare_wrappers(gathered: SchemaSet, said: list[_Said], path: Path) -> None:
    """Adds a schema that declares the wrapper elements of rpc messages, which the WSDL only implies."""
    wrappers: dict[str, dict[str, _Message]] = {}
    for each in said:
        for message in (each.input, each.output):
            if message and message.rpc:
                namespace, _, name = message.name.rpartition("}")
                wrappers.setdefault(namespace.removeprefix("{"), {}).setdefault(name, message)
    for namespace, messages in wrappers.items():
        gathered.add_inline(_wrapper_schema(namespace, messages), path)


def _wrapper_schema(namespace: str, messages: dict[str, _Message]) -> etree._Element:
    spaces = sorted({_space(kind) for message in messages.values() for _, kind in message.parts} - {""})
    prefixes = {space: f"t{number}" for number, space in enumerate(spaces)}
    schema = etree.Element(f"{{{XS}}}schema", nsmap={"xs": XS, **{prefix: space for space, prefix in prefixes.items()}})
    if namespace:
        schema.set("targetNamespace", namespace)
    for space in spaces:
        if space not in (XS, namespace):
            etree.SubElement(schema, f"{{{XS}}}import", namespace=space)
    for name, message in messages.items():
        outer = etree.SubElement(schema, f"{{{XS}}}element", name=name)
        sequence = etree.SubElement(etree.SubElement(outer, f"{{{XS}}}complexType"), f"{{{XS}}}sequence")
        for part, kind in message.parts:
            prefix = prefixes.get(_space(kind))
            local = kind.rpartition("}")[2]
            etree.SubElement(sequence, f"{{{XS}}}element", name=part, type=f"{prefix}:{local}" if prefix else local)
    return schema


def _space(name: str) -> str:
    return name.rpartition("}")[0].removeprefix("{")


def _operation(said: _Said, schemas: Schemas, place: Folder, path: Path) -> Operation:
    media = _MEDIA[said.binding.version]

    def part(message: _Message | None) -> Part | None:
        if message is None:
            return None
        found = schemas.part(message.name, media=media)
        if found is None:
            raise place.wrong(path, 0, _undeclared(said.name, message.name))
        return found

    faults = {made.shape.name: made for each in said.faults if (made := part(each))}
    return Operation(said.name, said.binding, part(said.input), part(said.output), faults, said.title)


def _unreadable(words: str) -> Text:
    return Text(en=f"The WSDL cannot be read: {words}", fr=f"Le WSDL est illisible : {words}")


def _undeclared(operation: str, element: str) -> Text:
    return Text(
        en=f'Operation {operation}: no schema declares the element "{element}".',
        fr=f"Opération {operation} : aucun schéma ne déclare l'élément « {element} ».",
    )


def _nothing(place: Folder, path: Path, left_out: list[str]) -> ConfigurationError:
    text = Text(
        en="The WSDL has no SOAP operation that the hub can carry out.",
        fr="Le WSDL n'a aucune opération SOAP que le hub puisse exécuter.",
    )
    why = [Text(en=each, fr=each) for each in left_out]
    file = place.named(path)
    return ConfigurationError(findings=tuple(Finding(each, file=file) for each in (text, *why)))
