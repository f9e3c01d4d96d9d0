"""Clients that nobody here wrote, as callers of the hub: each reads the served contract where it can, and says a message."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
import requests
import zeep
from zeep.exceptions import Fault
from zeep.transports import Transport
from zeep.wsdl.bindings import Soap12Binding

from tests.interop import tools
from tests.interop.laid_out import Face
from tests.interop.message import DATES, DECIMALS, FILES, TIMES, Message, row
from tests.interop.run import Running, plain_environment

HERE = Path(__file__).parent
Beside = Literal["MTOM", "SwA", ""]
_NONE_BESIDE = "it sends no files beside a document"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client was answered: the receipt, or a fault with its code, its text, and the code and the words of the fault
    that the contract declares."""

    receipt: str = ""
    code: str = ""
    text: str = ""
    declared: tuple[str, ...] = ()


class Client(Protocol):
    """A SOAP stack that calls. `beside`: how it sends a file beside its document; if it does not, `why_none_beside`."""

    name: str
    beside: Beside
    why_none_beside: str

    def missing(self) -> str:
        """Why it cannot be tried here; "" when it can."""

    def version(self) -> str:
        """Its version."""

    def say(self, running: Running, face: Face, message: Message, *, beside: bool) -> Heard:
        """Call the hub; with its file `beside` its document, or in it. Broken when the stack could not write the message or
        read the answer."""


class Zeep:
    """zeep, with its session's X-API-Key, and Python's own types."""

    name = "zeep"
    beside: Beside = ""
    why_none_beside = _NONE_BESIDE

    def missing(self) -> str:
        return ""

    def version(self) -> str:
        return version("zeep")

    def say(self, running: Running, face: Face, message: Message, *, beside: bool) -> Heard:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["X-API-Key"] = running.keys[face.connector]
            client = zeep.Client(f"{running.address(face)}?wsdl", transport=Transport(session=session))
            port = next(name for name, each in client.wsdl.services[face.service].ports.items() if _speaks(each, face))
            typed = {name: _typed(name, value) for name, value in message.items()}
            try:
                answer = client.bind(face.service, port).Submit(**typed if face.style == "bare" else {"Dossier": typed})
            except Fault as fault:
                return Heard(code=str(fault.code), text=str(fault.message), declared=_declared(client, fault))
            return Heard(receipt=str(answer))


def _speaks(port: zeep.wsdl.definitions.Port, face: Face) -> bool:
    return isinstance(port.binding, Soap12Binding) == (face.version == "1.2")


def _declared(client: zeep.Client, fault: Fault) -> tuple[str, ...]:
    """The declared fault, read by its type."""
    known = client.get_element(f"{{{tools.TYPES}}}Refused")
    (element,) = fault.detail
    read = known.parse(element, client.wsdl.types)
    return read.Code, read.Words


