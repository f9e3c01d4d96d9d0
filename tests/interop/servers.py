"""Servers that nobody here wrote, as applications that the hub calls: each serves every face that it can, and keeps what it
understood of a message in a file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.installation import free_port
from tests.interop import tools
from tests.interop.clients import Beside
from tests.interop.laid_out import FACES, FILES, STYLES, Face, contract
from tests.interop.message import ABOUT, About
from tests.interop.run import end, plain_environment, wait_for

HERE = Path(__file__).parent
REFUSE = "REFUSE"
"""A building for which a server answers with the fault that the contract declares."""
REFUSED = ("P5", "Dossier fermé & classé")
"""What that fault says: its code and its words."""
STAMP = "STAMP"
"""A building for which a server that can do it sends the file back, beside its answer."""


class Server(Protocol):
    """A SOAP stack that is called, as the copy that an authority runs. `about`: what it is tried with; `beside`: how it
    takes a file beside a document; if it does not, `why_none_beside`."""

    name: str
    authority: str
    about: tuple[About, ...]
    beside: Beside
    why_none_beside: str

    def missing(self) -> str:
        """Why it cannot be tried here; "" when it can."""

    def version(self) -> str:
        """Its version."""

    def environment(self) -> dict[str, str]:
        """What it needs of the environment."""

    def command(self, port: int, told: str) -> tuple[str | Path, ...]:
        """What serves at a port of 127.0.0.1; `told` as JSON: the port, the faces, and the file for what is understood."""


class NodeSoap:
    """The server of the npm package `soap`."""

    name = "node soap"
    authority = "node"
    about = ABOUT
    beside: Beside = ""
    why_none_beside = "it takes no messages of several parts"

    def __init__(self, node: tools.Node) -> None:
        self._node = node

    def missing(self) -> str:
        return self._node.missing()

    def version(self) -> str:
        return self._node.version()

    def environment(self) -> dict[str, str]:
        return dict(self._node.environment())

    def command(self, port: int, told: str) -> tuple[str | Path, ...]:
        return (*self._node.command(), HERE / "node" / "server.js", told)


class PhpSoapServer:
    """PHP's SoapServer behind `php -S`."""

    name = "PHP SoapServer"
    authority = "php"
    about = ABOUT
    beside: Beside = ""
    why_none_beside = "it takes no messages of several parts"

    def __init__(self, php: tools.Php) -> None:
        self._php = php

    def missing(self) -> str:
        return self._php.missing()

    def version(self) -> str:
        return self._php.version()

    def environment(self) -> dict[str, str]:
        return {}

    def command(self, port: int, told: str) -> tuple[str | Path, ...]:
        return (*self._php.command(), "-S", f"127.0.0.1:{port}", HERE / "php" / "server.php")


class GSoapServer:
    """A server of gSOAP's, in C++. One that takes attachments (SwA) is made of other types than one that takes MTOM, so
    there are two."""

    name = "gSOAP"
    why_none_beside = ""

    def __init__(self, gsoap: tools.GSoap, beside: Beside, *, about: tuple[About, ...]) -> None:
        self.authority = f"gsoap-{beside.lower()}"
        self.about = about
        self.beside = beside
        self._gsoap = gsoap

    def missing(self) -> str:
        return self._gsoap.missing()

    def version(self) -> str:
        return self._gsoap.version()

    def environment(self) -> dict[str, str]:
        return {}

    def command(self, port: int, told: str) -> tuple[str | Path, ...]:
        contracts = {style: contract(Face(style, "1.1")) for style in STYLES}
        schema = (FILES / "dossier.xsd").read_bytes()
        made = self._gsoap.server(HERE / "gsoap" / "server.cpp", self.beside.lower(), contracts, schema)
        return (made, str(port), json.loads(told)["heard"])


class Serving:
    """A server that runs, and what it has understood."""

    def __init__(self, address: str, heard: Path) -> None:
        self.address = address
        self._heard = heard

    def understood(self, face: Face, number: str) -> list[dict[str, Any]]:
        """Each message of this number that came by this face, as the server parsed it."""
        return [each["dossier"] for each in self._told(face, number)]

    def came_beside(self, face: Face, number: str) -> bool:
        """Whether the file of this message came beside its document, as the server says; no, if it says nothing of it."""
        return any(each.get("beside", False) for each in self._told(face, number))

    def _told(self, face: Face, number: str) -> list[dict[str, Any]]:
        lines = self._heard.read_text(encoding="utf-8").splitlines() if self._heard.exists() else []
        told = [json.loads(line) for line in lines]
        return [each for each in told if each["face"] == face.connector and each["dossier"]["Number"] == number]


@contextmanager
def serving(server: Server, folder: Path) -> Iterator[Serving]:
    """The server with all faces, in a process that is ended with it."""
    own = folder / server.authority
    own.mkdir()
    (own / "dossier.xsd").write_bytes((FILES / "dossier.xsd").read_bytes())
    port, heard = free_port(), own / "heard.jsonl"
    faces = [_face(face, own, port) for face in FACES]
    told = json.dumps({"port": port, "faces": faces, "heard": str(heard)})
    with (own / "server.log").open("ab") as log:
        process = subprocess.Popen(
            server.command(port, told),
            env={**plain_environment(), **server.environment(), "INTEROP": told},
            cwd=own,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/", process)
            yield Serving(f"http://127.0.0.1:{port}", heard)
        finally:
            end(process)


def servers(cache: Path) -> list[Server]:
    """All of them. What must be installed or made is kept in `cache`."""
    gsoap = tools.GSoap(cache)
    return [
        NodeSoap(tools.Node(cache)),
        PhpSoapServer(tools.Php()),
        GSoapServer(gsoap, "MTOM", about=(*ABOUT, "answer")),
        GSoapServer(gsoap, "SwA", about=("beside",)),
    ]


def _face(face: Face, folder: Path, port: int) -> dict[str, str]:
    """A face for a server's programme: with the WSDL as a file, and the server's own address in it."""
    wsdl = folder / f"{face.connector}.wsdl"
    here = f"http://127.0.0.1:{port}/{face.connector}"
    wsdl.write_text(contract(face).replace(f"http://127.0.0.1/{face.style}", here), encoding="utf-8")
    return {
        "connector": face.connector,
        "name": face.service,
        "style": face.style,
        "version": face.version,
        "wsdl": str(wsdl),
    }
