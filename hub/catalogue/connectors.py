"""Reads `connectors/`: each connector.yaml with its contract, and what is wrong between the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hub.catalogue.answers import wrong_receipt, wrong_refusal, wrong_rules
from hub.catalogue.contracts import read_contract
from hub.catalogue.facts import Application
from hub.catalogue.feeds import wrong_asking
from hub.catalogue.files import load_file, said_twice, stray_references
from hub.catalogue.formats import with_formats, without_read_bodies
from hub.catalogue.instances import wrong_instances
from hub.catalogue.signers import read_signers
from hub.catalogue.signing import wrong_answering, wrong_signing
from hub.catalogue.sizes import wrong_sizes
from hub.catalogue.tweaks import read_tweaks
from hub.contract import Shape
from hub.errors import ConfigurationError, Finding, Text
from hub.specs import connector as specs
from hub.specs.source import Source, is_file_inside
from hub.translation.checks.case import one_of

_CONTRACTS = (".wsdl", ".yaml", ".yml", ".json")


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
    signers, unread = read_signers(spec, source, folder)
    strays = stray_references(source, but=("address", "files_from", "token_url"))
    found = (*strays, *wrong_instances(spec, source), *wrong, *unread)
    contract, misdescribed = read_contract(file, spec, source, root=root)
    found = (*found, *without_read_bodies(misdescribed, spec))
    if contract is None:
        return None, found
    application = Application(spec.connector, spec, source, contract, folder, tweaks=tweaks, signers=signers)
    application, misread = with_formats(application, root=root)
    application, unsound = _sound(application)
    return application, (*found, *misread, *unsound, *_wrong_operations(application), *wrong_rules(application))


def _contract_file(folder: Path, spec: specs.Connector, source: Source) -> Path:
    if not is_file_inside(folder / spec.contract, folder):
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
    return (folder / spec.contract).resolve()


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
        yield from _wrong_files(application, name, operation)
        yield from wrong_asking(application, name)
        yield from wrong_signing(application, name)
        yield from wrong_answering(application, name)
        yield from wrong_sizes(application, name)
        yield from wrong_receipt(application, name)
        yield from wrong_refusal(application, name)


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


def _wrong_files(application: Application, name: str, operation: specs.Operation) -> Iterator[Finding]:
    if operation.files != "inside" and (application.spec.protocol != "soap" or operation.direction != "out"):
        words = Text(
            en=f"files: {operation.files} is for what a SOAP application is told (direction: out)",
            fr=f"files: {operation.files} vaut pour ce qui est dit à une application SOAP (direction: out)",
        )
        right = Text(
            en="leave it out: what comes in is taken either way, and REST follows its contract",
            fr="ôtez-le : ce qui arrive est pris sous toutes ses formes, et REST suit son contrat",
        )
        yield application.source.finding(("operations", name, "files"), words, right=right)
    elif operation.files != "inside" and any(instance.signature for instance in application.spec.instances.values()):
        words = Text(
            en="what is signed has its files inside: a signature does not reach what travels beside the document",
            fr="ce qui est signé contient ses fichiers : une signature n'atteint pas ce qui voyage à côté du document",
        )
        right = Text(en="drop files, or signature", fr="ôtez files, ou signature")
        yield application.source.finding(("operations", name, "files"), words, right=right)


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
