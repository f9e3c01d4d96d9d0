"""`hub connectors refresh`: a newer contract held against the present one, with the mappings and rows that it hits."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hub.cli.screen import Screen, language_of
from hub.drafting.differences import Change
from hub.drafting.refreshing import Refreshed
from hub.drafting.refreshing import refresh as compare
from hub.errors import Text
from hub.settings import read_settings

_PARTS = {"request": Text(en="request", fr="demande"), "answer": Text(en="answer", fr="réponse")}


def refresh(
    name: str,
    *,
    with_: Annotated[Path, Parameter(name="--with")],
    write: bool = False,
    language: str | None = None,
) -> None:
    """Compare a newer contract with the connector's own. Ends with 1 when a mapping or connector.yaml is hit.

    Parameters
    ----------
    name
        The connector.
    with_
        The newer contract, with the files that it imports beside it.
    write
        Put it in the place of the present one.
    language
        fr or en.
    """
    screen = Screen(language or language_of(os.environ))
    found = compare(read_settings(os.environ).root, name, with_, write=write)
    for change, hits in found.changes:
        screen.say(_words(change, "en"), _words(change, "fr"), style="bold red" if hits else "")
        for hit in hits:
            screen.say(f"    {hit.file}:{hit.line}  {hit.what.en}", f"    {hit.file}:{hit.line}  {hit.what.fr}")
    screen.findings(found.findings)
    _conclude(screen, found, name, write=write)
    sys.exit(1 if found.hit else 0)


def _words(change: Change, language: str) -> str:
    part = _PARTS.get(change.part, Text(en=change.part, fr=change.part)).said_in(language)
    where = f"{change.operation}, {part}, {change.path}" if change.part else change.operation
    return f"{where}{' :' if language == 'fr' else ':'} {change.text.said_in(language)}"


def _conclude(screen: Screen, found: Refreshed, name: str, *, write: bool) -> None:
    if not found.changes:
        screen.say("Nothing has changed in what is called or said.", "Rien n'a changé dans ce qui est appelé ou dit.")
    count, hit = len(found.changes), sum(len(hits) for _, hits in found.changes) + len(found.findings)
    screen.say(
        f"{count} changes, {hit} places to look at.",
        f"{count} changements, {hit} endroits à revoir.",
    )
    if write:
        screen.say(
            f"The contract of {name} is replaced. Next: hub check.",
            f"Le contrat de {name} est remplacé. Ensuite : hub check.",
        )
    elif found.changes:
        screen.say("Nothing was written: add --write.", "Rien n'a été écrit : ajoutez --write.")
