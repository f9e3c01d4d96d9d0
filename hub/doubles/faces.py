"""How a call is heard and answered, whatever the protocol: what `soap_face` and `rest_face` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hub.codecs import codec_for
from hub.contract import Document, Part
from hub.errors import MessageError, Problem
from hub.specs.sample import SampleFault


@dataclass(frozen=True, slots=True)
class Heard:
    """One HTTP request. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request understood: which operation, and its document. `manner` is the face's own (the SOAP version)."""

    operation: str
    document: Document
    manner: Any = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    media: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


class Unfit(Exception):
    """The request is not one that the contract knows; `sent` says so to the caller."""

    def __init__(self, sent: Sent, reason: str, *, operation: str = "") -> None:
        self.sent = sent
        self.reason = reason
        self.operation = operation
        super().__init__(reason)


class Face(Protocol):
    """One protocol's way to hear and to answer."""

    def hear(self, heard: Heard) -> Asked:
        """The operation asked for. Raises Unfit."""

    def answer(self, asked: Asked, document: Mapping[str, Any]) -> Sent:
        """The answer of this document. Raises MessageError when it does not fit the contract."""

    def fault(self, asked: Asked, fault: SampleFault) -> Sent:
        """The declared fault or error. Raises MessageError when it does not fit the contract."""

    def failed(self, asked: Asked, words: str) -> Sent:
        """The application's own failure, as no contract declares it."""


class Paper:
    """One part of a contract, made ready once: its documents from bytes, and bytes that fit it."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._codec = codec_for(part)

    def read(self, data: bytes) -> Document:
        """The document of these bytes. Raises MessageError when they do not fit the contract."""
        _refuse(self.part.check(data))
        return self._codec.read(data)

    def write(self, document: Mapping[str, Any]) -> bytes:
        """The bytes of this document. Raises MessageError when they do not fit the contract."""
        written = self._codec.write(document)
        _refuse(self.part.check(written))
        return written


def _refuse(problems: tuple[Problem, ...]) -> None:
    if problems:
        raise MessageError(problems=problems)


def words_of(error: MessageError) -> str:
    """All that an error says, in one line."""
    return said_of(error.problems) or error.text.en


def said_of(problems: tuple[Problem, ...]) -> str:
    """All problems in one line."""
    return " ; ".join(f"{problem.path}: {problem.text.en}" if problem.path else problem.text.en for problem in problems)
