"""Reads `mappings/`: each mapping with its examples and code tables, and what is wrong between it and the contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hub.catalogue.facts import Application, Exchange
from hub.catalogue.files import load_file, not_utf_8, said_twice, stray_references, waiting
from hub.contract import Shape
from hub.errors import ConfigurationError, Finding, Text
from hub.specs import mapping as specs
from hub.specs.connector import Direction
from hub.specs.source import Source, read_content
from hub.translation import Table, check_mapping, compile_mapping
from hub.translation.checks.case import one_of
from hub.translation.tables import LABELS

LARGEST_TABLE = 2 * 1024 * 1024
"""Bytes. Every commune of France with its code and its name is 1 MB."""


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
            text = read_content(file, shown=shown, within=root, largest=LARGEST_TABLE).decode("utf-8-sig")
            tables[file.stem] = Table.parse(text, file.stem, shown=shown)
        except ConfigurationError as error:
            findings.extend(_of_table(error.findings))
        except UnicodeDecodeError as error:
            findings.append(not_utf_8(shown, line=error.object[: error.start].count(b"\n") + 1))
    return tables, tuple(findings)


def _of_table(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """A table's findings with what would be right; those of its lines follow when its first line is wrong."""
    right = Text(
        en='as many cells in each line as in the first, “"” around one that holds a comma, and a code in each',
        fr="autant de cases par ligne que dans la première, des « \" » autour d'une case à virgule, et un code partout",
    )
    heads = tuple(finding for finding in findings if finding.line <= 1 and finding.right)
    return heads or tuple(finding if finding.right else replace(finding, right=right) for finding in findings)


def unknown_columns(tables: Mapping[str, Table], applications: list[str]) -> Iterator[Finding]:
    """A warning for each column that is no application's: nothing reads it."""
    for table in tables.values():
        for column in table.sides:
            if column not in applications:
                words = Text(
                    en=f"the column “{column}” is read by nothing: there is no application of this name",
                    fr=f"la colonne « {column} » n'est lue par rien : aucune application ne porte ce nom",
                )
                right = one_of(column, ["code", *LABELS, *applications])
                yield Finding(words, table.file, 1, 1, right=right, severity="warning")


def read_draft(file: Path, *, root: Path) -> tuple[Draft | None, tuple[Finding, ...]]:
    """The mapping in `file` with its examples, and what is wrong with their form."""
    try:
        spec, source = load_file(file, specs.Mapping, root=root)
    except ConfigurationError as error:
        return None, (*error.findings, *_read_examples(file, root=root)[1])
    examples, wrong = _read_examples(file, root=root)
    if spec.exchange != file.stem:
        return None, (said_twice(spec.exchange, file.stem, source, key="exchange"), *wrong)
    return Draft(spec, source, examples), wrong


def _read_examples(file: Path, *, root: Path) -> tuple[tuple[specs.Examples, Source] | None, tuple[Finding, ...]]:
    beside = file.with_name(f"{file.stem}.examples.yaml")
    if not beside.exists():
        return None, ()
    try:
        return load_file(beside, specs.Examples, root=root), ()
    except ConfigurationError as error:
        return None, error.findings


def compiled(
    draft: Draft,
    *,
    connectors: Mapping[str, Application],
    tables: Mapping[str, Table],
    others: Mapping[str, specs.Mapping],
    unread: frozenset[str],
    revision: str,
) -> tuple[Exchange | None, tuple[Finding, ...]]:
    """The exchange that a draft becomes, and everything that is wrong with it; None when it cannot be used.

    `unread`: the files that have errors of their own.
    """
    stray = tuple(stray_references(draft.source))
    if findings := tuple(_unknown_sides(draft, connectors, unread)):
        return None, (*stray, *findings)
    shapes, replies = _shapes(draft.spec, connectors), _replies(draft.spec, connectors)
    tweaks = {side: found for side in draft.spec.between if (found := connectors[side].tweaks)}
    letters = {side: kept for side in draft.spec.between if (kept := connectors[side].letters)}
    findings = check_mapping(
        draft.spec,
        draft.source,
        shapes=shapes,
        replies=replies,
        tables=tables,
        others=others,
        filled=filled(draft.spec, connectors),
        unread=unread,
        tweaks=tweaks,
    )
    findings = (*stray, *findings)
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    findings = (*findings, *_look_ups(draft, connectors))
    if not tables_of(draft.spec) <= tables.keys():
        return None, findings
    try:
        translation = compile_mapping(
            draft.spec, shapes=shapes, replies=replies, tables=tables, tweaks=tweaks, letters=letters, revision=revision
        )
    except ConfigurationError as error:
        return None, (*findings, *(error.findings or (Finding(error.text, draft.source.file, 1, 1),)))
    return Exchange(draft.spec.exchange, draft.spec, draft.source, translation, draft.examples), findings


