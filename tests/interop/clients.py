"""Clients that nobody here wrote, as callers of the hub: each reads the served contract where it can, and says a message."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import httpx
import requests
import zeep
from lxml import etree
from zeep.exceptions import Fault
from zeep.transports import Transport

from tests.interop import tools
from tests.interop.laid_out import Face
from tests.interop.message import DATES, DECIMALS, TIMES, Message, row
from tests.interop.run import Running, plain_environment

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client was answered: the receipt, or a fault with its code, its words and the problems in its detail."""

    receipt: str = ""
    code: str = ""
    text: str = ""
    problems: tuple[str, ...] = ()


class Client(Protocol):
    """A SOAP stack that calls."""

    name: str

    def missing(self) -> str:
        """Why it cannot be tried here; "" when it can."""

    def version(self) -> str:
        """Its version."""

    def say(self, running: Running, face: Face, message: Message) -> Heard:
        """Call the hub. Broken when the stack could not write the message or read the answer."""


class Zeep:
    """zeep, with its session's X-API-Key, and Python's own types."""

    name = "zeep"

    def missing(self) -> str:
        return ""

    def version(self) -> str:
        return version("zeep")

    def say(self, running: Running, face: Face, message: Message) -> Heard:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["X-API-Key"] = running.keys[face.connector]
            client = zeep.Client(f"{running.address(face)}?wsdl", transport=Transport(session=session))
            typed = {name: _typed(name, value) for name, value in message.items()}
            try:
                answer = client.service.Submit(**typed if face.style == "bare" else {"Dossier": typed})
            except Fault as fault:
                problems = () if fault.detail is None else fault.detail.iter("{urn:hub:problem}text")
                return Heard(code=str(fault.code), text=str(fault.message), problems=tuple(each.text for each in problems))
            return Heard(receipt=str(answer))


class Programme:
    """A stack of another language: a small programme that reads what to say as JSON and writes what it heard."""

    def __init__(self, name: str, stack: tools.Stack, programme: Sequence[str | Path]) -> None:
        self.name = name
        self._stack = stack
        self._programme = programme

    def missing(self) -> str:
        return self._stack.missing()

    def version(self) -> str:
        return self._stack.version()

    def say(self, running: Running, face: Face, message: Message) -> Heard:
        asked = {
            "wsdl": f"{running.address(face)}?wsdl",
            "address": running.address(face),
            "key": running.keys[face.connector],
            "style": face.style,
            "version": face.version,
            "message": message,
            "fields": _pairs(message),
        }
        ended = subprocess.run(
            (*self._stack.command(), *self._programme),
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

    def __init__(self, gsoap: tools.GSoap) -> None:
        self._gsoap = gsoap

    def missing(self) -> str:
        return self._gsoap.missing()

    def version(self) -> str:
        return self._gsoap.version()

    def say(self, running: Running, face: Face, message: Message) -> Heard:
        address, key = running.address(face), running.keys[face.connector]
        wsdl, schema = (_fetched(f"{address}?{asked}", key) for asked in ("wsdl", "xsd=dossier.xsd"))
        beside = wsdl.decode().replace(f"{address}?xsd=dossier.xsd", "dossier.xsd").replace(address, "http://127.0.0.1/")
        programme = self._gsoap.made(face, HERE / "gsoap" / "client.cpp", beside, schema)
        _, user, password = key.split("_")
        ended = subprocess.run(
            (programme, address, user, password),
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
        if kind == "receipt":
            return Heard(receipt=first)
        texts = etree.fromstring(more[1]).iter("{urn:hub:problem}text")
        return Heard(code=first, text=more[0], problems=tuple(str(each.text) for each in texts))


def heard(ended: subprocess.CompletedProcess[str]) -> Heard:
    """What a programme wrote. Broken when it failed."""
    if ended.returncode:
        raise tools.Broken(f"it ended with {ended.returncode}: {(ended.stderr or ended.stdout).strip()[:600]}")
    said: Mapping[str, Any] = json.loads(ended.stdout)
    fault = said.get("fault")
    if fault:
        return Heard(code=fault["code"], text=fault["text"], problems=tuple(fault["problems"]))
    return Heard(receipt=str(said["receipt"]))


def clients(cache: Path) -> list[Client]:
    """All of them. What must be installed or made is kept in `cache`."""
    node, php, perl = tools.Node(cache), tools.Php(), tools.Perl()
    return [
        Zeep(),
        Programme("node soap", node, (HERE / "node" / "client.js",)),
        Programme("PHP SoapClient", php, (HERE / "php" / "client.php",)),
        Programme("Perl SOAP::Lite", perl, (HERE / "perl" / "client.pl",)),
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
