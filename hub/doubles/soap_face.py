"""A SOAP application's way to hear and to answer: envelopes, the contract's check of every body, typed faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from hub.codecs.xml import parse
from hub.contract import Operation, Part
from hub.doubles.faces import Asked, Heard, Paper, Sent, Unfit, words_of
from hub.errors import MessageError
from hub.specs.sample import SampleFault
from hub.transports.envelope import Envelope, SoapFault, Version, fault_for, open_envelope, wrap, write_fault
from hub.transports.packages import document_of

_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}Security"
_MEDIA: Mapping[Version, str] = {"1.1": "text/xml", "1.2": "application/soap+xml"}


class SoapFace:
    """Serves the operations that others call, by the element in the body."""

    def __init__(self, served: Mapping[str, Operation], *, with_token: bool) -> None:
        self._inputs = {name: Paper(each.input) for name, each in served.items() if each.input}
        self._outputs = {name: Paper(each.output) for name, each in served.items() if each.output}
        self._faults = {name: {fault: Paper(part) for fault, part in each.faults.items()} for name, each in served.items()}
        self._by_element = {_element(paper.part): name for name, paper in self._inputs.items()}
        self._with_token = with_token

    def hear(self, heard: Heard) -> Asked:
        """The operation whose element stands in the body, its document held against the contract."""
        envelope = self._opened(heard)
        name = self._by_element.get(_root(envelope.payload), "")
        if not name:
            raise self._unfit(envelope.version, SoapFault("Client", "no such operation"), "no such operation")
        if self._with_token and envelope.token is None:
            raise self._unfit(envelope.version, SoapFault("Client", "a UsernameToken is needed"), "no credentials", name)
        try:
            return Asked(name, self._inputs[name].read(envelope.payload), envelope.version)
        except MessageError as error:
            raise self._unfit(envelope.version, SoapFault("Client", words_of(error)), words_of(error), name) from error

    def answer(self, asked: Asked, document: Mapping[str, Any]) -> Sent:
        """The answer in an envelope, with 200."""
        paper = self._outputs.get(asked.operation)
        return self._sent(200, wrap(paper.write(document) if paper else b"", version=asked.manner), asked.manner)

    def fault(self, asked: Asked, fault: SampleFault) -> Sent:
        """The typed fault, with the status that the sample gives."""
        paper = self._faults[asked.operation].get(fault.name)
        detail = paper.write(fault.detail) if paper else b""
        written = write_fault(SoapFault("Server", fault.text or fault.name, fault.name, detail=detail), version=asked.manner)
        return self._sent(fault.status, written, asked.manner)

    def failed(self, asked: Asked, words: str) -> Sent:
        """A Server fault without detail."""
        return self._sent(500, write_fault(SoapFault("Server", words), version=asked.manner), asked.manner)

    def _opened(self, heard: Heard) -> Envelope:
        media = heard.headers.get("content-type", "")
        try:
            body = heard.body
            if media.lower().startswith("multipart/related"):
                media, body = document_of(media, body)
            charset = media.lower().partition("charset=")[2].partition(";")[0].strip(' "')
            envelope = open_envelope(body, charset=charset, understood=frozenset({_SECURITY}))
            if not envelope.payload:
                raise MessageError(problems=(), status=400)
        except MessageError as error:
            raise self._unfit("1.1", fault_for(error), words_of(error)) from error
        return envelope

    def _unfit(self, version: Version, fault: SoapFault, reason: str, operation: str = "") -> Unfit:
        return Unfit(self._sent(500, write_fault(fault, version=version), version), reason, operation=operation)

    def _sent(self, status: int, body: bytes, version: Version) -> Sent:
        return Sent(status, body, f"{_MEDIA[version]}; charset=utf-8")


def _element(part: Part) -> str:
    return f"{{{part.shape.namespace}}}{part.shape.name}" if part.shape.namespace else part.shape.name


def _root(payload: bytes) -> str:
    element: etree._Element = parse(payload)
    return str(element.tag)
