"""The SOAP operations of a WSDL's bindings, as it says them: how each is called and which element is its payload."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lxml import etree

from hub.contract import SoapBinding
from hub.errors import Text
from hub.transports import wsdl_words as words
from hub.transports.known_schemas import XS
from hub.transports.wsdl_addressing import addressed
from hub.transports.wsdl_definitions import BINDING, MESSAGE, PORT_TYPE, WSDL, Definition, Definitions, qname

Version = Literal["1.1", "1.2"]

_SOAP: dict[Version, str] = {"1.1": f"{WSDL}soap/", "1.2": f"{WSDL}soap12/"}
_HTTP = f"{{{WSDL}http/}}binding"
_TRANSPORTS = ("", "http://schemas.xmlsoap.org/soap/http", "http://www.w3.org/2003/05/soap/bindings/HTTP/")
_OPERATION = f"{{{WSDL}}}operation"
_PART = f"{{{WSDL}}}part"
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Message:
    """The payload of one message: the name of its element; for rpc, the parts (name, type) that the wrapper element
    holds. `undeclared`: no schema says what is in it."""

    name: str
    rpc: bool = False
    parts: tuple[tuple[str, str], ...] = ()
    undeclared: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One operation as the WSDL says it, before its payloads have shapes; `element` is its place in the binding. `also`:
    the bindings of other versions of SOAP that carry the same messages."""

    name: str
    binding: SoapBinding
    input: Message | None
    output: Message | None
    faults: tuple[Message, ...]
    title: str
    element: etree._Element
    file: Path
    also: tuple[SoapBinding, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why an operation cannot be carried out, or only in part; "" for the name of a binding that has none to name."""

    operation: str
    why: Text
    element: etree._Element
    file: Path
    right: Text | None = None


class _Refused(Exception):
    """This operation cannot be carried out."""

    def __init__(self, why: LeftOut) -> None:
        self.why = why
        super().__init__(why.why.en)


def operations(definitions: Definitions, served: Set[str] = frozenset()) -> tuple[list[Said], list[LeftOut]]:
    """What can be carried out, and what cannot. An operation of several bindings is taken from the first that serves,
    those of SOAP 1.1 before 1.2. Those of the names `served` are only taken in: they may be encoded."""
    found: dict[str, Said] = {}
    left_out: list[LeftOut] = []
    for version, space in _SOAP.items():
        for binding in definitions.all(BINDING):
            for told in binding.element.iterfind(f"{{{space}}}binding"):
                left_out += _Binding(definitions, binding, version, served).read(found, told)
    left_out += [each for binding in definitions.all(BINDING) for each in _not_soap(binding)]
    return list(found.values()), [each for each in left_out if each.operation not in found or not each.right]


def _not_soap(binding: Definition) -> Iterable[LeftOut]:
    """The operations of a binding of another kind."""
    if any(binding.element.find(f"{{{space}}}binding") is not None for space in _SOAP.values()):
        return
    http = binding.element.find(_HTTP) is not None
    why = words.http_binding(binding.local) if http else words.no_soap_binding(binding.local)
    for element in binding.element.iterchildren(_OPERATION):
        yield LeftOut(element.get("name", ""), why, binding.element, binding.file, words.ASK_FOR_SOAP)


class _Binding:
    """One SOAP binding."""

    def __init__(self, definitions: Definitions, binding: Definition, version: Version, served: Set[str]) -> None:
        self._definitions = definitions
        self.served = served
        self._binding = binding
        self._version: Version = version
        self._soap = _SOAP[version]
        self._notes: list[LeftOut] = []

    def read(self, found: dict[str, Said], told: etree._Element) -> list[LeftOut]:
        """Adds the operations that are not yet there; gives those that cannot be carried out. `told`: its soap:binding."""
        transport = told.get("transport", "")
        port_type = self._definitions.named(PORT_TYPE, self._binding.element, "type", file=self._binding.file)
        for element in self._binding.element.iterchildren(_OPERATION):
            name = element.get("name", "")
            if name in found and transport in _TRANSPORTS:
                found[name] = self._beside(found[name], element, port_type, told.get("style", "document"))
            if name in found:
                continue
            try:
                if transport not in _TRANSPORTS:
                    raise self.refused(told, words.other_transport(transport), words.ASK_FOR_SOAP, name=name)
                found[name] = self._operation(element, name, port_type, told.get("style", "document"))
            except _Refused as refused:
                self._notes.append(refused.why)
        return self._notes

    def _beside(self, known: Said, element: etree._Element, port_type: Definition | None, style: str) -> Said:
        """The operation with this binding too, when it carries the same messages in a version that has none yet."""
        if self._version in {each.version for each in (known.binding, *known.also)}:
            return known
        apart = _Binding(self._definitions, self._binding, self._version, self.served)  # what it lacks is not missed
        try:
            said = apart._operation(element, known.name, port_type, style)
        except _Refused:
            return known
        same = (said.input, said.output, said.binding.encoded) == (known.input, known.output, known.binding.encoded)
        return replace(known, also=(*known.also, said.binding)) if same else known

    def _operation(self, element: etree._Element, name: str, port_type: Definition | None, style: str) -> Said:
        if port_type is None:
            said = self._binding.element.get("type", "")
            why = words.no_port_type(self._binding.local, said)
            raise self.refused(self._binding.element, why, words.NAME_PORT_TYPE, name=name)
        abstract = self._abstract(element, name, port_type)
        told = element.find(f"{{{self._soap}}}operation")
        style = (told.get("style") if told is not None else None) or style
        reader = _Messages(self, name, abstract, port_type.file, rpc=style == "rpc")
        action = (told.get("soapAction") if told is not None else None) or ""
        binding = SoapBinding(
            action,
            version=self._version,
            style="rpc" if style == "rpc" else "document",
            addressed=addressed(self._binding, port_type, abstract, action=action),
        )
        inwards = reader.payload(element.find(f"{{{WSDL}}}input"), "input")
        outwards = reader.payload(element.find(f"{{{WSDL}}}output"), "output")
        binding = replace(binding, encoded=reader.encoded)
        return Said(name, binding, inwards, outwards, reader.faults(), _title(abstract), element, self._binding.file)

    def _abstract(self, element: etree._Element, name: str, port_type: Definition) -> etree._Element:
        """The operation of the port type; of several of one name, the one whose input has the same name."""
        alike = [each for each in port_type.element.iterchildren(_OPERATION) if each.get("name") == name]
        if not alike:
            why = words.not_in_port_type(port_type.local)
            raise self.refused(element, why, words.add_to_port_type(port_type.local), name=name)
        wanted = _name_of(element, "input")
        return next((each for each in alike if len(alike) > 1 and _name_of(each, "input") == wanted), alike[0])

    def refused(self, element: etree._Element, why: Text, right: Text, *, name: str, file: Path | None = None) -> _Refused:
        """The refusal of an operation, at an element of `file` (default: the binding's)."""
        return _Refused(LeftOut(name, why, element, file or self.file, right))

    def note(self, left_out: LeftOut) -> None:
        """Something that is missing from an operation that can be carried out all the same."""
        self._notes.append(left_out)

    def extensions(self, element: etree._Element, name: str) -> list[etree._Element]:
        """The SOAP elements of that name in an input or output, also inside MIME parts."""
        return list(element.iterdescendants(f"{{{self._soap}}}{name}"))

    @property
    def definitions(self) -> Definitions:
        return self._definitions

    @property
    def file(self) -> Path:
        return self._binding.file


class _Messages:
    """The messages of one operation."""

    def __init__(self, binding: _Binding, name: str, abstract: etree._Element, file: Path, *, rpc: bool) -> None:
        self._binding = binding
        self._name = name
        self._abstract = abstract
        self._file = file
        self._rpc = rpc
        self._input_space = ""
        self.encoded = False

    def payload(self, told: etree._Element | None, way: Literal["input", "output"]) -> Message | None:
        """What is in the body of the input or output; None for an empty body, or where there is no such message."""
        said = self._abstract.find(f"{{{WSDL}}}{way}")
        if said is None:
            return None
        message = self._message(said)
        body = next(iter(self._binding.extensions(told, "body")), None) if told is not None else None
        if body is not None and body.get("use") == "encoded":
            if not self._rpc or self._name not in self._binding.served:
                raise self._refuse(body, self._binding.file, words.ENCODED, words.ASK_FOR_LITERAL)
            self.encoded = True
        parts = self._body_parts(message, told, body)
        if self._rpc:
            return self._wrapper(message, parts, body, way)
        return self._element(message, parts, way)

    def faults(self) -> tuple[Message, ...]:
        """The typed faults; one whose element no schema declares is left out."""
        found = []
        for said in self._abstract.iterchildren(f"{{{WSDL}}}fault"):
            message = self._message(said)
            part = next((each for each in message.element.iterchildren(_PART) if each.get("element")), None)
            if part is None:
                continue
            name = self._binding.definitions.declared("element", part, file=message.file)
            if self._binding.definitions.schemas.declares("element", name):
                found.append(Message(name))
            else:
                why = words.fault_undeclared(message.local, part.get("element", ""))
                self._binding.note(LeftOut(self._name, why, part, message.file))
        return tuple(found)

    def _message(self, said: etree._Element) -> Definition:
        found = self._binding.definitions.named(MESSAGE, said, "message", file=self._file)
        if found is None:
            why = words.no_message(said.get("message", ""))
            raise self._refuse(said, self._file, why, words.ADD_MESSAGE)
        return found

    def _body_parts(
        self, message: Definition, told: etree._Element | None, body: etree._Element | None
    ) -> list[etree._Element]:
        """The parts of a message that stand in the body: those that the binding names, or all but headers."""
        parts = list(message.element.iterchildren(_PART))
        if body is not None and body.get("parts") is not None:
            wanted = body.get("parts", "").split()
            return [each for each in parts if each.get("name") in wanted]
        headers = {
            each.get("part")
            for each in (self._binding.extensions(told, "header") if told is not None else ())
            if qname(each, "message").rpartition("}")[2] == message.local
        }
        return [each for each in parts if each.get("name") not in headers]

    def _element(self, message: Definition, parts: list[etree._Element], way: str) -> Message | None:
        if not parts:
            return None
        if len(parts) > 1:
            why = words.several_parts(message.local, [each.get("name", "") for each in parts])
            raise self._refuse(message.element, message.file, why, words.ONE_PART)
        part = parts[0]
        if not part.get("element"):
            raise self._refuse(part, message.file, words.type_not_element(part.get("name", "")), words.ELEMENT_NOT_TYPE)
        name = self._binding.definitions.declared("element", part, file=message.file)
        schemas = self._binding.definitions.schemas
        if schemas.declares("element", name):
            return Message(name)
        space = name.rpartition("}")[0].removeprefix("{")
        if way == "input" or space not in schemas.namespaces:
            why = words.part_undeclared(message.local, part.get("name", ""), part.get("element", ""))
            raise self._refuse(part, message.file, why, words.declare(name))
        why = words.answer_undeclared(message.local, part.get("element", ""))
        self._binding.note(LeftOut(self._name, why, part, message.file))
        return Message(name, undeclared=True)

    def _wrapper(self, message: Definition, parts: list[etree._Element], body: etree._Element | None, way: str) -> Message:
        """The wrapper element of an rpc message: named after the operation, with one child a part (WS-I BP R2729)."""
        space = body.get("namespace", "") if body is not None else self._input_space
        self._input_space = space
        tag = f"{self._name}Response" if way == "output" else self._name
        typed = tuple((each.get("name", ""), self._type(message, each)) for each in parts)
        return Message(f"{{{space}}}{tag}" if space else tag, rpc=True, parts=typed)

    def _type(self, message: Definition, part: etree._Element) -> str:
        if not part.get("type"):
            raise self._refuse(part, message.file, words.element_not_type(part.get("name", "")), words.TYPE_NOT_ELEMENT)
        name = self._binding.definitions.declared("type", part, file=message.file)
        if name.startswith(f"{{{XS}}}") or self._binding.definitions.schemas.declares("type", name):
            return name
        why = words.part_undeclared(message.local, part.get("name", ""), part.get("type", ""), kind="type")
        raise self._refuse(part, message.file, why, words.declare(name, kind="type"))

    def _refuse(self, element: etree._Element, file: Path, why: Text, right: Text) -> _Refused:
        return self._binding.refused(element, why, right, name=self._name, file=file)


def _name_of(operation: etree._Element, way: str) -> str:
    said = operation.find(f"{{{WSDL}}}{way}")
    return said.get("name", "") if said is not None else ""


def _title(operation: etree._Element) -> str:
    written = operation.findtext(f"{{{WSDL}}}documentation") or ""
    return " ".join(written.split())[:_LONGEST_TITLE]
