"""The files of a contract: the given one with all that it imports, from its own folder and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lxml import etree

from hub.errors import ConfigurationError, Conflict, NotFound, Text
from hub.transports.contract_folder import Folder, parted
from hub.transports.known_schemas import XS
from hub.transports.openapi_files import Sources
from hub.transports.wsdl_definitions import WSDL

Protocol = Literal["soap", "rest"]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A contract's files by their path from the folder of `main`, which is the file that was given."""

    protocol: Protocol
    main: str
    files: Mapping[str, bytes]


def bundle_of(file: Path, protocol: Protocol) -> Bundle:
    """The contract in `file` with what it imports. What cannot be found is left for the contract's reader to tell.

    Raises NotFound where there is no such file, Conflict where it is a contract of the other protocol.
    """
    if not file.is_file():
        raise NotFound(Text(en=f"There is no file {file}.", fr=f"Le fichier {file} n'existe pas."))
    _refuse_other(file, protocol)
    folder = Folder(file.parent.resolve())
    found: dict[Path, bytes] = {}
    waiting, sources = [file.resolve()], Sources(folder)
    while waiting:
        each = waiting.pop(0)
        if each in found:
            continue
        found[each] = folder.content(each)
        waiting += _named_in_xml(folder, each) if protocol == "soap" else _named_in_openapi(sources, each)
    return Bundle(protocol, file.name, {folder.named(each): content for each, content in found.items()})


def _refuse_other(file: Path, protocol: Protocol) -> None:
    """Told by its name: a contract that cannot be read is better told of by the reader that was asked for."""
    if protocol == "rest" and file.suffix.lower() in (".wsdl", ".xml"):
        text = Text(
            en=f"{file} is no OpenAPI: give it with --wsdl.", fr=f"{file} n'est pas un OpenAPI : donnez-le avec --wsdl."
        )
    elif protocol == "soap" and file.suffix.lower() in (".yaml", ".yml", ".json"):
        text = Text(
            en=f"{file} is no WSDL: give it with --openapi.", fr=f"{file} n'est pas un WSDL : donnez-le avec --openapi."
        )
    else:
        return
    raise Conflict(text)


def _named_in_xml(folder: Folder, file: Path) -> Iterator[Path]:
    try:
        root = folder.xml(file)
    except ConfigurationError:
        return
    for link in root.iter(f"{{{WSDL}}}import", *(f"{{{XS}}}{kind}" for kind in ("import", "include", "redefine"))):
        location = link.get("location") or link.get("schemaLocation") or ""
        found = _beside(folder, location, file) or _declaring(folder, link.get("namespace", ""))
        if found is not None:
            yield found


def _beside(folder: Folder, location: str, file: Path) -> Path | None:
    """The file that an import names; one that names the network may lie beside under its last name."""
    last = parted(location)[1].rpartition("/")[2]
    for name in (location, last) if location else ():
        try:
            return folder.resolve(name, beside=file)
        except ConfigurationError:
            continue
    return None


def _declaring(folder: Folder, namespace: str) -> Path | None:
    """The one schema of the folder that declares a namespace which an import gives no file for."""
    declaring = [each for each in sorted(folder.root.glob("*.xsd")) if namespace and _target(folder, each) == namespace]
    return declaring[0] if len(declaring) == 1 else None


def _target(folder: Folder, file: Path) -> str:
    try:
        root: etree._Element = folder.xml(file)
    except ConfigurationError:
        return ""
    return root.get("targetNamespace", "")


def _named_in_openapi(sources: Sources, file: Path) -> Iterator[Path]:
    try:
        references = list(_references(sources.tree(file)))
    except ConfigurationError:
        return
    for reference in references:
        try:
            yield sources.folder.resolve(reference.partition("#")[0], beside=file)
        except ConfigurationError:
            continue


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            yield reference
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _references(below)
