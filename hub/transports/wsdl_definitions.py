"""What WSDL 1.1 files define (messages, port types, bindings), found by name; knows nothing of SOAP.

A reference whose prefix is missing or wrong is mended where one thing only can be meant: its namespace defines nothing
in this contract, and one single definition of that kind has that name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from hub.errors import Text
from hub.transports.contract_folder import line_of
from hub.transports.known_schemas import XML, XS
from hub.transports.schema_set import SchemaSet

WSDL = "http://schemas.xmlsoap.org/wsdl/"
MESSAGE, PORT_TYPE, BINDING = f"{{{WSDL}}}message", f"{{{WSDL}}}portType", f"{{{WSDL}}}binding"


@dataclass(frozen=True, slots=True)
class Definition:
    """One message, port type or binding: its name (Clark notation), its element and its file."""

    name: str
    element: etree._Element
    file: Path

    @property
    def local(self) -> str:
        return self.name.rpartition("}")[2]


class Definitions:
    """All definitions of one contract."""

    def __init__(self, schemas: SchemaSet) -> None:
        self.schemas = schemas
        self._found: dict[str, list[Definition]] = {MESSAGE: [], PORT_TYPE: [], BINDING: []}

    def add(self, root: etree._Element, file: Path) -> None:
        """Takes in what the root of a WSDL defines."""
        space = root.get("targetNamespace", "")
        for element in root.iterchildren(*self._found):
            name = f"{{{space}}}{element.get('name', '')}"
            self._found[str(element.tag)].append(Definition(name, element, file))

    def all(self, kind: str) -> tuple[Definition, ...]:
        """Every definition of a kind, in the order of the files."""
        return tuple(self._found[kind])

    def named(self, kind: str, element: etree._Element, attribute: str, *, file: Path) -> Definition | None:
        """What the attribute of an element of `file` refers to, mended where sure; None where there is no such thing."""
        name = qname(element, attribute)
        exact = next((each for each in self._found[kind] if each.name == name), None)
        if exact or name.rpartition("}")[0] in {each.name.rpartition("}")[0] for each in self._found[kind]}:
            return exact
        local = name.rpartition("}")[2]
        unnamed = not name and kind == PORT_TYPE  # an input that names no message may as well be empty
        alike = [each for each in self._found[kind] if each.local == local or unnamed]
        if len(alike) != 1:
            return None
        said = element.get(attribute, "")
        self.schemas.mended.append(self.schemas.folder.note(file, line_of(element), _meant(said, alike[0])))
        return alike[0]

    def declared(self, kind: str, element: etree._Element, *, file: Path) -> str:
        """The schemas' element or type that a part refers to (Clark notation), mended where sure; it may be declared
        nowhere."""
        name = qname(element, kind)
        space, _, local = name.rpartition("}")
        space = space.removeprefix("{")
        if self.schemas.declares(kind, name) or space in (*self.schemas.namespaces, XS):
            return name
        fitting = [each for each in self.schemas.namespaces if self.schemas.declares(kind, f"{{{each}}}{local}")]
        if len(fitting) != 1:
            return name
        found = f"{{{fitting[0]}}}{local}" if fitting[0] else local
        said = element.get(kind, "")
        text = Text(
            en=f'{kind}="{said}" was taken as {local} of "{fitting[0]}", the only one of this name',
            fr=f'{kind}="{said}" a été lu comme {local} de « {fitting[0]} », le seul de ce nom',
        )
        self.schemas.mended.append(self.schemas.folder.note(file, line_of(element), text))
        return found


def qname(element: etree._Element, attribute: str) -> str:
    """The name in an attribute, in Clark notation; "" where there is none. A prefix that nothing declares is kept as one."""
    said = element.get(attribute, "").strip()
    prefix, _, local = said.rpartition(":")
    if not local:
        return ""
    space = XML if prefix == "xml" else element.nsmap.get(prefix or None, prefix)
    return f"{{{space}}}{local}" if space else local


def _meant(said: str, found: Definition) -> Text:
    space = found.name.rpartition("}")[0].removeprefix("{")
    if not said:
        return Text(
            en=f"names nothing: {found.local} was taken, the only one that there is",
            fr=f"ne nomme rien : {found.local} a été pris, le seul qui existe",
        )
    return Text(
        en=f'"{said}" was taken as {found.local} of "{space}", the only one of this name',
        fr=f"« {said} » a été lu comme {found.local} de « {space} », le seul de ce nom",
    )
