"""The files of a WSDL: walks its imports inside the connector's folder and gathers the schemas that stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from hub.errors import Text
from hub.transports.contract_folder import Folder, line_of
from hub.transports.schema_set import XS, SchemaSet

WSDL = "http://schemas.xmlsoap.org/wsdl/"
_WSDL_2 = "http://www.w3.org/ns/wsdl"


class OfflineTransport:
    """What zeep reads files with: those of one folder, nothing else."""

    def __init__(self, folder: Folder, mended: Mapping[Path, etree._Element]) -> None:
        """`mended`: what to give instead of the files that had to be mended."""
        self._folder = folder
        self._mended = mended

    def load(self, url: str) -> bytes:
        """The content of a file; ConfigurationError for anything outside of the folder or on the network."""
        parts = urlsplit(url)
        path = unquote(parts.path) if parts.scheme == "file" else url
        file = self._folder.resolve(Path(path).name, beside=Path(path))
        if file in self._mended:
            return bytes(etree.tostring(self._mended[file], encoding="UTF-8"))
        return self._folder.content(file)


def gather(folder: Folder, path: Path) -> tuple[SchemaSet, frozenset[str]]:
    """The schemas of a WSDL and of all that it imports, and the names of operations whose messages are "encoded"."""
    gathered = SchemaSet(folder)
    encoded: set[str] = set()
    waiting, seen = [path.resolve()], set[Path]()
    while waiting:
        file = waiting.pop(0)
        if file in seen:
            continue
        seen.add(file)
        waiting += _read(folder, file, gathered, encoded)
    return gathered, frozenset(encoded)


def _read(folder: Folder, file: Path, gathered: SchemaSet, encoded: set[str]) -> list[Path]:
    """Takes in one file; gives the files that it imports."""
    root = folder.xml(file)
    if root.tag == f"{{{XS}}}schema":
        gathered.add_file(file)
        return []
    if root.tag != f"{{{WSDL}}}definitions":
        raise folder.wrong(file, 0, _not_wsdl(root))
    for schema in root.iterfind(f"{{{WSDL}}}types/{{{XS}}}schema"):
        gathered.add_inline(schema, file)
    for body in root.iterfind(f"{{{WSDL}}}binding/{{{WSDL}}}operation/*/*[@use='encoded']"):
        encoded.add(_operation_of(body))
    imports = [each for each in root.iterfind(f"{{{WSDL}}}import") if each.get("location")]
    return [folder.resolve(each.get("location", ""), beside=file, line=line_of(each)) for each in imports]


def _operation_of(body: etree._Element) -> str:
    operation = next(body.iterancestors(f"{{{WSDL}}}operation"), None)
    return operation.get("name", "") if operation is not None else ""


def _not_wsdl(root: etree._Element) -> Text:
    if root.tag == f"{{{_WSDL_2}}}description":
        return Text(en="WSDL 2.0 is not read: ask for WSDL 1.1.", fr="Le WSDL 2.0 n'est pas lu : demandez du WSDL 1.1.")
    return Text(en="This is not a WSDL 1.1 file.", fr="Ce n'est pas un fichier WSDL 1.1.")
