"""All schemas of one contract, gathered from its files and made one consistent set that any XSD reader can load.

Imports are rewritten so that each namespace has one entry; it is laid out in a temporary folder while it is loaded.
What its imports say wrongly is mended by `schema_links`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from hub.errors import ConfigurationError, Finding, Text
from hub.transports.contract_folder import Folder, line_of
from hub.transports.known_schemas import XS

MAIN = "main.xsd"
MOST_FILES = 1000
DEEPEST = 50
"""Imports within imports: each takes several frames of the stack, here and in the readers of XSD."""

INCLUDES = (f"{{{XS}}}include", f"{{{XS}}}redefine", f"{{{XS}}}override")
IMPORT = f"{{{XS}}}import"
_NOTES = (f"{{{XS}}}documentation", f"{{{XS}}}appinfo")
_GLOBALS = {"element": (f"{{{XS}}}element",), "type": (f"{{{XS}}}complexType", f"{{{XS}}}simpleType")}


@dataclass(slots=True)
class Source:
    """One schema: where it stands, and whether it is brought in by another one of its namespace (include)."""

    file: Path
    element: etree._Element
    name: str
    entry: bool
    spaces: set[str] = field(default_factory=set)
    """Its namespace, and those of the schemas that include it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """An import or include whose location leads to no file that may be read, and why."""

    link: etree._Element
    file: Path
    why: ConfigurationError


class SchemaSet:
    """Gathers schemas, then lays them out for loading."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.sources: list[Source] = []
        self.lost: list[Lost] = []
        self.mended: list[Finding] = []
        self._by_file: dict[Path, Source] = {}
        self._links: dict[etree._Element, Source] = {}
        self._changed: dict[Path, etree._Element] = {}
        self._ours: set[etree._Element] = set()
        self._depth = 0

    def add_file(self, file: Path) -> None:
        """Takes in a schema file, with all that it imports and includes."""
        self._take_file(file.resolve(), entry=True)

    def add_inline(self, element: etree._Element, file: Path) -> None:
        """Takes in a schema that stands inside another file (a WSDL)."""
        self._take(element, file, entry=True)

    def add_made(self, element: etree._Element, file: Path) -> None:
        """Takes in a schema that the hub made, because `file` needs it and does not hold it."""
        self._ours.add(element)
        self._take(element, file, entry=True)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that the set declares, in order of appearance."""
        return tuple(dict.fromkeys(namespace_of(source.element) for source in self.sources if source.entry))

    def declares(self, kind: str, name: str) -> bool:
        """Whether some schema has a global "element" or "type" of this name (Clark notation)."""
        space, _, local = name.rpartition("}")
        return any(
            each.get("name") == local
            for source in self.sources
            if space.removeprefix("{") in source.spaces
            for each in source.element.iterchildren(*_GLOBALS[kind])
        )

    def lead(self, link: etree._Element, file: Path, *, to: Path) -> None:
        """Makes an import or include bring in the file `to`."""
        source = self._take_file(to, entry=link.tag == IMPORT)
        self._links[link] = source
        if link.tag == IMPORT:
            self._mend_namespace(link, namespace_of(source.element), file)
        else:
            source.spaces |= {namespace_of(root) for root in link.iterancestors(f"{{{XS}}}schema")}

    def changed(self, file: Path, element: etree._Element, text: Text) -> None:
        """Notes that something was mended at `element` of `file`."""
        self.mended.append(self.folder.note(file, line_of(element), text))
        self.touched(file, element)

    def touched(self, file: Path, element: etree._Element) -> None:
        """Notes that `file`, in which `element` stands, is no longer as it is on disk."""
        root = element.getroottree().getroot()
        if root not in self._ours:
            self._changed[file.resolve()] = root

    def corrected(self) -> dict[str, bytes]:
        """The files that were mended, by their name in the folder; to be asked for before the set is laid out."""
        return {
            self.folder.named(file): bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
            for file, root in self._changed.items()
        }

    @contextmanager
    def laid_out(self) -> Iterator[Path]:
        """The main schema of the whole set, in a temporary folder that is removed afterwards."""
        with tempfile.TemporaryDirectory(prefix="hub-contract-") as place:
            folder = Path(place).resolve()
            self._rewrite()
            for source in self.sources:
                (folder / source.name).write_bytes(etree.tostring(source.element, encoding="UTF-8"))
            for name, content in self._entries().items():
                (folder / name).write_text(content, encoding="utf-8")
            yield folder / MAIN

    def wrong(self, name: str, line: int, text: Text, *, right: Text | None = None) -> ConfigurationError:
        """An error that a reader of the laid-out set found, told of the file that people know."""
        source = next((source for source in self.sources if source.name == Path(name).name), None)
        if source is None:
            files = [source.file for source in self.sources] or [self.folder.root]
            return self.folder.wrong(files[0], 0, text, right=right)
        return self.folder.wrong(source.file, _line_before(source.element, line), text, right=right)

    def told(self, words: str) -> str:
        """The words of a reader, with the names of files as people know them."""

        def known(found: re.Match[str]) -> str:
            source = next((source for source in self.sources if source.name == found[0]), None)
            return self.folder.named(source.file) if source else found[0]

        return re.sub(r"\bs\d+\.xsd\b", known, words)

    def _take_file(self, file: Path, *, entry: bool) -> Source:
        known = self._by_file.get(file)
        if known:
            known.entry = known.entry or entry
            return known
        element = self.folder.xml(file)
        if element.tag != f"{{{XS}}}schema":
            raise self.folder.wrong(file, line_of(element), _not_schema(element))
        return self._take(element, file, entry=entry)

    def _take(self, element: etree._Element, file: Path, *, entry: bool) -> Source:
        if len(self.sources) >= MOST_FILES:
            raise self.folder.wrong(file, 0, Text(en="More than 1000 schemas.", fr="Plus de 1000 schémas."))
        source = Source(file, element, f"s{len(self.sources)}.xsd", entry, {namespace_of(element)})
        self.sources.append(source)
        if element.getparent() is None:
            self._by_file.setdefault(file, source)
        if self._depth >= DEEPEST:
            raise self.folder.wrong(file, line_of(element), _TOO_DEEP)
        self._depth += 1
        for link in element.iterchildren(IMPORT, *INCLUDES):
            self._follow(link, file)
        self._depth -= 1
        return source

    def _follow(self, link: etree._Element, file: Path) -> None:
        location = link.get("schemaLocation")
        if not location:
            return
        try:
            target = self.folder.resolve(location, beside=file, line=line_of(link))
        except ConfigurationError as why:
            self.lost.append(Lost(link, file, why))
            return
        self.lead(link, file, to=target)

    def _rewrite(self) -> None:
        entries = {namespace: _entry_name(number) for number, namespace in enumerate(self.namespaces)}
        for source in self.sources:
            for link in source.element.iterchildren(IMPORT, *INCLUDES):
                self._point(link, entries)
            for note in source.element.iter(*_NOTES):
                _as_text(note)

    def _point(self, link: etree._Element, entries: dict[str, str]) -> None:
        target = self._links.get(link)
        if link.tag in INCLUDES:
            if target:
                link.set("schemaLocation", target.name)
            return
        namespace = link.get("namespace", "")
        if namespace in entries:
            link.set("schemaLocation", entries[namespace])
        else:
            link.attrib.pop("schemaLocation", "")

    def _mend_namespace(self, link: etree._Element, namespace: str, file: Path) -> None:
        """An import that announces another namespace than its file declares: the file is right."""
        said = link.get("namespace", "")
        if said == namespace:
            return
        self.changed(file, link, _other_namespace(said, namespace))
        if namespace:
            link.set("namespace", namespace)
        else:
            link.attrib.pop("namespace", "")

    def _entries(self) -> dict[str, str]:
        """One small schema for each namespace that includes all of its parts, and the main one that imports these."""
        found: dict[str, str] = {}
        imports: list[str] = []
        for number, namespace in enumerate(self.namespaces):
            parts = [source.name for source in self.sources if source.entry and namespace_of(source.element) == namespace]
            includes = [f'<xs:include schemaLocation="{name}"/>' for name in parts]
            target = f' targetNamespace="{_quoted(namespace)}"' if namespace else ""
            found[_entry_name(number)] = f'<xs:schema xmlns:xs="{XS}"{target}>{"".join(includes)}</xs:schema>'
            said = f' namespace="{_quoted(namespace)}"' if namespace else ""
            imports.append(f'<xs:import{said} schemaLocation="{_entry_name(number)}"/>')
        found[MAIN] = f'<xs:schema xmlns:xs="{XS}" targetNamespace="urn:hub:contract">{"".join(imports)}</xs:schema>'
        return found


