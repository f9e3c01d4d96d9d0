"""Applies the `formats` of a connector to its contract: documents in fields and bodies get their own contracts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hub.catalogue.facts import Application
from hub.codecs import with_inside
from hub.codecs.attribute_values import with_values_in
from hub.contract import Inside, Kind, Operation, Part, Shape
from hub.errors import ConfigurationError, Finding, Text
from hub.specs import connector as specs
from hub.specs.source import Place
from hub.translation.checks.case import one_of
from hub.transports.contract_folder import Folder
from hub.transports.json_schema import load_json_schema
from hub.transports.layouts import load_layout, part_of
from hub.transports.xsd import load_xsd

_LAYOUTS = (".layout.yaml", ".layout.yml")
_SUFFIXES = (".xsd", ".json", *_LAYOUTS)


def with_formats(application: Application, *, root: Path) -> tuple[Application, tuple[Finding, ...]]:
    """The application whose operations speak of what is in their fields and bodies, and what is wrong with `formats`."""
    findings: list[Finding] = []
    for number, word in enumerate(application.spec.formats):
        try:
            application = _Reader(application, word, ("formats", number), root).applied()
        except ConfigurationError as error:
            findings.extend(error.findings)
    return application, tuple(findings)


def without_read_bodies(findings: tuple[Finding, ...], spec: specs.Connector) -> tuple[Finding, ...]:
    """The findings but those that a body is not read, where a format says how it is."""
    bodies = {word.operation for word in spec.formats if word.contract and not word.at}
    actions = [f"{spec.operations[name].action}: a body of type " for name in bodies & spec.operations.keys()]
    return tuple(each for each in findings if not each.text.en.startswith(tuple(actions)))


class _Reader:
    """One format, on its way into one operation."""

    def __init__(self, application: Application, word: specs.Format, place: Place, root: Path) -> None:
        self._application = application
        self._word = word
        self._place = place
        self._root = root

    def applied(self) -> Application:
        """The application with this format. Raises ConfigurationError."""
        spec, contract = self._application.spec, self._application.contract
        if self._word.operation not in spec.operations:
            words = Text(
                en=f"this connector has no operation “{self._word.operation}”",
                fr=f"ce connecteur n'a pas d'opération « {self._word.operation} »",
            )
            raise self._wrong("operation", words, one_of(self._word.operation, spec.operations))
        action = spec.operations[self._word.operation].action
        operation = contract.operations.get(action)
        if operation is None:  # said of the operation itself
            return self._application
        part = self._part(operation)
        changed = replace(operation, input=part) if self._word.part == "input" else replace(operation, output=part)
        contract = replace(contract, operations={**contract.operations, action: changed})
        contract = replace(contract, mended=without_read_bodies(contract.mended, spec))
        return replace(self._application, contract=contract)

    def _part(self, operation: Operation) -> Part:
        there = operation.input if self._word.part == "input" else operation.output
        if self._word.at:
            return self._in_field(there, self._word.at)
        return self._whole(there)

    def _whole(self, there: Part | None) -> Part:
        """The format of a whole body; REST parameters stay beside it."""
        if self._application.spec.protocol == "soap" and (self._word.contract or self._word.encoding):
            words = Text(
                en="the body of a SOAP call is as the WSDL says", fr="le corps d'un appel SOAP est tel que le dit le WSDL"
            )
            right = Text(
                en="say at: the field that holds the document", fr="indiquez at : le champ qui contient le document"
            )
            raise self._wrong("operation", words, right)
        if self._word.contract is None:
            if there is None:
                raise self._without_document()
            return self._settled(there)
        found = self._settled(self._loaded(self._word.contract))
        parameters = tuple(child for child in there.shape.children if child.location) if there else ()
        shape = replace(found.shape, children=(*found.shape.children, *parameters))
        return replace(found, shape=shape, media=self._word.media or found.media)

    def _in_field(self, there: Part | None, at: str) -> Part:
        if there is None:
            raise self._without_document()
        leaf = there.shape.at(at)
        if leaf is None or leaf.kind not in (Kind.TEXT, Kind.BASE64) or leaf.location:
            words = Text(en=f"there is no text field “{at}”", fr=f"il n'y a pas de champ de texte « {at} »")
            raise self._wrong("at", words, one_of(at, _texts(there.shape)))
        if self._word.contract is None:
            words = Text(en="nothing says what the field holds", fr="rien ne dit ce que contient le champ")
            right = Text(
                en="contract: an XSD, a JSON Schema or a layout of this folder",
                fr="contract: un XSD, un JSON Schema ou une présentation (layout) de ce dossier",
            )
            raise self._wrong("at", words, right)
        base64 = self._word.base64 or leaf.kind is Kind.BASE64
        inner = self._settled(self._loaded(self._word.contract))
        if inner.layout and not base64:  # a text has no bytes, so no encoding either
            inner = part_of(replace(inner.layout, encoding="utf-8"))
        return with_inside(there, Inside(at, inner, leaf, base64))

    def _settled(self, part: Part) -> Part:
        """The part with its encoding and its attribute for values, which only XML has."""
        word, is_xml = self._word, "xml" in part.media
        if not is_xml and (word.values_in or (word.encoding and not part.layout)):
            words = Text(en="this document is not XML", fr="ce document n'est pas du XML")
            right = Text(en="drop this key", fr="ôtez cette clé")
            raise self._wrong("values_in" if word.values_in else "encoding", words, right)
        if word.encoding and part.layout:
            part = part_of(replace(part.layout, encoding=word.encoding))
        elif word.encoding:
            part = replace(part, encoding=word.encoding.removesuffix("-sig").upper())
        return with_values_in(part, word.values_in) if word.values_in else part

    def _loaded(self, name: str) -> Part:
        folder = Folder(self._application.folder.resolve())
        file = (folder.root / name).resolve()
        if not name.endswith(_SUFFIXES) or not file.is_relative_to(folder.root) or not file.is_file():
            words = Text(en=f"there is no contract “{name}” in this folder", fr=f"« {name} » n'est pas dans ce dossier")
            there = [each.name for each in folder.root.iterdir() if each.name.endswith(_SUFFIXES)]
            right = Text(en="put an .xsd, .json or .layout.yaml there", fr="déposez-y un .xsd, .json ou .layout.yaml")
            raise self._wrong("contract", words, one_of(name, there) or right)
        if name.endswith(_LAYOUTS):
            return load_layout(file, shown=file.relative_to(self._root.resolve()).as_posix())
        try:
            return load_xsd(file, self._word.root) if name.endswith(".xsd") else load_json_schema(file)
        except ConfigurationError as error:
            raise self._beside(error, file.parent) from error

    def _beside(self, error: ConfigurationError, folder: Path) -> ConfigurationError:
        """The error with files as the installation knows them."""
        shown = folder.relative_to(self._root.resolve()).as_posix()
        findings = (replace(each, file=f"{shown}/{each.file}", line=each.line or 1, column=1) for each in error.findings)
        return ConfigurationError(findings=tuple(findings))

    def _without_document(self) -> ConfigurationError:
        words = Text(
            en=f"the {self._word.part} of this operation carries no document",
            fr="cette opération n'a pas de document de ce côté",
        )
        right = Text(en="part: input or output", fr="part: input (ce qui lui est dit) ou output (ce qu'elle répond)")
        return self._wrong("part", words, right)

    def _wrong(self, key: str, words: Text, right: Text | None) -> ConfigurationError:
        finding = self._application.source.finding((*self._place, key), words, right=right)
        return ConfigurationError(findings=(finding,))


def _texts(shape: Shape) -> list[str]:
    return [path for path, leaf in shape.leaves() if leaf.kind in (Kind.TEXT, Kind.BASE64) and not leaf.location]
