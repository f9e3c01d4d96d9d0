"""Proves the mappings of a catalogue: its laws on generated records, its examples both ways; one card per mapping."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from hub.catalogue.facts import Catalogue, Exchange
from hub.catalogue.mappings import filled
from hub.catalogue.second_readings import second_readings
from hub.errors import Finding, Report, Text
from hub.translation import Translation, check_examples, check_laws
from hub.translation.coverage import Coverage, coverage_of
from hub.translation.paths import cells_of

_TRIED = "œ€’őĞ"


@dataclass(frozen=True, slots=True)
class Card:
    """What was proven of one mapping: rows, how often each law was tried, examples run, losses declared.

    `coverage`: of each side's operations; `mended`: what had to be mended in the contracts of its sides.
    """

    exchange: str
    title: str
    rows: int
    examples: int
    laws: Mapping[str, int]
    losses: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    coverage: tuple[Coverage, ...] = ()
    mended: tuple[Finding, ...] = ()


def prove(catalogue: Catalogue, *, only: Collection[str] | None = None) -> tuple[tuple[Card, ...], Report]:
    """A card for every exchange (or those called `only`), and what does not hold."""
    others = {name: each.translation for name, each in catalogue.exchanges.items()}
    cards = tuple(
        _card(each, others, catalogue) for name, each in catalogue.exchanges.items() if only is None or name in only
    )
    proven = (finding for card in cards for finding in card.findings)
    return cards, Report((*second_readings(catalogue), *proven))


def _card(exchange: Exchange, others: Mapping[str, Translation], catalogue: Catalogue) -> Card:
    laws = check_laws(exchange.translation, exchange.source)
    of_authorities = [check_laws(own, exchange.source).findings for own in exchange.own.values()]
    examples, source = exchange.examples or (None, None)
    failed = check_examples(exchange.translation, examples, source, others=others) if examples and source else ()
    rows = exchange.spec.fields.items()
    return Card(
        exchange.name,
        exchange.spec.title,
        len(exchange.spec.fields),
        len(examples.examples) + len(examples.refused) if examples else 0,
        laws.tried,
        (
            *(f"{name} ({side}): {words}" for name, row in rows for side, words in row.loses.items()),
            *_lost_letters(exchange),
        ),
        tuple(dict.fromkeys((*laws.findings, *chain(*of_authorities), *_not_yet_said(failed, laws.findings, exchange)))),
        coverage_of(exchange.translation, filled(exchange.spec, catalogue.connectors)),
        tuple(each for side in exchange.spec.between for each in catalogue.connectors[side].contract.mended),
    )


def _lost_letters(exchange: Exchange) -> Iterator[str]:
    """For each side that keeps the nearest letters only: the rows of text there, in words that both languages share."""
    for side, letters in exchange.translation.words.letters.items():
        rows = [name for name, _, row in cells_of(exchange.spec.fields, side) if row.is_free_text]
        if letters.lossy and rows:
            nearest = ", ".join(f"{one} → {kept}" for one in _TRIED if (kept := letters.kept(one)) != one)
            yield f"{', '.join(rows)} ({side}): {nearest} … ({letters.encoding.upper()})"


def _not_yet_said(failed: tuple[Finding, ...], said: tuple[Finding, ...], exchange: Exchange) -> Iterator[Finding]:
    """What fails in the examples, without rows that break a law: each row once, where it fails first, with a remedy."""
    joints = {name: row for name, row in exchange.spec.fields.items() if row.join}
    parts = {part for finding in failed if finding.row in joints for part in joints[finding.row].split}
    seen: set[str] = {finding.row for finding in said if finding.row} | parts
    for finding in failed:
        if finding.row in seen:
            continue
        seen |= {finding.row} - {""}
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
