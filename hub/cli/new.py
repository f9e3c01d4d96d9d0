"""`hub new connector` and `hub new mapping`: first drafts from contracts, ready for `hub check`."""

from __future__ import annotations

import os
from pathlib import Path

import cyclopts

from hub.cli.screen import Screen, language_of
from hub.drafting.connector import Asked
from hub.drafting.making import MadeMapping, make_connector, make_mapping
from hub.drafting.names import human
from hub.errors import Conflict, Text
from hub.settings import read_settings
from hub.specs.mapping import Sector

new = cyclopts.App(name="new", help="Draft a connector from a contract, or a mapping between two connectors.")


@new.command
def connector(
    name: str,
    *,
    wsdl: Path | None = None,
    openapi: Path | None = None,
    title: str = "",
    language: str | None = None,
) -> None:
    """Draft connectors/NAME from a contract: operations, directions, answers, and a sample of each for its double.

    Parameters
    ----------
    name
        The application's name: small letters, digits and hyphens.
    wsdl
        Its contract in WSDL, with the files that it imports beside it.
    openapi
        Its contract in OpenAPI, with the files that it refers to beside it.
    title
        Its name for people.
    language
        The language of the comments: fr or en.
    """
    screen = Screen(language or language_of(os.environ))
    if (wsdl is None) == (openapi is None):
        raise Conflict(Text(en="Give --wsdl FILE or --openapi FILE.", fr="Donnez --wsdl FICHIER ou --openapi FICHIER."))
    asked = Asked(name, title or human(name), screen.language)
    file, protocol = (wsdl, "soap") if wsdl else (openapi, "rest")
    root = read_settings(os.environ).root
    draft, mended = make_connector(root, asked, file or Path(), protocol)  # type: ignore[arg-type]
    screen.say(f"Written: connectors/{name}", f"Écrit : connectors/{name}", style="bold green")
    columns = (Text(en="Operation", fr="Opération"), Text(en="Direction", fr="Sens"), Text(en="Why", fr="Pourquoi"))
    rows = [(each, guess.direction, screen.words(guess.why)) for each, guess in draft.operations.items()]
    screen.table(columns, rows)
    screen.findings(mended)
    for each in draft.unmade:
        screen.say(
            f"No answer could be made up: correct connectors/{name}/samples/{each}.yaml",
            f"Aucune réponse n'a pu être inventée : corrigez connectors/{name}/samples/{each}.yaml",
            style="yellow",
        )
    screen.say(
        f"Next: read the lines marked “# ?” in connectors/{name}/connector.yaml, then hub check, and hub rehearse {name}.",
        f"Ensuite : lisez les lignes « # ? » de connectors/{name}/connector.yaml, puis hub check, et hub rehearse {name}.",
    )


@new.command
def mapping(
    exchange: str,
    *,
    from_: str,
    to: str,
    title: str = "",
    sector: Sector = "relations-usagers",
    language: str | None = None,
) -> None:
    """Draft mappings/EXCHANGE.yaml: rows proposed from the two contracts by name and type.

    Parameters
    ----------
    exchange
        The exchange's name: small letters, digits and hyphens.
    from_
        Who says it, and by which operation: CONNECTOR.OPERATION, of direction in or feed.
    to
        Who is told or asked: CONNECTOR.OPERATION, of direction out, collect or ask.
    title
        What it is, for people.
    sector
        The family of services that it belongs to.
    language
        The language of the comments and labels: fr or en.
    """
    screen = Screen(language or language_of(os.environ))
    root = read_settings(os.environ).root
    made = make_mapping(root, exchange, from_, to, title=title or human(exchange), sector=sector, language=screen.language)
    for file in made.files:
        screen.say(f"Written: {file}", f"Écrit : {file}", style="bold green")
    _left(screen, made, f"mappings/{exchange}.yaml")


def _left(screen: Screen, made: MadeMapping, file: str) -> None:
    """What waits for a decision, with its line; then what `hub check` says."""
    if made.doubts:
        screen.say("To be confirmed or decided:", "À confirmer ou à décider :", style="bold")
    for line, words in made.doubts:
        screen.say(f"  {file}:{line}  {words}", f"  {file}:{line}  {words}")
    screen.findings(made.findings)
    if any(finding.severity == "error" for finding in made.findings):
        screen.say("hub check stays red until then.", "hub check reste rouge d'ici là.")
    else:
        screen.say("hub check is green for this mapping.", "hub check est vert pour cette correspondance.", style="green")
