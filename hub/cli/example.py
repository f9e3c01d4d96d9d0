"""`hub example add`: a recorded message as an example beside its mapping, with everything personal invented."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from hub.catalogue import Catalogue, Exchange
from hub.catalogue.editing import schema_line
from hub.cli.documents import exchange_in
from hub.cli.operate import Desk
from hub.cli.recorded import Recorded, recorded
from hub.cli.screen import Screen, language_of
from hub.errors import ConfigurationError, Conflict, Finding, MessageError, NotFound, Text
from hub.settings import read_settings
from hub.specs.appending import with_example
from hub.specs.load import build
from hub.specs.mapping import Examples
from hub.specs.source import parse_source
from hub.translation import check_examples
from hub.translation.invention import Inventor
from hub.translation.pseudonyms import Pseudonyms, names_in, survivors

TRIES = 12
"""How often another invention is tried when one does not fit or lets a name through."""


def example(action: Literal["add"], exchange: str, *, from_message: str, name: str = "") -> None:
    """Add an example to mappings/<exchange>.examples.yaml from a message of the running hub, pseudonymised.

    Names, addresses, numbers, dates, free texts and files are invented, in the same form; codes stay. Nothing is written
    unless the result passes hub check. Read it before you share it.

    Parameters
    ----------
    action
        add.
    exchange
        The exchange, such as bin-replacement.
    from_message
        The id of the message.
    name
        What the example is called.
    """
    screen, root = Screen(language_of(os.environ)), read_settings(os.environ).root
    catalogue, of = exchange_in(root, exchange)
    message = recorded(Desk(screen), from_message, purpose="hub example add")
    if message.exchange != exchange:
        words = f"{from_message}: {message.exchange}, {{}} {exchange}."
        raise Conflict(Text(en=words.format("not"), fr=words.format("et non")))
    file = root / "mappings" / f"{exchange}.examples.yaml"
    text = file.read_text(encoding="utf-8") if file.exists() else f"{schema_line(file, root=root)}\n"
    made = made_example(catalogue, of, message, name=name or _free_name(of))
    longer = with_example(text, made, shown=file.relative_to(root).as_posix())
    hold(catalogue, of, longer, shown=file.relative_to(root).as_posix())
    file.write_text(longer, encoding="utf-8")
    screen.say(f"“{made['name']}” added to {file.name}.", f"« {made['name']} » ajouté à {file.name}.", style="green")
    screen.say("Read it before you share it.", "Relisez-le avant de le partager.")


def made_example(catalogue: Catalogue, exchange: Exchange, message: Recorded, *, name: str) -> dict[str, Any]:
    """The example that a message becomes. Raises Conflict when none could be made that fits and tells nothing."""
    said = message.said(catalogue, exchange)
    if said is None:
        raise NotFound(
            Text(
                en="What this message's sender said is not kept: the hub said it itself, or its time is over.",
                fr="Ce que l'émetteur a dit n'est pas conservé : le hub l'a dit lui-même, ou le délai est passé.",
            )
        )
    read = exchange.translation.read(message.sender, said[1], direction=said[0])
    known, problem, left = names_in(exchange.translation, read.record), None, ""
    for _ in range(TRIES):
        pseudonyms = Pseudonyms(exchange.translation, Inventor(secrets.token_hex(8)), known)
        try:
            made = _made(exchange, message, _Said(message.sender, said[0], said[1]), pseudonyms)
        except MessageError as error:
            problem = error
            continue
        told = survivors(exchange.translation, read.record, made)
        if not told:
            return {"name": name, **made}
        left = ", ".join(told)
    if problem is not None and not left:
        raise problem
    words = f"{left}: "
    raise Conflict(
        Text(
            en=f"{words}a value of these rows would still stand in the example: nothing is written.",
            fr=f"{words}une valeur de ces lignes resterait dans l'exemple : rien n'est écrit.",
        )
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What a sender said, and by which way."""

    sender: str
    direction: Literal["in", "out", "ask", "feed", "collect"]
    document: Any


def _made(exchange: Exchange, message: Recorded, said: _Said, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """The example with one invention: its sender's document, and those of the others as the mapping makes them of it."""
    document = pseudonyms.document(said.sender, said.document, direction=said.direction)
    reading = exchange.translation.read(said.sender, document, direction=said.direction)
    recalled = dict.fromkeys(exchange.translation.recalls(reading.record), pseudonyms.identifier(message.reference))
    record = {**reading.record, **recalled}
    documents = {said.sender: document}
    for each in exchange.translation.receivers(said.sender):
        documents[each.side] = exchange.translation.write(each.side, record, reading.files, direction=each.direction)
    given = {"given": recalled} if recalled else {}
    return {"start": said.sender, **given, "documents": documents}


def hold(catalogue: Catalogue, exchange: Exchange, text: str, *, shown: str) -> None:
    """Raise ConfigurationError when the file would not pass `hub check` with this text."""
    source = parse_source(text, shown=shown)
    others = {name: each.translation for name, each in catalogue.exchanges.items()}
    findings = check_examples(exchange.translation, build(source, Examples), source, others=others)
    wrong: tuple[Finding, ...] = tuple(each for each in findings if each.severity == "error")
    if wrong:
        raise ConfigurationError(findings=wrong)


def _free_name(exchange: Exchange) -> str:
    """A name that no example of the exchange has yet."""
    taken = {each.name for each in exchange.examples[0].examples} if exchange.examples else set()
    names = (f"message pseudonymisé {number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
