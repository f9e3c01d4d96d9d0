"""Reads `connectors/`: each connector.yaml with its contract, and what is wrong between the two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hub.catalogue.answers import wrong_receipt, wrong_rules
from hub.catalogue.facts import Application
from hub.catalogue.files import load_file, said_twice, stray_references
from hub.catalogue.instances import wrong_instances
from hub.catalogue.tweaks import read_tweaks
from hub.contract import Contract, Shape
from hub.errors import ConfigurationError, Finding, Text
from hub.specs import connector as specs
from hub.specs.source import Source
from hub.translation.checks.case import one_of
from hub.transports.openapi import load_openapi
from hub.transports.wsdl import load_wsdl

_CONTRACTS = (".wsdl", ".yaml", ".yml", ".json")
_NAMED = re.compile(r"\{[^}]*\}([\w.-]+)")
_PLACED = re.compile(r"(?:line|ligne) (\d+), (?:column|colonne) (\d+) ?: ")


def read_connector(folder: Path, *, root: Path) -> tuple[Application | None, tuple[Finding, ...]]:
    """The application in `folder`, and everything that is wrong with it; None when it cannot be used at all."""
    try:
        spec, source = load_file(folder / "connector.yaml", specs.Connector, root=root)
        file = _contract_file(folder, spec, source)
    except ConfigurationError as error:
        return None, error.findings
    if spec.connector != folder.name:
        return None, (said_twice(spec.connector, folder.name, source, key="connector"),)
    tweaks, wrong = read_tweaks(folder, root=root)
    found = (*stray_references(source, but="address"), *wrong_instances(spec, source), *wrong)
    try:
        contract = _contract(file, spec)
    except ConfigurationError as error:
        return None, (*found, *_of_contract(error, file, root))
    application, unsound = _sound(Application(spec.connector, spec, source, contract, folder, tweaks=tweaks))
    return application, (*found, *unsound, *_wrong_operations(application), *wrong_rules(application))


def _contract_file(folder: Path, spec: specs.Connector, source: Source) -> Path:
    path = (folder / spec.contract).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        missing = Text(
            en=f"there is no contract “{spec.contract}” in this folder",
            fr=f"le contrat « {spec.contract} » n'est pas dans ce dossier",
        )
        there = [each.name for each in folder.iterdir() if each.suffix in _CONTRACTS and each.stem != "connector"]
        right = Text(en="put the file there, under this name", fr="déposez-y le fichier, sous ce nom")
        if there:
            listed = ", ".join(sorted(there))
            right = Text(en=f"{right.en}, or name one of {listed}", fr=f"{right.fr}, ou nommez l'un de ceux-ci : {listed}")
        raise ConfigurationError(findings=(source.finding(("contract",), missing, right=right),))
    return path


def _contract(file: Path, spec: specs.Connector) -> Contract:
    """The contract in `file`. Raises ConfigurationError, also where its reader stumbles over a form that no standard has."""
    try:
        return load_wsdl(file) if spec.protocol == "soap" else load_openapi(file)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        form = "WSDL" if spec.protocol == "soap" else "OpenAPI"
        words = Text(
            en=f"is not built as {form} has it: something in it is of another kind ({error})",
            fr=f"n'est pas construit comme le veut {form} : un élément y est d'un autre genre ({error})",
        )
        raise ConfigurationError(findings=(Finding(words, file.name, 1, 1),)) from error


def _of_contract(error: ConfigurationError, file: Path, root: Path) -> Iterator[Finding]:
    """The findings of a contract's reader, as files of the installation and with the place that their words begin with."""
    folder = file.parent.relative_to(root.resolve()).as_posix()
    right = Text(
        en="correct the file there, or put it back as the application's publisher gave it",
        fr="corrigez le fichier à cet endroit, ou remettez-le tel que l'éditeur l'a fourni",
    )
    for finding in error.findings or (Finding(error.text, file.name),):
        shown = replace(finding, file=f"{folder}/{finding.file}", right=finding.right or right)
        if finding.line:
            yield replace(shown, column=max(finding.column, 1))
        elif placed := _PLACED.match(finding.text.en):
            text = Text(en=_PLACED.sub("", finding.text.en, count=1), fr=_PLACED.sub("", finding.text.fr, count=1))
            yield replace(shown, line=int(placed[1]), column=int(placed[2]), text=text)
        else:
            yield _where_named(shown, file.parent, folder)


def _where_named(finding: Finding, folder: Path, shown: str) -> Finding:
    """A finding without a line, at the first line of the contract's files that has the name that it speaks of."""
    named = _NAMED.search(finding.text.en)
    for file in sorted(each for each in folder.iterdir() if each.suffix in (".wsdl", ".xsd")) if named else ():
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if named and named[1] in line:
                return replace(finding, file=f"{shown}/{file.name}", line=number, column=line.index(named[1]) + 1)
    return replace(finding, line=1, column=1)


