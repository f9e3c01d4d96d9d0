"""The installation of this harness: one contract in three styles, each in SOAP 1.1 and 1.2, and a REST application behind.

Each style is laid out twice: `wrapped-11`, `wrapped-12` and so on; `wrapped-both` has a binding of each version in one
contract. The files are in the folder `installation`; only names, the version and the addresses of the servers are filled in
here.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import yaml

from tests.installation import Installation, install

FILES = Path(__file__).parent / "installation"
STYLES = ("wrapped", "bare", "rpc")
VERSIONS = ("1.1", "1.2")
WAYS = ("inside", "mtom", "swa")
"""How the hub can tell a server a file, as the word `files` of an operation has it."""
_SOAP = {"1.1": "http://schemas.xmlsoap.org/wsdl/soap/", "1.2": "http://schemas.xmlsoap.org/wsdl/soap12/"}


@dataclass(frozen=True, slots=True)
class Face:
    """One way to speak the contract. `both`: by one that has bindings of both versions."""

    style: str
    version: str
    both: bool = False

    @property
    def connector(self) -> str:
        """The connector that speaks so."""
        return f"{self.style}-{'both' if self.both else self.version.replace('.', '')}"

    @property
    def namespace(self) -> str:
        """The namespace of its operations."""
        return f"urn:interop:{self.style}"

    @property
    def service(self) -> str:
        """The name of its service."""
        return self.style.title()

    @property
    def words(self) -> str:
        """Its style, for people."""
        return {"rpc": "rpc/literal"}.get(self.style, f"document/literal {self.style}")

    @property
    def spoken(self) -> str:
        """Its version, for people."""
        return f"{self.version} of both" if self.both else self.version


FACES = tuple(Face(style, version) for style in STYLES for version in VERSIONS)
BOTH = tuple(Face("wrapped", version, both=True) for version in VERSIONS)
"""The contract that has both versions, spoken in each: by clients only, for the hub calls in one."""


def told(face: Face, way: str) -> str:
    """The exchange by which the hub tells a server of this face, its files in this way."""
    return f"{face.connector}-told" if way == "inside" else f"{face.connector}-told-{way}"


def lay_out(folder: Path, *, records: str, servers: Mapping[str, str], ways: Iterable[str] = WAYS) -> Installation:
    """An installation in `folder`. `records`: the address of the REST application; `servers`: for each authority the address
    of its SOAP server, under which each face is a path of its own, such as /wrapped-11; `ways`: how they take files."""
    installation = install(folder, RECORDS_URL=records)
    root = installation.root
    for name in ("connectors", "mappings", "schedules"):
        shutil.rmtree(root / name)
        (root / name).mkdir()
    (root / "mappings" / "tables").mkdir()
    shutil.copytree(FILES / "connectors" / "records", root / "connectors" / "records")
    for face in (*FACES, BOTH[0]):
        _connector(root, face, servers)
        _mapping(root, face, f"{face.connector}-said", {face.connector: {"in": "submit"}, "records": {"out": "keep"}})
    for face in FACES:
        for way in ways:
            operation = "deliver" if way == "inside" else f"deliver_{way}"
            _mapping(root, face, told(face, way), {"records": {"in": "say"}, face.connector: {"out": operation}})
    return installation


def contract(face: Face) -> str:
    """The WSDL of a face."""
    text = (FILES / "connectors" / face.style / f"{face.style}.wsdl").read_text(encoding="utf-8")
    return _with_both(text) if face.both else text.replace(_SOAP["1.1"], _SOAP[face.version])


def _with_both(wsdl: str) -> str:
    """A WSDL of SOAP 1.1, with a binding and a port of SOAP 1.2 after them that say the same."""
    newer = {"binding": {'name="Wrapped"': 'name="Wrapped12"'}, "port": {'Wrapped"': 'Wrapped12"'}}
    for element, names in newer.items():
        found = re.search(rf"<{element} .*?</{element}>", wsdl, re.DOTALL)
        assert found
        again = re.sub(r"(?<=<|/)soap:", "soap12:", found[0])
        for older, new in names.items():
            again = again.replace(older, new)
        wsdl = wsdl.replace(found[0], f"{found[0]}\n  {again}")
    return wsdl.replace("xmlns:soap=", f'xmlns:soap12="{_SOAP["1.2"]}" xmlns:soap=', 1)


def _connector(root: Path, face: Face, servers: Mapping[str, str]) -> None:
    own = root / "connectors" / face.connector
    own.mkdir()
    shutil.copy(FILES / "dossier.xsd", own)
    (own / f"{face.style}.wsdl").write_text(contract(face), encoding="utf-8")
    spec = yaml.safe_load((FILES / "connectors" / face.style / "connector.yaml").read_text(encoding="utf-8"))
    spec["connector"] = face.connector
    spec["instances"] |= {name: {"address": f"{address}/{face.connector}"} for name, address in servers.items()}
    (own / "connector.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")


def _mapping(root: Path, face: Face, exchange: str, between: Mapping[str, Mapping[str, str]]) -> None:
    template = Template((FILES / "mappings" / "dossier.yaml").read_text(encoding="utf-8"))
    text = template.substitute(
        exchange=exchange,
        between=yaml.safe_dump(dict(between), default_flow_style=True).strip(),
        side=face.connector,
        into="" if face.style == "bare" else "Dossier.",
    )
    (root / "mappings" / f"{exchange}.yaml").write_text(text, encoding="utf-8")
