"""The one way to read a contract, whatever it is written in: WSDL, XSD, OpenAPI 3 or JSON Schema. Offline, one folder."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

from hub.contract import Contract
from hub.errors import ConfigurationError
from hub.specs.connector import Patch
from hub.transports.contract_folder import Folder
from hub.transports.json_schema import load_json_documents
from hub.transports.known_schemas import XS
from hub.transports.openapi import load_openapi
from hub.transports.openapi_files import Sources
from hub.transports.wsdl import load_wsdl
from hub.transports.xsd import load_documents

_XML = (".wsdl", ".xsd", ".xml")
_SCHEMA_WORDS = frozenset({"$schema", "$defs", "$ref", "properties", "type", "items", "allOf", "anyOf", "oneOf", "enum"})


def load_contract(
    path: Path, *, folder: Path | None = None, patches: Sequence[Patch] = (), served: Set[str] = frozenset()
) -> Contract:
    """The contract in a file, told by its content. `folder` (default: the file's own) is the one that it must not leave.

    Of each patch, `operation` is the name that the contract has for it; `served` are the operations that are
    only taken in. A WSDL gives the protocol soap, all others rest.
    ConfigurationError with file, line and remedy for what cannot be read.
    """
    if path.suffix.lower() in _XML:
        if _is_schema(path, folder):
            return load_documents(path, folder=folder, patches=patches)
        return load_wsdl(path, folder=folder, patches=patches, served=served)
    tree = Sources(Folder((folder or path.parent).resolve())).tree(path)
    if isinstance(tree, dict) and not {"openapi", "swagger"} & set(tree) and _SCHEMA_WORDS & set(tree):
        return load_json_documents(path, folder=folder, patches=patches)
    return load_openapi(path, folder=folder, patches=patches)


def _is_schema(path: Path, folder: Path | None) -> bool:
    """By its root element; a file that cannot be read goes by its name, and its reader says what is wrong."""
    try:
        return bool(Folder((folder or path.parent).resolve()).xml(path).tag == f"{{{XS}}}schema")
    except ConfigurationError:
        return path.suffix.lower() == ".xsd"
