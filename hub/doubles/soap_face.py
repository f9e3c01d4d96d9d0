"""A SOAP application's way to hear and to answer: envelopes, the contract's check of every body, typed faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from hub.codecs import codec_for
from hub.codecs.xml import parse
from hub.contract import Operation, Part
from hub.doubles.faces import Asked, Heard, Sent, Unfit, said_of
from hub.errors import MessageError, Problem
from hub.specs.sample import SampleFault
from hub.transports.envelope import Envelope, SoapFault, Version, fault_for, open_envelope, wrap, write_fault

_SECURITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}Security"
_MEDIA: Mapping[Version, str] = {"1.1": "text/xml", "1.2": "application/soap+xml"}


class SoapFace:
    """Serves the operations that others call, by the element in the body."""

    def __init__(self, served: Mapping[str, Operation], *, with_token: bool) -> None:
        self._served = served
        self._by_element = {_element(part): name for name, part in _inputs(served).items()}
        self._with_token = with_token

    def hear(self, heard: Heard) -> Asked:
        """The operation whose element stands in the body, its document held against the contract."""
        envelope = self._opened(heard)
        name = self._by_element.get(_root(envelope.payload), "")
        if not name:
            raise self._unfit(envelope.version, SoapFault("Client", "no such operation"), "no such operation")
        if self._with_token and envelope.token is None:
            raise self._unfit(envelope.version, SoapFault("Client", "a UsernameToken is needed"), "no credentials", name)
        part = _inputs(self._served)[name]
        try:
            _refuse(part.check(envelope.payload))
            return Asked(name, codec_for(part).read(envelope.payload), envelope.version)
        except MessageError as error:
            raise self._unfit(envelope.version, SoapFault("Client", _said(error)), _said(error), name) from error

    def answer(self, asked: Asked, document: Mapping[str, Any]) -> Sent:
        """The answer in an envelope, with 200."""
        part = self._served[asked.operation].output
        return self._sent(200, wrap(_written(part, document), version=asked.manner), asked.manner)

    def fault(self, asked: Asked, fault: SampleFault) -> Sent:
        """The typed fault, with the status that the sample gives."""
        part = self._served[asked.operation].faults.get(fault.name)
        detail = _written(part, fault.detail) if part else b""
        written = write_fault(SoapFault("Server", fault.text or fault.name, fault.name, detail=detail), version=asked.manner)
        return self._sent(fault.status, written, asked.manner)

    def failed(self, asked: Asked, words: str) -> Sent:
        """A Server fault without detail."""
        return self._sent(500, write_fault(SoapFault("Server", words), version=asked.manner), asked.manner)

    def _opened(self, heard: Heard) -> Envelope:
        charset = heard.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip(' "')
        try:
            envelope = open_envelope(heard.body, charset=charset, understood=frozenset({_SECURITY}))
            if not envelope.payload:
                raise MessageError(problems=(), status=400)
        except MessageError as error:
            raise self._unfit("1.1", fault_for(error), _said(error)) from error
        return envelope

    def _unfit(self, version: Version, fault: SoapFault, reason: str, operation: str = "") -> Unfit:
        return Unfit(self._sent(500, write_fault(fault, version=version), version), reason, operation=operation)

    def _sent(self, status: int, body: bytes, version: Version) -> Sent:
        return Sent(status, body, f"{_MEDIA[version]}; charset=utf-8")


def _inputs(served: Mapping[str, Operation]) -> dict[str, Part]:
    return {name: operation.input for name, operation in served.items() if operation.input}


def _element(part: Part) -> str:
    return f"{{{part.shape.namespace}}}{part.shape.name}" if part.shape.namespace else part.shape.name


def _root(payload: bytes) -> str:
    element: etree._Element = parse(payload)
    return str(element.tag)


def _written(part: Part | None, document: Mapping[str, Any]) -> bytes:
    if part is None:
        return b""
    written = codec_for(part).write(document)
    _refuse(part.check(written))
    return written


def _refuse(problems: tuple[Problem, ...]) -> None:
    if problems:
        raise MessageError(problems=problems)


def _said(error: MessageError) -> str:
    return said_of(error.problems) or error.text.en
