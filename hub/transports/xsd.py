"""XML schemas as contracts: shapes to read and write by, and a check of payload bytes by libxml2."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import xmlschema
from lxml import etree
from xmlschema.validators import XsdElement

from hub.codecs.safe_xml import parse
from hub.contract import Check, Contract, Operation, Part, RestBinding, Shape
from hub.errors import ConfigurationError, MessageError, Problem, Text
from hub.specs.connector import Patch
from hub.transports.contract_folder import Folder
from hub.transports.known_schemas import XS
from hub.transports.schema_links import settle
from hub.transports.schema_set import SchemaSet, namespace_of
from hub.transports.schema_words import CORRECT, unsound
from hub.transports.xsd_patches import apply_patches
from hub.transports.xsd_shapes import Shaper
from hub.transports.xsd_words import problems


class Schemas:
    """The compiled schemas of one contract: parts by the name of their root element."""

    def __init__(self, gathered: SchemaSet) -> None:
        """Compiles a gathered set. ConfigurationError with file and line when it is not sound."""
        with gathered.laid_out() as main:
            self._schema = _compiled(main, gathered)  # first: libxml2 knows the line of what is wrong
            self._model = _model(main, gathered)
        self._shaper = Shaper(dict(self._model.maps.substitution_groups))

    def part(self, name: str, *, media: str) -> Part | None:
        """The part whose root element is `name` (Clark notation), or None when no schema declares it."""
        element = self._model.maps.elements.get(name)
        if not isinstance(element, XsdElement):
            return None
        shape = self._shaper.payload(element)
        return Part(shape, check=check(self._schema, shape), media=media)

    def roots(self) -> tuple[str, ...]:
        """The names (Clark notation) of all global elements that are the contract's own."""
        return tuple(str(name) for name in self._model.maps.elements if not str(name).startswith("{http://www.w3.org/"))


def load_xsd(path: Path, root: str, *, folder: Path | None = None) -> Part:
    """The part of plain XML documents whose root element is `root` (local name), read offline.

    `folder` (default: the file's own) is the one that imports must not leave. ConfigurationError names file, line and
    import, or the root elements that there are.
    """
    place = Folder((folder or path.parent).resolve())
    schemas = Schemas(_gathered(place, path))
    names = [name for name in schemas.roots() if name.rpartition("}")[2] == root]
    part = schemas.part(names[0], media=_MEDIA) if names else None
    if part is None:
        raise _no_root(place, path, root, schemas)
    return part


def load_documents(path: Path, *, folder: Path | None = None, patches: Sequence[Patch] = ()) -> Contract:
    """The contract of an application that takes XML documents and says no more: an operation for each root element of the
    schema file, which is posted to the application's address. ConfigurationError as for `load_xsd`."""
    place = Folder((folder or path.parent).resolve())
    gathered = _gathered(place, path)
    names = _roots(gathered, path)
    if not names:
        raise place.wrong(path, 1, _ROOTLESS, right=_ADD_ROOT)
    apply_patches(gathered, {local(name): {"input": name} for name in names}, patches)
    mended, corrected = tuple(gathered.mended), gathered.corrected()
    schemas = Schemas(gathered)
    binding = RestBinding("POST", "", statuses=(200, 201, 202, 204), accepts=())
    made = {local(name): Operation(local(name), binding, schemas.part(name, media=_MEDIA)) for name in names}
    return Contract("rest", path.name, made, mended=mended, corrected=corrected)


def _gathered(place: Folder, path: Path) -> SchemaSet:
    gathered = SchemaSet(place)
    gathered.add_file(path)
    settle(gathered)
    return gathered


def _roots(gathered: SchemaSet, path: Path) -> list[str]:
    """The global elements of the file itself: what it imports is there for them."""
    source = next(each for each in gathered.sources if each.file == path.resolve())
    space = namespace_of(source.element)
    named = [each.get("name", "") for each in source.element.iterchildren(f"{{{XS}}}element") if not each.get("abstract")]
    return [f"{{{space}}}{name}" if space else name for name in named]


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


_MEDIA = "application/xml"
_ROOTLESS = Text(
    en="The schema declares types and no element, so no document can be of it.",
    fr="Le schéma déclare des types et aucun élément : aucun document ne peut en relever.",
)
_ADD_ROOT = Text(
    en="name the schema that declares the root element <xs:element name=...>; it may import this one",
    fr="nommez le schéma qui déclare l'élément racine <xs:element name=...> ; il peut importer celui-ci",
)


def check(schema: etree.XMLSchema, shape: Shape) -> Check:
    """Holds payload bytes against the schema; the root element must be the shape's."""
    tag = f"{{{shape.namespace}}}{shape.name}" if shape.namespace else shape.name
    alone = Lock()  # a schema has one error log: another thread's check would write into it

    def held_against(data: bytes) -> tuple[Problem, ...]:
        try:
            root = parse(data)
        except MessageError as wrong:
            return (Problem(wrong.text),)
        if root.tag != tag:
            return (_other_root(shape),)
        with alone:
            valid, log = schema.validate(root), schema.error_log
        return () if valid else problems(root, shape, log)

    return held_against


def _model(main: Path, gathered: SchemaSet) -> Any:
    """The components of a set that libxml2 has found sound; to judge it a second time takes longer than all the rest."""
    try:
        return xmlschema.XMLSchema10(str(main), validation="skip", allow="sandbox", defuse="always", use_fallback=False)
    except xmlschema.XMLSchemaException as wrong:
        first = _first(wrong)
        raise gathered.wrong(_file_of(first), 0, unsound(gathered.told(_words_of(first))), right=CORRECT) from wrong
    except (etree.Error, OSError, RecursionError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise gathered.wrong("", 0, unsound(gathered.told(str(wrong))), right=CORRECT) from wrong


def _compiled(main: Path, gathered: SchemaSet) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    try:
        return etree.XMLSchema(etree.parse(str(main), parser))
    except etree.XMLSchemaParseError as wrong:
        entry = next((each for each in wrong.error_log if each.level_name == "ERROR"), None)
        said = unsound(gathered.told(entry.message if entry else str(wrong)))
        file, line = (entry.filename, entry.line) if entry else ("", 0)
        raise gathered.wrong(file, line, said, right=CORRECT) from wrong


def _file_of(wrong: BaseException) -> str:
    return str(getattr(wrong, "schema_url", None) or getattr(getattr(wrong, "source", None), "url", None) or "")


def _first(wrong: BaseException) -> BaseException:
    """What made a chain of errors: an import failed because an include failed because of this."""
    while isinstance(wrong.__context__, xmlschema.XMLSchemaException):
        wrong = wrong.__context__
    return wrong


def _words_of(wrong: BaseException) -> str:
    return str(getattr(wrong, "reason", None) or getattr(wrong, "message", None) or wrong).splitlines()[0]


def _other_root(shape: Shape) -> Problem:
    where = f' ("{shape.namespace}")' if shape.namespace else ""
    return Problem(
        Text(en=f"The root element must be {shape.name}{where}.", fr=f"L'élément racine doit être {shape.name}{where}."),
        accepted=(shape.name,),
    )


def _no_root(place: Folder, path: Path, root: str, schemas: Schemas) -> ConfigurationError:
    known = ", ".join(sorted({name.rpartition("}")[2] for name in schemas.roots()})) or "-"
    return place.wrong(
        path,
        0,
        Text(en=f'There is no root element "{root}".', fr=f"Il n'y a pas d'élément racine « {root} »."),
        right=Text(en=f"Root elements: {known}", fr=f"Éléments racines : {known}"),
    )
