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
    rows, examples, losses = card.rows, card.examples, len(card.losses)
    screen.say(
        f"{mark} {card.exchange}: {card.title}. {_many(rows, 'row')}, {_many(examples, 'example')}, "
        f"{len(card.laws)} laws on {_many(records, 'record')}, {_many(losses, 'declared loss', 'declared losses')}",
        f"{mark} {card.exchange} : {card.title}. {_plusieurs(rows, 'ligne')}, {_plusieurs(examples, 'exemple')}, "
        f"{len(card.laws)} lois sur {_plusieurs(records, 'fiche')}, "
        f"{_plusieurs(losses, 'perte déclarée', 'pertes déclarées')}",
        style="green" if mark == "✓" else "red",
    )


def _conclude(screen: Screen, errors: Iterable[Finding], connectors: int, cards: tuple[Card, ...], schedules: int) -> None:
    count = len(list(errors))
    if count:
        screen.say(f"{_many(count, 'error')} to correct.", f"{_plusieurs(count, 'erreur')} à corriger.", style="bold red")
        return
    screen.say(
        f"All good: {_many(connectors, 'connector')}, {_many(len(cards), 'mapping')}, {_many(schedules, 'schedule')}.",
        f"Tout est bon : {_plusieurs(connectors, 'connecteur')}, {_plusieurs(len(cards), 'correspondance')}, "
        f"{_plusieurs(schedules, 'planification')}.",
        style="bold green",
    )


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or f'{one}s'}"


def _plusieurs(count: int, one: str, more: str = "") -> str:
    """In French none is singular too."""
    return f"{count} {one if count < 2 else more or f'{one}s'}"
