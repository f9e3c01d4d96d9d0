"""What is wrong with how a connector reads and gives answers: faults, fields and receipts that its contract has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from hub.catalogue.facts import Application
from hub.contract import Kind, Shape
from hub.errors import Finding, Text
from hub.specs.connector import AnswerRule
from hub.specs.source import Place
from hub.translation.checks.case import one_of
from hub.translation.paths import all_paths, shape_at
from hub.transports.refusals import WORDS, declared_detail, unknown_words

_NOTHING = Shape("", Kind.OBJECT)


def wrong_rules(application: Application) -> Iterator[Finding]:
    """A finding for each rule of `answers` that names what there is not.

    Faults and fields are warned about only: applications answer with some that their contract does not declare.
    """
    for number, rule in enumerate(application.spec.answers):
        known = {*application.spec.operations, *application.unsound}
        if rule.operation and rule.operation not in known:
            words = Text(en=f"there is no operation “{rule.operation}”", fr=f"l'opération « {rule.operation} » n'existe pas")
            yield application.source.finding(("answers", number, "operation"), words, right=one_of(rule.operation, known))
        elif not application.unsound:
            yield from _never_fits(application, rule, ("answers", number))


def _never_fits(application: Application, rule: AnswerRule, place: Place) -> Iterator[Finding]:
    names = [rule.operation] if rule.operation else list(application.spec.operations)
    operations = [application.operation(name) for name in names]
    faults = {name: part.shape for operation in operations for name, part in operation.faults.items()}
    answers = [operation.output.shape for operation in operations if operation.output]
    if rule.fault and application.spec.protocol == "soap" and not any(fnmatchcase(name, rule.fault) for name in faults):
        words = Text(
            en=f"no operation of {application.contract.source} declares a fault “{rule.fault}”",
            fr=f"aucune opération de {application.contract.source} ne déclare de faute « {rule.fault} »",
        )
        yield _warned(application, (*place, "fault"), words, one_of(rule.fault, faults))
    shapes = [*answers, *faults.values()]
    if rule.at and not any(shape_at(shape, rule.at) for shape in shapes):
        words = Text(en=f"no answer has a field “{rule.at}”", fr=f"aucune réponse n'a de champ « {rule.at} »")
        known = [path for shape in shapes for path in all_paths(shape)]
        yield _warned(application, (*place, "at"), words, one_of(rule.at, known))


def _warned(application: Application, place: Place, words: Text, right: Text | None) -> Finding:
    return replace(application.source.finding(place, words, right=right), severity="warning")


def wrong_receipt(application: Application, name: str) -> Iterator[Finding]:
    """A finding for each field of a receipt that the contract's answer does not have."""
    output = application.operation(name).output
    shape = output.shape if output else _NOTHING
    for path in _paths(application.spec.operations[name].receipt):
        if shape_at(shape, path) is None:
            action = application.spec.operations[name].action
            words = Text(
                en=f"the answer of {action} has no field “{path}”", fr=f"la réponse de {action} n'a pas de champ « {path} »"
            )
            place = ("operations", name, "receipt", *path.split("."))
            yield application.source.finding(place, words, right=one_of(path, all_paths(shape)))


def wrong_refusal(application: Application, name: str) -> Iterator[Finding]:
    """A finding for each thing by which a refusal does not fit the fault that it names; for one, when there is no such."""
    told, operation = application.spec.operations[name].refusal, application.operation(name)
    if told is None:
        return
    place: Place = ("operations", name, "refusal")
    part = operation.faults.get(told.fault)
    if part is None or application.spec.protocol != "soap":
        words = Text(
            en=f"{operation.name} declares no fault “{told.fault}”",
            fr=f"{operation.name} ne déclare pas de faute « {told.fault} »",
        )
        yield application.source.finding((*place, "fault"), words, right=one_of(told.fault, operation.faults))
        return
    for word in unknown_words(told.detail):
        words = Text(en=f"nothing is known as {{{word}}}", fr=f"rien ne porte le nom {{{word}}}")
        yield application.source.finding((*place, "detail"), words, right=one_of(word, WORDS))
    for problem in declared_detail(told, part, {word: word for word in WORDS})[1]:
        words = Text(
            en=f"the fault {told.fault} would not fit the contract: {problem.path} {problem.text.en}",
            fr=f"la faute {told.fault} ne respecterait pas le contrat : {problem.path} {problem.text.fr}",
        )
        yield application.source.finding((*place, "detail"), words)


def _paths(document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
