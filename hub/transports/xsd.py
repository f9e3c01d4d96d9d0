"""XML schemas as contracts: shapes to read and write by, and a check of payload bytes by libxml2."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

import xmlschema
from lxml import etree
from xmlschema.validators import XsdElement

from hub.codecs.safe_xml import parse
from hub.contract import Check, Part, Shape
from hub.errors import ConfigurationError, MessageError, Problem, Text
from hub.transports.contract_folder import Folder
from hub.transports.schema_set import SchemaSet
from hub.transports.xsd_shapes import Shaper
from hub.transports.xsd_words import problems


class Schemas:
    """The compiled schemas of one contract: parts by the name of their root element."""

    def __init__(self, gathered: SchemaSet) -> None:
        """Compiles a gathered set. ConfigurationError with file and line when it is not sound."""
        with gathered.laid_out() as main:
            self._schema = _compiled(main, gathered)  # first: libxml2 knows the line of what is wrong
            self._model = _model(main, gathered)

    def part(self, name: str, *, media: str) -> Part | None:
        """The part whose root element is `name` (Clark notation), or None when no schema declares it."""
        element = self._model.maps.elements.get(name)
        if not isinstance(element, XsdElement):
            return None
        shape = Shaper(dict(self._model.maps.substitution_groups)).payload(element)
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
    gathered = SchemaSet(place)
    gathered.add_file(path)
    schemas = Schemas(gathered)
    names = [name for name in schemas.roots() if name.rpartition("}")[2] == root]
    part = schemas.part(names[0], media="application/xml") if names else None
    if part is None:
        raise _no_root(place, path, root, schemas)
    return part


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
    try:
        return xmlschema.XMLSchema10(str(main), allow="sandbox", defuse="always", use_fallback=False)
    except xmlschema.XMLSchemaException as wrong:
        raise gathered.wrong(_file_of(wrong), _line_of(wrong), _unsound(gathered.told(_words_of(wrong)))) from wrong
    except (etree.Error, OSError, RecursionError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise gathered.wrong("", 0, _unsound(gathered.told(str(wrong)))) from wrong


def _compiled(main: Path, gathered: SchemaSet) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    try:
        return etree.XMLSchema(etree.parse(str(main), parser))
    except etree.XMLSchemaParseError as wrong:
        entry = next((each for each in wrong.error_log if each.level_name == "ERROR"), None)
        words = entry.message if entry else str(wrong)
        raise gathered.wrong(
            entry.filename if entry else "", entry.line if entry else 0, _unsound(gathered.told(words))
        ) from wrong


def _file_of(wrong: xmlschema.XMLSchemaException) -> str:
    return str(getattr(wrong, "schema_url", None) or getattr(getattr(wrong, "source", None), "url", None) or "")


def _line_of(wrong: xmlschema.XMLSchemaException) -> int:
    return int(getattr(wrong, "sourceline", None) or 0)


def _words_of(wrong: xmlschema.XMLSchemaException) -> str:
    return str(getattr(wrong, "reason", None) or getattr(wrong, "message", None) or wrong).splitlines()[0]


def _unsound(words: str) -> Text:
    return Text(en=f"The schema is not sound: {words}", fr=f"Le schéma n'est pas valide : {words}")


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
