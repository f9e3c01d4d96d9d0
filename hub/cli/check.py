"""`hub check`: reads every file, holds each mapping against its contracts, and proves that it comes back whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from hub.catalogue import Card, inspect, prove
from hub.cli.screen import Screen, language_of
from hub.errors import Finding
from hub.settings import read_settings


def check(folder: Path | None = None, *, language: str | None = None) -> None:
    """Check connectors, mappings and schedules. Ends with 1 when something must be corrected.

    Parameters
    ----------
    folder
        The installation to check (HUB_ROOT, or where you are).
    language
        fr or en.
    """
    screen = Screen(language or language_of(os.environ))
    root = folder.resolve() if folder else read_settings(os.environ).root
    catalogue, read = inspect(root)
    cards, proven = prove(catalogue)
    for card in cards:
        _show(screen, card)
    findings = (*read.findings, *proven.findings)
    screen.findings(findings)
    errors = [finding for finding in findings if finding.severity == "error"]
    _conclude(screen, errors, len(catalogue.connectors), cards, len(catalogue.schedules))
    sys.exit(1 if errors else 0)


def _show(screen: Screen, card: Card) -> None:
    mark = "✗" if any(finding.severity == "error" for finding in card.findings) else "✓"
    records = max(card.laws.values(), default=0)
    screen.say(
        f"{mark} {card.exchange}: {card.title}. {card.rows} rows, {card.examples} examples, "
        f"{len(card.laws)} laws on {records} records, {len(card.losses)} declared losses",
        f"{mark} {card.exchange} : {card.title}. {card.rows} lignes, {card.examples} exemples, "
        f"{len(card.laws)} lois sur {records} fiches, {len(card.losses)} pertes déclarées",
        style="green" if mark == "✓" else "red",
    )


def _conclude(screen: Screen, errors: Iterable[Finding], connectors: int, cards: tuple[Card, ...], schedules: int) -> None:
    count = len(list(errors))
    if count:
        screen.say(f"{count} errors to correct.", f"{count} erreurs à corriger.", style="bold red")
        return
    screen.say(
        f"All good: {connectors} connectors, {len(cards)} mappings, {schedules} schedules.",
        f"Tout est bon : {connectors} connecteurs, {len(cards)} correspondances, {schedules} planifications.",
        style="bold green",
    )
