"""The installation of this harness: one contract in three styles, each in SOAP 1.1 and 1.2, and a REST application behind.

A connector speaks one version of SOAP, so each style is laid out twice: `wrapped-11`, `wrapped-12` and so on. The files are
in the folder `installation`; only names, the version and the addresses of the servers are filled in here.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import yaml

from tests.installation import Installation, install

FILES = Path(__file__).parent / "installation"
STYLES = ("wrapped", "bare", "rpc")
VERSIONS = ("1.1", "1.2")
_SOAP = {"1.1": "http://schemas.xmlsoap.org/wsdl/soap/", "1.2": "http://schemas.xmlsoap.org/wsdl/soap12/"}


@dataclass(frozen=True, slots=True)
class Face:
    """One way to speak the contract."""

    style: str
    version: str

    @property
    def connector(self) -> str:
        """The connector that speaks so."""
        return f"{self.style}-{self.version.replace('.', '')}"

    @property
    def namespace(self) -> str:
        """The namespace of its operations."""
        return f"urn:interop:{self.style}"

    @property
    def words(self) -> str:
        """Its style, for people."""
        return {"rpc": "rpc/literal"}.get(self.style, f"document/literal {self.style}")


FACES = tuple(Face(style, version) for style in STYLES for version in VERSIONS)


def lay_out(folder: Path, *, records: str, servers: Mapping[str, str]) -> Installation:
    """An installation in `folder`. `records`: the address of the REST application; `servers`: for each authority the address
    of its SOAP server, under which each face is a path of its own, such as /wrapped-11."""
    installation = install(folder, RECORDS_URL=records)
    root = installation.root
    for name in ("connectors", "mappings", "schedules"):
        shutil.rmtree(root / name)
        (root / name).mkdir()
    (root / "mappings" / "tables").mkdir()
    shutil.copytree(FILES / "connectors" / "records", root / "connectors" / "records")
    for face in FACES:
        _connector(root, face, servers)
        _mapping(root, face, "said", {face.connector: {"in": "submit"}, "records": {"out": "keep"}})
        _mapping(root, face, "told", {"records": {"in": "say"}, face.connector: {"out": "deliver"}})
    return installation


def contract(face: Face) -> str:
    """The WSDL of a face."""
    text = (FILES / "connectors" / face.style / f"{face.style}.wsdl").read_text(encoding="utf-8")
    return text.replace(_SOAP["1.1"], _SOAP[face.version])


def _connector(root: Path, face: Face, servers: Mapping[str, str]) -> None:
    own = root / "connectors" / face.connector
    own.mkdir()
    shutil.copy(FILES / "dossier.xsd", own)
    (own / f"{face.style}.wsdl").write_text(contract(face), encoding="utf-8")
    spec = yaml.safe_load((FILES / "connectors" / face.style / "connector.yaml").read_text(encoding="utf-8"))
    spec["connector"] = face.connector
    spec["instances"] |= {name: {"address": f"{address}/{face.connector}"} for name, address in servers.items()}
    (own / "connector.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")


def _mapping(root: Path, face: Face, name: str, between: Mapping[str, Mapping[str, str]]) -> None:
    exchange = f"{face.connector}-{name}"
    template = Template((FILES / "mappings" / "dossier.yaml").read_text(encoding="utf-8"))
    text = template.substitute(
        exchange=exchange,
        between=yaml.safe_dump(dict(between), default_flow_style=True).strip(),
        side=face.connector,
        into="" if face.style == "bare" else "Dossier.",
    )
    (root / "mappings" / f"{exchange}.yaml").write_text(text, encoding="utf-8")
