"""Reads `connectors/`: each connector.yaml with its contract, and what is wrong between the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hub.catalogue.facts import Application
from hub.contract import Contract, Shape
from hub.errors import ConfigurationError, Finding, Text, same
from hub.specs import connector as specs
from hub.specs.load import load, nearest
from hub.specs.source import Source
from hub.transports.openapi import load_openapi
from hub.transports.wsdl import load_wsdl


def read_connector(folder: Path, *, root: Path) -> tuple[Application | None, tuple[Finding, ...]]:
    """The application in `folder`, and everything that is wrong with it; None when it cannot be used at all."""
    shown = (folder / "connector.yaml").relative_to(root).as_posix()
    try:
        spec, source = load(folder / "connector.yaml", specs.Connector, shown=shown)
        contract = _contract(folder, spec, source)
    except ConfigurationError as error:
        return None, error.findings or (Finding(error.text, shown),)
    application = Application(spec.connector, spec, source, contract, folder)
    findings = (*_wrong_name(application), *_wrong_actions(application))
    if findings:
        return None, findings
    return application, (*_wrong_operations(application), *_wrong_rules(application))


def _contract(folder: Path, spec: specs.Connector, source: Source) -> Contract:
    path = (folder / spec.contract).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        missing = Text(
            en=f"there is no contract “{spec.contract}” in this folder",
            fr=f"le contrat « {spec.contract} » n'est pas dans ce dossier",
        )
        raise ConfigurationError(findings=(source.finding(("contract",), missing, right=_files(folder)),))
    return load_wsdl(path) if spec.protocol == "soap" else load_openapi(path)


def _files(folder: Path) -> Text:
    return same(", ".join(sorted(file.name for file in folder.iterdir() if file.is_file())))


def _wrong_name(application: Application) -> Iterator[Finding]:
    if application.name != application.folder.name:
        words = Text(
            en=f"the connector is called “{application.name}” and its folder “{application.folder.name}”",
            fr=f"le connecteur s'appelle « {application.name} » et son dossier « {application.folder.name} »",
        )
        yield application.source.finding(("connector",), words, right=same(f"connector: {application.folder.name}"))


def _wrong_actions(application: Application) -> Iterator[Finding]:
    for name, operation in application.spec.operations.items():
        if operation.action not in application.contract.operations:
            words = Text(
                en=f"{application.contract.source} has no operation “{operation.action}”",
                fr=f"{application.contract.source} n'a pas d'opération « {operation.action} »",
            )
            right = nearest(operation.action, application.contract.operations)
            yield application.source.finding(("operations", name, "action"), words, right=right)


def _wrong_operations(application: Application) -> Iterator[Finding]:
    for name, operation in application.spec.operations.items():
        contract = application.operation(name)
        answer = contract.output.shape if contract.output else None
        request = contract.input.shape if contract.input else None
        yield from _wrong_path(application, name, "found", operation.found, answer)
        yield from _wrong_path(application, name, "items", operation.items, answer)
        yield from _wrong_path(application, name, "since", operation.since, request)
        yield from _wrong_path(application, name, "key_field", operation.key_field, request)
        yield from _wrong_look_up(application, name, operation)
        yield from _wrong_feed(application, name, operation, answer)


def _wrong_path(application: Application, name: str, key: str, path: str | None, shape: Shape | None) -> Iterator[Finding]:
    if path and (shape is None or shape.at(path) is None):
        words = Text(en=f"the contract has no field “{path}” there", fr=f"le contrat n'a pas de champ « {path} » ici")
        known = [found for found, _ in shape.leaves()] + [child.name for child in shape.children] if shape else []
        yield application.source.finding(("operations", name, key), words, right=nearest(path, known))


def _wrong_look_up(application: Application, name: str, operation: specs.Operation) -> Iterator[Finding]:
    place = ("operations", name, "look_up")
    if operation.look_up is None:
        if operation.direction == "out" and not operation.repeatable:
            yield _warning(
                application.source.finding(
                    ("operations", name),
                    Text(
                        en=f"an unanswered {name} waits for a person: it is not repeatable and has no look_up",
                        fr=f"un {name} resté sans réponse attendra une personne : ni repeatable, ni look_up",
                    ),
                )
            )
        return
    asked = application.spec.operations.get(operation.look_up)
    if asked is None or asked.direction != "ask" or asked.found is None:
        words = Text(
            en=f"“{operation.look_up}” is not an ask operation that says what `found` is",
            fr=f"« {operation.look_up} » n'est pas une opération ask qui dit ce qu'est `found`",
        )
        yield application.source.finding(place, words, right=nearest(operation.look_up, _look_ups(application)))


def _look_ups(application: Application) -> list[str]:
    return [name for name, each in application.spec.operations.items() if each.direction == "ask" and each.found]


def _wrong_feed(application: Application, name: str, operation: specs.Operation, answer: Shape | None) -> Iterator[Finding]:
    if operation.direction != "feed":
        return
    items = answer.at(operation.items) if answer and operation.items else None
    if items is None or not items.repeated:
        repeated = _repeated(answer) if answer else []
        words = Text(
            en="a feed needs `items`: the repeated field of its answer",
            fr="un feed demande `items` : le champ répété de sa réponse",
        )
        yield application.source.finding(("operations", name), words, right=same(", ".join(repeated)))


def _repeated(shape: Shape, prefix: str = "") -> list[str]:
    found = []
    for child in shape.children:
        path = f"{prefix}{child.name}"
        found.extend([path] if child.repeated else _repeated(child, f"{path}."))
    return found


def _wrong_rules(application: Application) -> Iterator[Finding]:
    for number, rule in enumerate(application.spec.answers):
        if rule.operation and rule.operation not in application.spec.operations:
            words = Text(en=f"there is no operation “{rule.operation}”", fr=f"l'opération « {rule.operation} » n'existe pas")
            right = nearest(rule.operation, application.spec.operations)
            yield application.source.finding(("answers", number, "operation"), words, right=right)


def _warning(finding: Finding) -> Finding:
    return Finding(finding.text, finding.file, finding.line, finding.column, finding.row, finding.right, "warning")