def tables_of(spec: specs.Mapping) -> set[str]:
    """The names of the tables that a mapping uses."""
    return _tables_of(spec.fields) | _tables_of(spec.reply)


def _tables_of(rows: Mapping[str, specs.Row]) -> set[str]:
    named = {row.table for row in rows.values() if row.table}
    return named.union(*(_tables_of(row.fields) for row in rows.values()))


def _unknown_sides(draft: Draft, connectors: Mapping[str, Application], unread: frozenset[str]) -> Iterator[Finding]:
    for side, directions in draft.spec.between.items():
        application, file = connectors.get(side), f"connectors/{side}"
        if file in unread and (application is None or application.unsound & set(directions.values())):
            yield waiting(draft.source, ("between", side), file)
        elif application is None:
            words = Text(en=f"there is no connector “{side}”", fr=f"le connecteur « {side} » n'existe pas")
            yield draft.source.finding(("between", side), words, right=one_of(side, connectors))
        else:
            yield from _unknown_operations(draft, application, directions)


def _unknown_operations(draft: Draft, application: Application, directions: Mapping[Direction, str]) -> Iterator[Finding]:
    side = application.name
    for direction, name in directions.items():
        found = application.spec.operations.get(name)
        if found is not None and found.direction == direction:
            if application.shape(name) is None:
                yield _without_document(draft, application, (side, direction), found.action)
            continue
        words = Text(
            en=f"connectors/{side} has no operation “{name}” with the direction {direction}",
            fr=f"connectors/{side} n'a pas d'opération « {name} » de sens {direction}",
        )
        fitting = [each for each, spec in application.spec.operations.items() if spec.direction == direction]
        right = one_of(name, fitting)
        if found is not None:
            right = Text(
                en=f"{name} has the direction {found.direction}: write {side}: {{{found.direction}: {name}}}",
                fr=f"{name} est de sens {found.direction} : écrivez {side}: {{{found.direction}: {name}}}",
            )
        yield draft.source.finding(("between", side, direction), words, right=right)


def _without_document(draft: Draft, application: Application, at: tuple[str, Direction], action: str) -> Finding:
    source = application.contract.source
    words = Text(en=f"{action} carries no document in {source}", fr=f"{action} ne porte aucun document dans {source}")
    right = Text(
        en="correct the contract, or name an operation that says something",
        fr="corrigez le contrat, ou nommez une opération qui dit quelque chose",
    )
    return draft.source.finding(("between", *at), words, right=right)


def _shapes(spec: specs.Mapping, connectors: Mapping[str, Application]) -> dict[str, dict[str, Shape]]:
    found: dict[str, dict[str, Shape]] = {}
    for side, directions in spec.between.items():
        shapes = {direction: connectors[side].shape(name) for direction, name in directions.items()}
        found[side] = {direction: shape for direction, shape in shapes.items() if shape is not None}
    return found


def _replies(spec: specs.Mapping, connectors: Mapping[str, Application]) -> dict[str, Shape]:
    found = {}
    for side, directions in spec.between.items():
        for direction in ("out", "collect", "ask"):
            if (name := directions.get(direction)) and (answer := connectors[side].operation(name).output):
                found[side] = answer.shape
    return found


def filled(spec: specs.Mapping, connectors: Mapping[str, Application]) -> dict[str, frozenset[str]]:
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
        asked = connectors[side].spec.operations.get(look_up) if look_up else None
        if look_up is None or asked is None or asked.direction != "ask":
            continue
        operation = connectors[side].operation(look_up)
        cells = {path.split(".")[0] for row in draft.spec.fields.values() for path in _cells(row, side)}
        for child in operation.input.shape.children if operation.input else ():
            if child.required and child.name not in cells:
                words = Text(
                    en=f"the look-up {look_up} needs {child.name}, which no row writes for {side}",
                    fr=f"la recherche {look_up} demande {child.name}, qu'aucune ligne n'écrit pour {side}",
                )
                right = Text(
                    en=f"add a row with {side}: {child.name}, or drop look_up from connectors/{side}/connector.yaml",
                    fr=f"ajoutez une ligne avec {side}: {child.name}, ou ôtez look_up de connectors/{side}/connector.yaml",
                )
                yield draft.source.finding(("between", side), words, right=right)
        for row, spec in draft.spec.reply.items():
            path = spec.cells.get(side)
            if path and operation.output and operation.output.shape.at(path) is None:
                words = Text(
                    en=f"the answer of the look-up {look_up} has no {path}",
                    fr=f"la réponse de la recherche {look_up} n'a pas de champ {path}",
                )
                known = [found for found, _ in operation.output.shape.leaves()]
                yield draft.source.finding(("reply", row, side), words, row=row, right=one_of(path, known))


def _cells(row: specs.Row, side: str) -> list[str]:
    return [path for path in (row.cells.get(side), row.each.get(side)) if path]
