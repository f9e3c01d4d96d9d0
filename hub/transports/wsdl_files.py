"""The files of a WSDL: walks its imports inside the connector's folder and gathers definitions and schemas."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from hub.errors import ConfigurationError, Text
from hub.transports.contract_folder import Folder, line_of
from hub.transports.known_schemas import XS
from hub.transports.schema_links import settle
from hub.transports.schema_set import SchemaSet
from hub.transports.wsdl_definitions import WSDL, Definitions

_WSDL_2 = "http://www.w3.org/ns/wsdl"
_SUFFIXES = (".wsdl", ".xml")


def gather(folder: Folder, path: Path) -> tuple[SchemaSet, Definitions]:
    """The schemas of a WSDL and of all that it imports, settled, and what the WSDLs define."""
    walk = _Walk(folder)
    waiting = [path.resolve()]
    while waiting:
        waiting += walk.take(waiting.pop(0))
    settle(walk.schemas)
    return walk.schemas, walk.definitions


def importers(folder: Folder, path: Path) -> list[str]:
    """The names of the WSDLs of the folder that import this one."""
    found = []
    for file in folder.files(*_SUFFIXES):
        try:
            root = folder.xml(file)
        except ConfigurationError:
            continue
        locations = [each.get("location", "") for each in root.iterfind(f"{{{WSDL}}}import")]
        if any((file.parent / location).resolve() == path.resolve() for location in locations):
            found.append(folder.named(file))
    return found


class _Walk:
    """Reads the files one by one; knows those that it has read."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._seen: set[Path] = set()
        self.schemas = SchemaSet(folder)
        self.definitions = Definitions(self.schemas)

    def take(self, file: Path) -> list[Path]:
        """Takes in one file, once; gives the files that it imports."""
        if file in self._seen:
            return []
        self._seen.add(file)
        root = self._folder.xml(file)
        if root.tag == f"{{{XS}}}schema":
            self.schemas.add_file(file)
            return []
        if root.tag != f"{{{WSDL}}}definitions":
            raise self._folder.wrong(file, line_of(root), _not_wsdl(root), right=_ASK_WSDL)
        for schema in root.iterfind(f"{{{WSDL}}}types/{{{XS}}}schema"):
            self.schemas.add_inline(schema, file)
        self.definitions.add(root, file)
        imports = root.iterfind(f"{{{WSDL}}}import")
        return [found for each in imports if (found := self._imported(each, file))]

    def _imported(self, link: etree._Element, file: Path) -> Path | None:
        """The file that an import means: the one that it names, or the only WSDL here of that namespace."""
        location, namespace = link.get("location", ""), link.get("namespace", "")
        try:
            return self._folder.resolve(location, beside=file, line=line_of(link)) if location else None
        except ConfigurationError:
            fitting = [each for each in self._folder.files(*_SUFFIXES) if each != file and self._defines(each, namespace)]
            if len(fitting) != 1:
                raise
        name = self._folder.named(fitting[0])
        self.schemas.changed(file, link, _found(location, name))
        link.set("location", "../" * (len(Path(self._folder.named(file)).parts) - 1) + name)
        return fitting[0]

    def _defines(self, file: Path, namespace: str) -> bool:
        try:
            root = self._folder.xml(file)
        except ConfigurationError:
            return False
        return root.tag == f"{{{WSDL}}}definitions" and bool(namespace) and root.get("targetNamespace") == namespace


_ASK_WSDL = Text(
    en="ask the vendor for the WSDL 1.1 file: most services give it at their address followed by ?wsdl",
    fr="demandez à l'éditeur le fichier WSDL 1.1 : la plupart des services le donnent à leur adresse suivie de ?wsdl",
)


def _not_wsdl(root: etree._Element) -> Text:
    if root.tag == f"{{{_WSDL_2}}}description":
        return Text(en="This is WSDL 2.0, which is not read.", fr="C'est du WSDL 2.0, qui n'est pas lu.")
    name = etree.QName(root).localname
    return Text(
        en=f"This is not a WSDL 1.1 file: it begins with <{name}>, not with <definitions>.",
        fr=f"Ce n'est pas un fichier WSDL 1.1 : il commence par <{name}>, pas par <definitions>.",
    )


def _found(location: str, file: str) -> Text:
    return Text(
        en=f'"{location}" cannot be read offline: {file} was taken, the only WSDL here of this namespace',
        fr=f"« {location} » n'est pas lisible hors ligne : {file} a été lu, seul WSDL d'ici de cet espace de noms",
    )
