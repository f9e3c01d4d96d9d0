"""`hub check`: reads every file, holds each mapping against its contracts, and proves that it comes back whole."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import orjson

from hub.catalogue import Card, Catalogue, inspect, prove
from hub.cli.cards import many, plusieurs, show_card
from hub.cli.completion import link, without_line, write_schemas
from hub.cli.screen import Screen, language_of
from hub.errors import Finding
from hub.settings import read_settings


def check(
    folder: Path | None = None,
    *,
    language: str | None = None,
    cards: Literal["short", "full"] = "short",
    json: bool = False,
    link_schemas: bool = False,
) -> None:
    """Check connectors, mappings and schedules. Ends with 1 when something must be corrected.

    It also writes the schemas by which an editor completes these files, in .hub/schemas.

    Parameters
    ----------
    folder
        The installation to check (HUB_ROOT, or where you are).
    language
        fr or en.
    cards
        How much is said of each mapping: short, or full with every law, loss and field.
    json
        Say all of it as JSON, for another program.
    link_schemas
        Write into each file that lacks it the first line by which an editor finds its schema.
    """
    screen = Screen(language or language_of(os.environ))
    root = folder.resolve() if folder else read_settings(os.environ).root
    catalogue, read = inspect(root)
    proofs, proven = prove(catalogue)
    findings = (*read.findings, *proven.findings)
    if json:
        _as_json(screen, catalogue, proofs, findings)
    else:
        for card in proofs:
            show_card(screen, card, full=cards == "full")
        screen.findings(findings)
        _complete(screen, root, catalogue, linking=link_schemas)
        _conclude(screen, findings, catalogue, proofs)
    sys.exit(1 if any(finding.severity == "error" for finding in findings) else 0)


def _complete(screen: Screen, root: Path, catalogue: Catalogue, *, linking: bool) -> None:
    """The editor's side: its schemas are written, and found. A folder that may not be written in is no fault."""
    if not any((root / "connectors").glob("*/connector.yaml")):
        return
    if not write_schemas(root, catalogue):
        screen.say(
            "The editor's schemas could not be written in .hub/schemas: no completion, and nothing else.",
            "Les schémas pour l'éditeur n'ont pu être écrits dans .hub/schemas : pas de complétion, rien d'autre.",
            style="dim",
        )
        return
    without = list(without_line(root))
    if linking:
        for file in without:
            link(file, root=root)
        written = len(without)
        screen.say(
            f"{many(written, 'file')} linked to its schema.",
            f"{plusieurs(written, 'fichier relié', 'fichiers reliés')} à leur schéma.",
        )
    elif without:
        count = len(without)
        screen.say(
            f"{many(count, 'file')} without completion in the editor: hub check --link-schemas adds the line that does it.",
            f"{plusieurs(count, 'fichier')} sans complétion dans l'éditeur : hub check --link-schemas ajoute la ligne.",
            style="dim",
        )


def _conclude(screen: Screen, findings: tuple[Finding, ...], catalogue: Catalogue, cards: tuple[Card, ...]) -> None:
    errors = sum(finding.severity == "error" for finding in findings)
    questions = sum(finding.severity == "question" for finding in findings)
    if questions:
        screen.say(
            f"{many(questions, 'question')} for you to answer; they do not make the check fail.",
            f"{plusieurs(questions, 'question')} à trancher ; la vérification n'en échoue pas.",
            style="cyan",
        )
    if errors:
        screen.say(f"{many(errors, 'error')} to correct.", f"{plusieurs(errors, 'erreur')} à corriger.", style="bold red")
        return
    connectors, schedules = len(catalogue.connectors), len(catalogue.schedules)
    screen.say(
        f"All good: {many(connectors, 'connector')}, {many(len(cards), 'mapping')}, {many(schedules, 'schedule')}.",
        f"Tout est bon : {plusieurs(connectors, 'connecteur')}, {plusieurs(len(cards), 'correspondance')}, "
        f"{plusieurs(schedules, 'planification')}.",
        style="bold green",
    )


def _as_json(screen: Screen, catalogue: Catalogue, cards: tuple[Card, ...], findings: tuple[Finding, ...]) -> None:
    said: dict[str, Any] = {
        "revision": catalogue.revision,
        "good": not any(finding.severity == "error" for finding in findings),
        "cards": [{**asdict(card), "laws": dict(card.laws)} for card in cards],
        "findings": [asdict(finding) for finding in findings],
    }
    screen.console.out(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode(), highlight=False)
