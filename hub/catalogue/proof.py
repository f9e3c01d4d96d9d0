"""Proves the mappings of a catalogue: its laws on generated records, its examples both ways; one card per mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from hub.catalogue.facts import Catalogue, Exchange
from hub.errors import Finding, Report, Text
from hub.translation import check_examples, check_laws


@dataclass(frozen=True, slots=True)
class Card:
    """What was proven of one mapping: rows, how often each law was tried, examples run, losses declared."""

    exchange: str
    title: str
    rows: int
    examples: int
    laws: Mapping[str, int]
    losses: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=())


def prove(catalogue: Catalogue) -> tuple[tuple[Card, ...], Report]:
    """A card for every exchange, and what does not hold."""
    cards = tuple(_card(exchange) for exchange in catalogue.exchanges.values())
    return cards, Report(tuple(finding for card in cards for finding in card.findings))


def _card(exchange: Exchange) -> Card:
    laws = check_laws(exchange.translation, exchange.source)
    examples, source = exchange.examples or (None, None)
    failed = check_examples(exchange.translation, examples, source) if examples and source else ()
    rows = exchange.spec.fields.items()
    return Card(
        exchange.name,
        exchange.spec.title,
        len(exchange.spec.fields),
        len(examples.examples) + len(examples.refused) if examples else 0,
        laws.tried,
        tuple(f"{name} ({side}): {words}" for name, row in rows for side, words in row.loses.items()),
        (*laws.findings, *_not_yet_said(failed, laws.findings, exchange)),
    )


def _not_yet_said(failed: tuple[Finding, ...], said: tuple[Finding, ...], exchange: Exchange) -> Iterator[Finding]:
    """What fails in the examples, without rows that break a law, once for each row and line, with what would be right."""
    rows = {finding.row for finding in said if finding.row}
    joints = {name: row for name, row in exchange.spec.fields.items() if row.join}
    failing = [(finding.line, joints[finding.row]) for finding in failed if finding.row in joints]
    seen = {(line, part) for line, joint in failing for part in joint.split}
    for finding in failed:
        at = (finding.line, finding.row)
        if finding.row in rows or (finding.row and at in seen):
            continue
        seen.add(at)
        yield finding if finding.right else replace(finding, right=_right(finding.row, exchange))


def _right(row: str, exchange: Exchange) -> Text:
    if not row:
        sides = ", ".join(exchange.spec.between)
        return Text(
            en=f"correct the example (its sides: {sides}), or the mapping",
            fr=f"corrigez l'exemple (ses côtés : {sides}), ou la correspondance",
        )
    names = [part for name in row.split(".") for part in ("fields", name)]
    where = f"{exchange.source.file}:{exchange.source.line(*names)}"
    return Text(
        en=f"correct this example, or the row “{row}” in {where}",
        fr=f"corrigez cet exemple, ou la ligne « {row} » dans {where}",
    )