def _sound(application: Application) -> tuple[Application, tuple[Finding, ...]]:
    """The application without the operations that its contract does not have, or that cannot fetch; and why."""
    found: dict[str, Finding] = {}
    for name, operation in application.spec.operations.items():
        if operation.action not in application.contract.operations:
            words = Text(
                en=f"{application.contract.source} has no operation “{operation.action}”",
                fr=f"{application.contract.source} n'a pas d'opération « {operation.action} »",
            )
            right = one_of(operation.action, application.contract.operations)
            found[name] = application.source.finding(("operations", name, "action"), words, right=right)
        elif operation.direction == "feed" and (wrong := _wrong_feed(application, name, operation)):
            found[name] = wrong
    sound = {name: each for name, each in application.spec.operations.items() if name not in found}
    spec = application.spec.model_copy(update={"operations": sound})
    return replace(application, spec=spec, unsound=frozenset(found)), tuple(found.values())


def _wrong_feed(application: Application, name: str, operation: specs.Operation) -> Finding | None:
    output = application.contract.operations[operation.action].output
    items = output.shape.at(operation.items) if output and operation.items else None
    if items is not None and items.repeated:
        return None
    place = ("operations", name, "items") if operation.items else ("operations", name)
    words = Text(
        en="a feed needs `items`: the repeated field of its answer",
        fr="un feed demande `items` : le champ répété de sa réponse",
    )
    listed = ", ".join(_repeated(output.shape)) if output else ""
    right = Text(en=f"items: {listed}", fr=f"items: {listed}")
    if not listed:
        right = Text(
            en="no field of this answer is repeated: name another action",
            fr="aucun champ de cette réponse n'est répété : nommez une autre action",
        )
    return application.source.finding(place, words, right=right)


def _wrong_operations(application: Application) -> Iterator[Finding]:
    for name, operation in application.spec.operations.items():
        contract = application.operation(name)
        answer = contract.output.shape if contract.output else None
        request = contract.input.shape if contract.input else None
        yield from _wrong_path(application, name, "found", operation.found, answer)
        yield from _wrong_path(application, name, "since", operation.since, request)
        yield from _wrong_path(application, name, "key_field", operation.key_field, request)
        yield from _wrong_look_up(application, name, operation)
        yield from wrong_receipt(application, name)


def _wrong_path(application: Application, name: str, key: str, path: str | None, shape: Shape | None) -> Iterator[Finding]:
    if path and (shape is None or shape.at(path) is None):
        what = Text(en="answer", fr="la réponse") if key == "found" else Text(en="request", fr="la requête")
        action = application.spec.operations[name].action
        words = Text(
            en=f"the {what.en} of {action} has no field “{path}”", fr=f"{what.fr} de {action} n'a pas de champ « {path} »"
        )
        known = [found for found, _ in shape.leaves()] + [child.name for child in shape.children] if shape else []
        yield application.source.finding(("operations", name, key), words, right=one_of(path, known))


def _wrong_look_up(application: Application, name: str, operation: specs.Operation) -> Iterator[Finding]:
    if operation.look_up is None:
        if operation.direction == "out" and not operation.repeatable:
            yield _unrepeatable(application, name)
        return
    if operation.look_up in application.unsound:
        return
    asked = application.spec.operations.get(operation.look_up)
    if asked is None or asked.direction != "ask":
        words = Text(
            en=f"“{operation.look_up}” is not an ask operation of this connector",
            fr=f"« {operation.look_up} » n'est pas une opération ask de ce connecteur",
        )
        asks = [each for each, spec in application.spec.operations.items() if spec.direction == "ask"]
        right = one_of(operation.look_up, asks) or Text(
            en="add an operation with direction: ask and found", fr="ajoutez une opération avec direction: ask et found"
        )
        yield application.source.finding(("operations", name, "look_up"), words, right=right)
    elif asked.found is None:
        answer = application.operation(operation.look_up).output
        listed = ", ".join(path for path, _ in answer.shape.leaves()) if answer else ""
        words = Text(
            en=f"{operation.look_up} is a look-up and does not say `found`",
            fr=f"{operation.look_up} sert de recherche et ne dit pas `found`",
        )
        right = Text(
            en=f"add found: and the field that has a value when something was found, one of {listed}",
            fr=f"ajoutez found : et le champ rempli quand la recherche aboutit, parmi {listed}",
        )
        yield application.source.finding(("operations", operation.look_up), words, right=right)


def _unrepeatable(application: Application, name: str) -> Finding:
    words = Text(
        en=f"an unanswered {name} waits for a person: it is not repeatable and has no look_up",
        fr=f"sans réponse, un {name} attendra une personne : il n'a ni repeatable ni look_up",
    )
    right = Text(
        en="look_up: an ask operation that finds it again, or repeatable: true if a second call does no harm",
        fr="look_up: une opération ask qui le retrouve, ou repeatable: true si un second appel est sans effet",
    )
    return replace(application.source.finding(("operations", name), words, right=right), severity="warning")


def _repeated(shape: Shape, prefix: str = "") -> list[str]:
    found = []
    for child in shape.children:
        path = f"{prefix}{child.name}"
        found.extend([path] if child.repeated else _repeated(child, f"{path}."))
    return found
