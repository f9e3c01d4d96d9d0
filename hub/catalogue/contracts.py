"""A connector's contract: read with its patches, and what is wrong with either, as findings of the installation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hub.contract import Contract, Part
from hub.errors import ConfigurationError, Finding, Text
from hub.specs import connector as specs
from hub.specs.source import Place, Source
from hub.translation.checks.case import one_of
from hub.translation.paths import all_paths
from hub.transports.contracts import load_contract

_NAMED = re.compile(r"\{[^}]*\}([\w.-]+)")
_PLACED = re.compile(r"(?:line|ligne) (\d+), (?:column|colonne) (\d+) ?: ")
_CORRECT = Text(
    en="correct the file there, or put it back as the application's publisher gave it",
    fr="corrigez le fichier à cet endroit, ou remettez-le tel que l'éditeur l'a fourni",
)


def read_contract(
    file: Path, spec: specs.Connector, source: Source, *, root: Path
) -> tuple[Contract | None, tuple[Finding, ...]]:
    """The contract in `file`, patched, and everything that is wrong with it or had to be mended; None when unusable."""
    try:
        served = _served(spec)
        plain = _loaded(file, (), served)
        if plain.protocol != spec.protocol:
            return None, (_other_protocol(plain, source),)
        patches = {number: _for_contract(patch, spec) for number, patch in enumerate(spec.patches)}
        wrong = {number: found for number, patch in patches.items() if (found := _wrong(patch, number, spec, plain, source))}
        sound = {number: patch for number, patch in patches.items() if number not in wrong}
        contract = _loaded(file, tuple(sound.values()), served) if sound else plain
    except ConfigurationError as error:
        return None, tuple(_of_contract(error.findings or (Finding(error.text, file.name),), file, root))
    late = [found for number, patch in sound.items() if (found := _without_effect(patch, number, contract, source))]
    return contract, (*_of_contract(contract.mended, file, root), *wrong.values(), *late)


def _served(spec: specs.Connector) -> frozenset[str]:
    """The contract's operations by which the application calls us, and never we it."""
    used = {
        side: {each.action for each in spec.operations.values() if (each.direction == "in") is side}
        for side in (True, False)
    }
    return frozenset(used[True] - used[False])


def _loaded(file: Path, patches: tuple[specs.Patch, ...], served: frozenset[str]) -> Contract:
    """The contract in `file`. ConfigurationError also where its reader stumbles over a form that no standard has."""
    try:
        return load_contract(file, patches=patches, served=served)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        words = Text(
            en=f"is not built as contracts are: something in it is of another kind ({error})",
            fr=f"n'est pas construit comme un contrat : un élément y est d'un autre genre ({error})",
        )
        raise ConfigurationError(findings=(Finding(words, file.name, 1, 1),)) from error


def _other_protocol(contract: Contract, source: Source) -> Finding:
    words = Text(
        en=f"{contract.source} is a contract of the protocol {contract.protocol}",
        fr=f"{contract.source} est un contrat du protocole {contract.protocol}",
    )
    right = Text(en=f"write protocol: {contract.protocol}", fr=f"écrivez protocol: {contract.protocol}")
    return source.finding(("protocol",), words, right=right)


def _for_contract(patch: specs.Patch, spec: specs.Connector) -> specs.Patch:
    """The patch with the contract's own name for its operation; "" for one that the connector does not have."""
    operation = spec.operations.get(patch.operation)
    return patch.model_copy(update={"operation": operation.action if operation else ""})


def _wrong(patch: specs.Patch, number: int, spec: specs.Connector, plain: Contract, source: Source) -> Finding | None:
    """What is wrong with a patch before it is made: it leads nowhere, or says what the contract says anyway."""
    place: Place = ("patches", number)
    if not patch.operation:
        name = spec.patches[number].operation
        words = Text(en=f"there is no operation “{name}”", fr=f"l'opération « {name} » n'existe pas")
        return source.finding((*place, "operation"), words, right=one_of(name, spec.operations))
    if patch.operation not in plain.operations:
        return None  # said of the operation itself
    parts = _parts(plain, patch.operation)
    if patch.part not in parts:
        words = Text(
            en=f"{patch.operation} has no part “{patch.part}”", fr=f"{patch.operation} n'a pas de partie « {patch.part} »"
        )
        return source.finding((*place, "part"), words, right=one_of(patch.part, parts))
    shape = parts[patch.part].shape
    field = shape.at(patch.at)
    if field is None:
        words = Text(
            en=f"{patch.part} of {patch.operation} has no field “{patch.at}”",
            fr=f"{patch.part} de {patch.operation} n'a pas de champ « {patch.at} »",
        )
        return source.finding((*place, "at"), words, right=one_of(patch.at, all_paths(shape)))
    said = [word for word, value in patch.changes.items() if getattr(field, word) == value]
    return _needless(said[0], patch, place, plain, source) if said else None


def _needless(word: str, patch: specs.Patch, place: Place, plain: Contract, source: Source) -> Finding:
    words = Text(
        en=f"changes nothing: {plain.source} already says this of {patch.at}",
        fr=f"ne change rien : {plain.source} le dit déjà de {patch.at}",
    )
    right = Text(
        en=f"the vendor has corrected it: delete “{word}” here, or the whole patch",
        fr=f"l'éditeur l'a corrigé : supprimez « {word} » ici, ou toute la rectification",
    )
    return replace(source.finding((*place, word), words, right=right), severity="warning")


def _without_effect(patch: specs.Patch, number: int, contract: Contract, source: Source) -> Finding | None:
    """A patch that was made and did not take: the contract's language cannot say it at this place."""
    part = _parts(contract, patch.operation).get(patch.part)
    field = part.shape.at(patch.at) if part else None
    missing = [word for word, value in patch.changes.items() if field is None or getattr(field, word) != value]
    if not part or not missing:
        return None
    words = Text(
        en=f"{patch.at} cannot be changed so: its declaration in {contract.source} does not allow “{missing[0]}” there",
        fr=f"{patch.at} ne peut être changé ainsi : sa déclaration dans {contract.source} n'y admet pas « {missing[0]} »",
    )
    right = Text(
        en="patch the field around it, or correct the copy of the contract in this folder and note it in its README",
        fr="rectifiez le champ qui le contient, ou corrigez la copie du contrat dans ce dossier et notez-le dans son README",
    )
    return source.finding(("patches", number, missing[0]), words, right=right)


def _parts(contract: Contract, operation: str) -> dict[str, Part]:
    """The documents of an operation, by the words that a patch calls them."""
    said = contract.operations.get(operation)
    if said is None:
        return {}
    own = {"input": said.input, "output": said.output}
    return {**said.faults, **{name: part for name, part in own.items() if part}}


def _of_contract(findings: tuple[Finding, ...], file: Path, root: Path) -> Iterator[Finding]:
    """The findings of a contract's reader, as files of the installation and with the place that their words begin with."""
    folder = file.parent.relative_to(root.resolve()).as_posix()
    for finding in findings:
        right = finding.right or (_CORRECT if finding.severity == "error" else None)
        shown = replace(finding, file=f"{folder}/{finding.file}", right=right)
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