_TOO_DEEP = Text(
    en=f"Imports within imports, over {DEEPEST} of them.", fr=f"Des imports dans des imports, plus de {DEEPEST}."
)


def _as_text(note: etree._Element) -> None:
    """The library xmlschema takes schema elements that stand in a documentation as an example for real ones."""
    if len(note):
        words = "".join(str(each) for each in note.itertext())
        for child in list(note):
            note.remove(child)
        note.text = words


def namespace_of(element: etree._Element) -> str:
    """The namespace that a schema declares, "" for none."""
    return element.get("targetNamespace", "")


def _entry_name(number: int) -> str:
    return f"n{number}.xsd"


def _quoted(text: str) -> str:
    return re.sub(r'[<&"]', lambda found: f"&#{ord(found[0])};", text)


def _line_before(element: etree._Element, line: int) -> int:
    """The line in the original file of what stands at `line` once written out: the n-th element stays the n-th."""
    written = etree.fromstring(etree.tostring(element, encoding="UTF-8"))
    for then, before in zip(written.iter(), element.iter(), strict=False):
        if line_of(then) >= line > 0:
            return line_of(before)
    return line_of(element)


def _not_schema(element: etree._Element) -> Text:
    name = etree.QName(element).localname
    return Text(
        en=f"This is not an XML schema: it begins with <{name}>, not with <schema>.",
        fr=f"Ce n'est pas un schéma XML : il commence par <{name}>, pas par <schema>.",
    )


def _other_namespace(said: str, namespace: str) -> Text:
    return Text(
        en=f'imports "{said}", the file declares "{namespace}": taken as the file has it',
        fr=f"importe « {said} », le fichier déclare « {namespace} » : lu comme le fichier le dit",
    )
