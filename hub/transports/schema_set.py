"""All schemas of one contract, gathered from its files and made one consistent set that any XSD reader can load.

Imports are rewritten so that each namespace has one entry; it is laid out in a temporary folder while it is loaded.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from hub.errors import ConfigurationError, Text
from hub.transports.contract_folder import Folder, line_of

XS = "http://www.w3.org/2001/XMLSchema"
MAIN = "main.xsd"
MOST_FILES = 1000

_BRINGS = (f"{{{XS}}}include", f"{{{XS}}}redefine", f"{{{XS}}}override")
_IMPORT = f"{{{XS}}}import"


@dataclass(slots=True)
class _Source:
    """One schema: where it stands, and whether it is brought in by another one of its namespace (include)."""

    file: Path
    element: etree._Element
    name: str
    entry: bool


class SchemaSet:
    """Gathers schemas, then lays them out for loading."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._sources: list[_Source] = []
        self._by_file: dict[Path, _Source] = {}
        self._links: dict[etree._Element, _Source] = {}
        self.mended: list[str] = []
        self.mended_files: dict[Path, etree._Element] = {}

    def add_file(self, file: Path) -> None:
        """Takes in a schema file, with all that it imports and includes."""
        self._take_file(file.resolve(), entry=True)

    def add_inline(self, element: etree._Element, file: Path) -> None:
        """Takes in a schema that stands inside another file (a WSDL)."""
        self._take(element, file, entry=True)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that the set declares, in order of appearance."""
        return tuple(dict.fromkeys(_namespace(source.element) for source in self._sources if source.entry))

    @contextmanager
    def laid_out(self) -> Iterator[Path]:
        """The main schema of the whole set, in a temporary folder that is removed afterwards."""
        with tempfile.TemporaryDirectory(prefix="hub-contract-") as place:
            folder = Path(place).resolve()
            self._rewrite()
            for source in self._sources:
                (folder / source.name).write_bytes(etree.tostring(source.element, encoding="UTF-8"))
            for name, content in self._entries().items():
                (folder / name).write_text(content, encoding="utf-8")
            yield folder / MAIN

    def wrong(self, name: str, line: int, text: Text) -> ConfigurationError:
        """An error that a reader of the laid-out set found, told of the file that people know."""
        source = next((source for source in self._sources if source.name == Path(name).name), None)
        if source is None:
            files = [source.file for source in self._sources] or [self._folder.root]
            return self._folder.wrong(files[0], 0, text)
        return self._folder.wrong(source.file, _line_before(source.element, line), text)

    def told(self, words: str) -> str:
        """The words of a reader, with the names of files as people know them."""

        def known(found: re.Match[str]) -> str:
            source = next((source for source in self._sources if source.name == found[0]), None)
            return self._folder.named(source.file) if source else found[0]

        return re.sub(r"\bs\d+\.xsd\b", known, words)

    def _take_file(self, file: Path, *, entry: bool) -> _Source:
        known = self._by_file.get(file)
        if known:
            known.entry = known.entry or entry
            return known
        element = self._folder.xml(file)
        if element.tag != f"{{{XS}}}schema":
            raise self._folder.wrong(file, 0, Text(en="This is not an XML schema.", fr="Ce n'est pas un schéma XML."))
        return self._take(element, file, entry=entry)

    def _take(self, element: etree._Element, file: Path, *, entry: bool) -> _Source:
        if len(self._sources) >= MOST_FILES:
            raise self._folder.wrong(file, 0, Text(en="More than 1000 schemas.", fr="Plus de 1000 schémas."))
        source = _Source(file, element, f"s{len(self._sources)}.xsd", entry)
        self._sources.append(source)
        if element.getparent() is None:
            self._by_file[file] = source
        for link in element.iterchildren(_IMPORT, *_BRINGS):
            self._follow(link, file)
        return source

    def _follow(self, link: etree._Element, file: Path) -> None:
        location = link.get("schemaLocation")
        if not location:
            return
        target = self._folder.resolve(location, beside=file, line=line_of(link))
        self._links[link] = self._take_file(target, entry=link.tag == _IMPORT)
        if link.tag == _IMPORT:
            self._mend(link, _namespace(self._links[link].element), file)

    def _rewrite(self) -> None:
        entries = {namespace: _entry_name(number) for number, namespace in enumerate(self.namespaces)}
        for source in self._sources:
            for link in source.element.iterchildren(_IMPORT, *_BRINGS):
                self._point(link, entries)

    def _point(self, link: etree._Element, entries: dict[str, str]) -> None:
        target = self._links.get(link)
        if link.tag in _BRINGS:
            if target:
                link.set("schemaLocation", target.name)
            return
        namespace = link.get("namespace", "")
        if namespace in entries:
            link.set("schemaLocation", entries[namespace])
        else:
            link.attrib.pop("schemaLocation", "")

    def _mend(self, link: etree._Element, namespace: str, file: Path) -> None:
        """An import that announces another namespace than its file declares: the file is right."""
        said = link.get("namespace", "")
        if said == namespace:
            return
        place = f"{self._folder.named(file)}:{line_of(link)}"
        self.mended.append(f'{place}: imports "{said}", the file declares "{namespace}"')
        self.mended_files[file.resolve()] = link.getroottree().getroot()
        if namespace:
            link.set("namespace", namespace)
        else:
            link.attrib.pop("namespace", "")

    def _entries(self) -> dict[str, str]:
        """One small schema for each namespace that includes all of its parts, and the main one that imports these."""
        found: dict[str, str] = {}
        imports: list[str] = []
        for number, namespace in enumerate(self.namespaces):
            parts = [source.name for source in self._sources if source.entry and _namespace(source.element) == namespace]
            includes = [f'<xs:include schemaLocation="{name}"/>' for name in parts]
            target = f' targetNamespace="{_quoted(namespace)}"' if namespace else ""
            found[_entry_name(number)] = f'<xs:schema xmlns:xs="{XS}"{target}>{"".join(includes)}</xs:schema>'
            said = f' namespace="{_quoted(namespace)}"' if namespace else ""
            imports.append(f'<xs:import{said} schemaLocation="{_entry_name(number)}"/>')
        found[MAIN] = f'<xs:schema xmlns:xs="{XS}" targetNamespace="urn:hub:contract">{"".join(imports)}</xs:schema>'
        return found


def _entry_name(number: int) -> str:
    return f"n{number}.xsd"


def _namespace(element: etree._Element) -> str:
    return element.get("targetNamespace", "")


def _quoted(text: str) -> str:
    return re.sub(r'[<&"]', lambda found: f"&#{ord(found[0])};", text)


def _line_before(element: etree._Element, line: int) -> int:
    """The line in the original file of what stands at `line` once written out: the n-th element stays the n-th."""
    written = etree.fromstring(etree.tostring(element, encoding="UTF-8"))
    for then, before in zip(written.iter(), element.iter(), strict=False):
        if line_of(then) >= line > 0:
            return line_of(before)
    return line_of(element)
