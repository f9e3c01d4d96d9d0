"""Proves the mappings of a catalogue: its laws on generated records, its examples both ways; one card per mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.catalogue.facts import Catalogue, Exchange
from hub.errors import Finding, Report
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
        (*laws.findings, *failed),
    )
