"""Mends the imports of a set of schemas where their meaning is sure, and says so: what is not sure stays an error.

Sure: a namespace that the contract itself declares, or that one file of the folder has (of several, the one of that name),
or that everybody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from hub.errors import ConfigurationError, Text
from hub.transports.contract_folder import Folder, parted
from hub.transports.known_schemas import KNOWN, XML, XS, known_schema
from hub.transports.schema_set import IMPORT, INCLUDES, Lost, SchemaSet, Source, namespace_of

_REFERENCES = ("type", "ref", "base", "itemType", "substitutionGroup", "refer")
_ALWAYS_THERE = frozenset({XS, "http://www.w3.org/2001/XMLSchema-instance"})
_BEFORE_IMPORTS = (*INCLUDES, IMPORT, f"{{{XS}}}annotation")


def settle(gathered: SchemaSet) -> None:
    """Finds what imports without a usable location mean, and adds those that were forgotten.

    ConfigurationError with file, line and remedy for an import that nothing in the folder answers.
    """
    links = _Links(gathered)
    while gathered.lost:
        links.find(gathered.lost.pop(0))
    for source in list(gathered.sources):
        links.bring_in_what_is_named(source)
    for source in list(gathered.sources):
        links.import_what_is_used(source)
    while gathered.lost:
        links.find(gathered.lost.pop(0))


class _Links:
    """The links of one set; knows which files of the folder declare which namespace."""

    def __init__(self, gathered: SchemaSet) -> None:
        self._set = gathered
        self._files: dict[str, list[Path]] | None = None

    def find(self, lost: Lost) -> None:
        """Leads a link whose location is of no use to what it means, or raises what was wrong with it."""
        if lost.link.tag in INCLUDES:
            self._find_part(lost)
            return
        namespace = lost.link.get("namespace", "")
        if namespace in self._set.namespaces:
            self._mended(lost.link, lost.file, _declared_here(_location(lost.link), namespace))
            lost.link.attrib.pop("schemaLocation")
        elif not self._brought_in(lost.link, lost.file, namespace):
            raise lost.why

    def bring_in_what_is_named(self, source: Source) -> None:
        """An import without location names a namespace that one file of the folder, or the hub, may have."""
        for link in source.element.iterchildren(IMPORT):
            namespace = link.get("namespace", "")
            if not _location(link) and namespace not in (*self._set.namespaces, *_ALWAYS_THERE):
                self._brought_in(link, source.file, namespace)

    def import_what_is_used(self, source: Source) -> None:
        """A schema may use another namespace of the contract without importing it; readers of XSD refuse that."""
        own = {namespace_of(source.element), *source.spaces, *_ALWAYS_THERE}
        imported = {link.get("namespace", "") for link in source.element.iterchildren(IMPORT)}
        for namespace, user in _used(source.element):
            if namespace in own or namespace in imported:
                continue
            if namespace in KNOWN and namespace not in self._set.namespaces:
                self._set.add_made(known_schema(namespace), source.file)
            if namespace in self._set.namespaces:
                imported.add(namespace)
                _add_import(source.element, namespace)
                self._mended(user, source.file, _not_imported(namespace))

    def _find_part(self, lost: Lost) -> None:
        """An include means a file of that name; it must be one, of the same namespace or of none."""
        name = _last_name(lost.link)
        own = {namespace_of(root) for root in lost.link.iterancestors(f"{{{XS}}}schema")}
        fitting = [file for space in {"", *own} for file in self._declaring(space) if file.name == name]
        if len(fitting) != 1:
            raise lost.why
        self._lead(lost.link, lost.file, fitting[0])

    def _brought_in(self, link: etree._Element, file: Path, namespace: str) -> bool:
        fitting = self._declaring(namespace) if namespace else []
        if len(fitting) > 1:
            fitting = [each for each in fitting if each.name == _last_name(link)]
        if len(fitting) == 1:
            self._lead(link, file, fitting[0])
        elif namespace in KNOWN and not self._declaring(namespace):
            self._set.add_made(known_schema(namespace), file)
            if _location(link):
                self._mended(link, file, _known(namespace))
                link.attrib.pop("schemaLocation")
        else:
            return False
        return True

    def _lead(self, link: etree._Element, file: Path, to: Path) -> None:
        self._mended(link, file, _found(_location(link), self._set.folder.named(to)))
        link.set("schemaLocation", _relative(self._set.folder, file, to))
        self._set.lead(link, file, to=to)

    def _mended(self, element: etree._Element, file: Path, text: Text) -> None:
        self._set.changed(file, element, text)

    def _declaring(self, namespace: str) -> list[Path]:
        if self._files is None:
            self._files = {}
            for file in self._set.folder.files(".xsd", ".xml"):
                for declared in _namespace_in(self._set.folder, file):
                    self._files.setdefault(declared, []).append(file)
        return self._files.get(namespace, [])


def _namespace_in(folder: Folder, file: Path) -> Iterator[str]:
    """The namespace of a schema file; none for another file, or a broken one, which nobody asked for."""
    try:
        root = folder.xml(file)
    except ConfigurationError:
        return
    if root.tag == f"{{{XS}}}schema":
        yield namespace_of(root)


def _used(schema: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Each namespace that a schema refers to, with the element that does."""
    for element in schema.iter(f"{{{XS}}}*"):
        named = [element.get(attribute) for attribute in _REFERENCES]
        named += element.get("memberTypes", "").split()
        for name in named:
            prefix, colon, _ = (name or "").rpartition(":")
            if colon or (name and None in element.nsmap):
                space = XML if prefix == "xml" else element.nsmap.get(prefix or None)
                if space:
                    yield space, element


def _add_import(schema: etree._Element, namespace: str) -> None:
    before = [each for each in schema.iterchildren() if each.tag in _BEFORE_IMPORTS]
    link = etree.Element(IMPORT, namespace=namespace)
    first = next((each for each in schema.iterchildren() if each not in before), None)
    if first is None:
        schema.append(link)
    else:
        first.addprevious(link)


def _location(link: etree._Element) -> str:
    return link.get("schemaLocation", "")


def _last_name(link: etree._Element) -> str:
    return Path(parted(_location(link))[1]).name


def _relative(folder: Folder, file: Path, to: Path) -> str:
    ups = len(Path(folder.named(file)).parts) - 1
    return "../" * ups + folder.named(to)


def _found(location: str, file: str) -> Text:
    if not location:
        return Text(
            en=f"an import without location: taken from {file}, the only file here that declares this namespace",
            fr=f"import sans emplacement : lu dans {file}, seul fichier d'ici à déclarer cet espace de noms",
        )
    return Text(
        en=f'"{location}" cannot be read offline: {file} was taken, the one here that declares this namespace',
        fr=f"« {location} » n'est pas lisible hors ligne : {file} a été lu, qui déclare ici cet espace de noms",
    )


def _declared_here(location: str, namespace: str) -> Text:
    return Text(
        en=f'"{location}" was not needed: the contract itself declares "{namespace}"',
        fr=f"« {location} » n'a pas été utile : le contrat déclare lui-même « {namespace} »",
    )


def _known(namespace: str) -> Text:
    return Text(
        en=f'"{namespace}" is known to all: the hub\'s own short form of it was taken',
        fr=f"« {namespace} » est connu de tous : la forme abrégée du hub a été prise",
    )


def _not_imported(namespace: str) -> Text:
    return Text(
        en=f'"{namespace}" is used here without being imported: the import was added',
        fr=f"« {namespace} » est utilisé ici sans être importé : l'import a été ajouté",
    )