class Programme:
    """A stack of another language: a small programme that reads what to say as JSON and writes what it heard."""

    def __init__(
        self, name: str, stack: tools.Stack, programme: Path, *, beside: Beside = "", why_none_beside: str = ""
    ) -> None:
        self.name = name
        self.beside: Beside = beside
        self.why_none_beside = why_none_beside
        self._stack = stack
        self._programme = programme

    def missing(self) -> str:
        return self._stack.missing()

    def version(self) -> str:
        return self._stack.version()

    def say(self, running: Running, face: Face, message: Message, *, beside: bool) -> Heard:
        asked = {
            "wsdl": f"{running.address(face)}?wsdl",
            "address": running.address(face),
            "key": running.keys[face.connector],
            "style": face.style,
            "version": face.version,
            "message": message,
            "fields": _pairs(message),
            "beside": beside,
        }
        ended = subprocess.run(
            (*self._stack.command(), self._programme),
            input=json.dumps(asked),
            env={**plain_environment(), **self._stack.environment()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return heard(ended)


class GSoap:
    """gSOAP, with functions that its generators make of the hub's contract."""

    name = "gSOAP"
    beside: Beside = "MTOM"
    why_none_beside = ""

    def __init__(self, gsoap: tools.GSoap) -> None:
        self._gsoap = gsoap

    def missing(self) -> str:
        return self._gsoap.missing()

    def version(self) -> str:
        return self._gsoap.version()

    def say(self, running: Running, face: Face, message: Message, *, beside: bool) -> Heard:
        address, key = running.address(face), running.keys[face.connector]
        wsdl, schema = (_fetched(f"{address}?{asked}", key) for asked in ("wsdl", "xsd=dossier.xsd"))
        local = wsdl.decode().replace(f"{address}?xsd=dossier.xsd", "dossier.xsd").replace(address, "http://127.0.0.1/")
        programme = self._gsoap.client(face, HERE / "gsoap" / "client.cpp", local, schema)
        _, user, password = key.split("_")
        ended = subprocess.run(
            (programme, address, user, password, "mtom" if beside else "inside"),
            input="".join(f"{name}\0{_lexical(value)}\0" for name, value in _flat(message)),
            env=plain_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if ended.returncode:
            raise tools.Broken(f"it ended with {ended.returncode}: {ended.stderr.strip()[:600]}")
        kind, first, *more = ended.stdout.split("\0")[:-1]
        return Heard(receipt=first) if kind == "receipt" else Heard(code=first, text=more[0], declared=tuple(more[1:]))


def heard(ended: subprocess.CompletedProcess[str]) -> Heard:
    """What a programme wrote. Broken when it failed."""
    if ended.returncode:
        raise tools.Broken(f"it ended with {ended.returncode}: {(ended.stderr or ended.stdout).strip()[-600:]}")
    said: Mapping[str, Any] = json.loads(ended.stdout)
    fault = said.get("fault")
    if fault:
        return Heard(code=fault["code"], text=fault["text"], declared=tuple(fault["declared"]))
    return Heard(receipt=str(said["receipt"]))


def clients(cache: Path) -> list[Client]:
    """All of them. What must be installed or made is kept in `cache`."""
    perl = tools.Perl()
    bare = perl.encloses()
    return [
        Zeep(),
        Programme("node soap", tools.Node(cache), HERE / "node" / "client.js", beside="MTOM"),
        Programme("PHP SoapClient", tools.Php(), HERE / "php" / "client.php", why_none_beside=_NONE_BESIDE),
        Programme("Perl SOAP::Lite", perl, HERE / "perl" / "client.pl", beside="" if bare else "SwA", why_none_beside=bare),
        GSoap(tools.GSoap(cache)),
    ]


def _typed(name: str, value: Any) -> Any:
    match value:
        case dict():
            return {inner: _typed(inner, each) for inner, each in value.items()}
        case list():
            return [_typed(name, each) for each in value]
        case str() if row(name) in DECIMALS:
            return Decimal(value)
        case str() if row(name) in FILES:
            return b64decode(value)
        case str() if row(name) in DATES:
            return date.fromisoformat(value)
        case str() if row(name) in TIMES:
            return datetime.fromisoformat(value)
        case _:
            return value


def _fetched(url: str, key: str) -> bytes:
    """What the hub publishes at `url`."""
    answer = httpx.get(url, headers={"X-API-Key": key}, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.content


def _flat(message: Message) -> Iterator[tuple[str, Any]]:
    """Every field that has a value, and after `Line` those of a line."""
    for name, value in message.items():
        if name == "Lines":
            for line in value["Line"]:
                yield "Line", ""
                yield from line.items()
        elif value is not None:
            yield name, value


def _lexical(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pairs(fields: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The same in an order that every language keeps: a repeated field is repeated."""
    pairs: list[tuple[str, Any]] = []
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            pairs.append((name, _pairs(each) if isinstance(each, Mapping) else each))
    return pairs
