"""Reads `mappings/`: each mapping with its examples and code tables, and what is wrong between it and the contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.catalogue.facts import Application, Exchange
from hub.contract import Shape
from hub.errors import ConfigurationError, Finding, Text, same
from hub.specs import mapping as specs
from hub.specs.load import load, nearest
from hub.specs.source import Source
from hub.translation import Table, check_mapping, compile_mapping


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping's file as read, before it is held against the contracts."""

    spec: specs.Mapping
    source: Source
    examples: tuple[specs.Examples, Source] | None = None


def read_tables(folder: Path, *, root: Path) -> tuple[dict[str, Table], tuple[Finding, ...]]:
    """Every code table of `mappings/tables`, by name, and what is wrong in them."""
    tables: dict[str, Table] = {}
    findings: list[Finding] = []
    for file in sorted(folder.glob("*.csv")):
        shown = file.relative_to(root).as_posix()
        try:
            tables[file.stem] = Table.parse(file.read_text(encoding="utf-8-sig"), file.stem, shown=shown)
        except ConfigurationError as error:
            findings.extend(error.findings)
        except (OSError, UnicodeDecodeError):
            text = Text(en="is not UTF-8 text: save it as UTF-8", fr="n'est pas en UTF-8 : enregistrez-le en UTF-8")
            findings.append(Finding(text, shown, 1, 1))
    return tables, tuple(findings)


def read_draft(file: Path, *, root: Path) -> tuple[Draft | None, tuple[Finding, ...]]:
    """The mapping in `file` with its examples, and what is wrong with their form."""
    try:
        spec, source = load(file, specs.Mapping, shown=file.relative_to(root).as_posix())
        if spec.exchange != file.stem:
            words = Text(
                en=f"the exchange is called “{spec.exchange}” and its file “{file.stem}”",
                fr=f"l'échange s'appelle « {spec.exchange} » et son fichier « {file.stem} »",
            )
            return None, (source.finding(("exchange",), words, right=same(f"exchange: {file.stem}")),)
        beside = file.with_name(f"{file.stem}.examples.yaml")
        examples = load(beside, specs.Examples, shown=beside.relative_to(root).as_posix()) if beside.exists() else None
    except ConfigurationError as error:
        return None, error.findings
    return Draft(spec, source, examples), ()


def compiled(
    draft: Draft,
    *,
    connectors: Mapping[str, Application],
    tables: Mapping[str, Table],
    others: Mapping[str, specs.Mapping],
    revision: str,
) -> tuple[Exchange | None, tuple[Finding, ...]]:
    """The exchange that a draft becomes, and everything that is wrong with it; None when it cannot be used."""
    if findings := tuple(_unknown_sides(draft, connectors)):
        return None, findings
    shapes, replies = _shapes(draft.spec, connectors), _replies(draft.spec, connectors)
    findings = check_mapping(
        draft.spec,
        draft.source,
        shapes=shapes,
        replies=replies,
        tables=tables,
        others=others,
        filled=_filled(draft.spec, connectors),
    )
    findings = (*findings, *_look_ups(draft, connectors))
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    try:
        translation = compile_mapping(draft.spec, shapes=shapes, replies=replies, tables=tables, revision=revision)
    except ConfigurationError as error:
        return None, (*findings, *error.findings)
    return Exchange(draft.spec.exchange, draft.spec, draft.source, translation, draft.examples), findings


def _unknown_sides(draft: Draft, connectors: Mapping[str, Application]) -> Iterator[Finding]:
    for side, directions in draft.spec.between.items():
        application = connectors.get(side)
        if application is None:
            words = Text(
                en=f"there is no connector “{side}”, or it has an error of its own",
                fr=f"le connecteur « {side} » n'existe pas, ou a lui-même une erreur",
            )
            yield draft.source.finding(("between", side), words, right=nearest(side, connectors))
            continue
        for direction, name in directions.items():
            fitting = [each for each, spec in application.spec.operations.items() if spec.direction == direction]
            if name not in fitting:
                words = Text(
                    en=f"connectors/{side} has no operation “{name}” with the direction {direction}",
                    fr=f"connectors/{side} n'a pas d'opération « {name} » de sens {direction}",
                )
                yield draft.source.finding(("between", side, direction), words, right=nearest(name, fitting))


def _shapes(spec: specs.Mapping, connectors: Mapping[str, Application]) -> dict[str, dict[str, Shape]]:
    found: dict[str, dict[str, Shape]] = {}
    for side, directions in spec.between.items():
        shapes = {direction: connectors[side].shape(name) for direction, name in directions.items()}
        found[side] = {direction: shape for direction, shape in shapes.items() if shape is not None}
    return found


def _replies(spec: specs.Mapping, connectors: Mapping[str, Application]) -> dict[str, Shape]:
    found = {}
    for side, directions in spec.between.items():
        for direction in ("out", "ask"):
            if (name := directions.get(direction)) and (answer := connectors[side].operation(name).output):
                found[side] = answer.shape
    return found


def _filled(spec: specs.Mapping, connectors: Mapping[str, Application]) -> dict[str, frozenset[str]]:
    """The fields that the hub itself fills: where an application wants the idempotency key."""
    return {
        side: frozenset(path for name in directions.values() if (path := connectors[side].spec.operations[name].key_field))
        for side, directions in spec.between.items()
    }


def _look_ups(draft: Draft, connectors: Mapping[str, Application]) -> Iterator[Finding]:
    """A look-up's request must be made of what the delivery says, and its answer must hold what the reply rows read."""
    for side, directions in draft.spec.between.items():
        name = directions.get("out")
        look_up = connectors[side].spec.operations[name].look_up if name else None
        if look_up is None:
            continue
        operation = connectors[side].operation(look_up)
        cells = {path.split(".")[0] for row in draft.spec.fields.values() for path in _cells(row, side)}
        for child in operation.input.shape.children if operation.input else ():
            if child.required and child.name not in cells:
                words = Text(
                    en=f"the look-up {look_up} needs {child.name}, which no row writes for {side}",
                    fr=f"la recherche {look_up} demande {child.name}, qu'aucune ligne n'écrit pour {side}",
                )
                yield draft.source.finding(("between", side), words)
        for row, spec in draft.spec.reply.items():
            path = spec.cells.get(side)
            if path and operation.output and operation.output.shape.at(path) is None:
                words = Text(
                    en=f"the answer of the look-up {look_up} has no {path}",
                    fr=f"la réponse de la recherche {look_up} n'a pas de champ {path}",
                )
                yield draft.source.finding(("reply", row, side), words, row=row)


def _cells(row: specs.Row, side: str) -> list[str]:
    return [path for path in (row.cells.get(side), row.each.get(side)) if path]
