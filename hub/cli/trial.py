"""`hub try`: a document in, the record and every other side's document out, and what comes back; live with `--watch`."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.catalogue import Catalogue, Exchange
from hub.cli.documents import as_json, exchange_in, first_sample, form_of, read_sample, speaking
from hub.cli.screen import Screen, language_of
from hub.contract import Document
from hub.errors import ConfigurationError, HubError, MessageError, Text
from hub.facts import replace
from hub.settings import read_settings
from hub.translation import Reading, Receiver
from hub.translation.compare import leaves_apart, path_text
from hub.translation.paths import cells_of
from hub.translation.scene import ABSENT

BETWEEN = 0.3
"""Seconds between two looks at the files."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: a side's document in an exchange, from a file or, without one, from the examples."""

    root: Path
    exchange: str
    side: str
    sample: Path | None


def try_(exchange: str, side: str, sample: Path | None = None, *, watch: bool = False, language: str | None = None) -> None:
    """Show what a document of one side becomes: the record, the document of each other side, and what comes back.

    Parameters
    ----------
    exchange
        The exchange, such as bin-replacement.
    side
        The application whose document it is, such as portal.
    sample
        A file with its JSON or XML, without SOAP envelope; left out, the first example of the mapping.
    watch
        Show it again at every save of the sample, a mapping, a table or a contract, until Ctrl+C.
    language
        fr or en.
    """
    screen = Screen(language or language_of(os.environ))
    trial = Trial(read_settings(os.environ).root, exchange, side, sample)
    if not watch:
        sys.exit(0 if _shown(screen, trial) else 1)
    with suppress(KeyboardInterrupt):
        for _ in _saves(trial):
            screen.afresh(time.strftime("%H:%M:%S"))
            _shown(screen, trial)


def _saves(trial: Trial) -> Iterator[None]:
    """Now, and then after each change of a file that the trial is made of."""
    seen = None
    while True:
        present = dict(_stamps(trial))
        if present != seen:
            seen = present
            yield
        time.sleep(BETWEEN)


def _stamps(trial: Trial) -> Iterator[tuple[Path, tuple[int, int]]]:
    files = [file for folder in ("mappings", "connectors") for file in (trial.root / folder).rglob("*")]
    for file in [*files, *([trial.sample] if trial.sample else [])]:
        with suppress(OSError):  # it is being replaced at this moment
            found = file.stat()
            yield file, (found.st_mtime_ns, found.st_size)


def _shown(screen: Screen, trial: Trial) -> bool:
    """Show one try; False, and why, when the document is refused or the files are not right."""
    try:
        catalogue, exchange = exchange_in(trial.root, trial.exchange)
        _try(screen, catalogue, exchange, trial)
    except MessageError as error:
        screen.say("This document would be refused:", "Ce document serait refusé :", style="bold red")
        screen.failure(error)
        return False
    except HubError as error:
        screen.failure(error)
        return False
    return True


def _try(screen: Screen, catalogue: Catalogue, exchange: Exchange, trial: Trial) -> None:
    direction = speaking(exchange, trial.side)
    given: Mapping[str, str] = {}
    if trial.sample is not None:
        document = read_sample(catalogue, exchange, trial.side, trial.sample)
    else:
        document, given = first_sample(catalogue, exchange, trial.side)
    reading = exchange.translation.read(trial.side, document, direction=direction)
    if given:
        adopted = exchange.translation.adopt(given, reference="")
        reading = replace(reading, record={**{name: adopted[name] for name in given}, **reading.record})
    receivers = exchange.translation.receivers(trial.side)
    written = {each: _written(exchange, each, reading) for each in receivers}
    said = Text(en=f"What {trial.side} says", fr=f"Ce que dit {trial.side}")
    forms = [(said, as_json(document)), (Text(en="Record", fr="Fiche pivot"), as_json(reading.record))]
    for each, told in written.items():
        title = Text(en=f"What {each.side} is told", fr=f"Ce que reçoit {each.side}")
        forms.append((title, form_of(catalogue, each.side, each.operation, told)))
    screen.beside(forms)
    if reading.wanted:
        screen.say(
            "Nothing is fetched here: in the place of each file given by its address, the address itself is told.",
            "Rien n'est recherché ici : à la place de chaque fichier donné par adresse, l'adresse elle-même est transmise.",
            style="yellow",
        )
    for each, told in written.items():
        _comes_back(screen, exchange, trial.side, document, reading, from_=each, told=told)


def _written(exchange: Exchange, receiver: Receiver, reading: Reading) -> dict[str, Any]:
    return exchange.translation.write(receiver.side, reading.record, reading.files, direction=receiver.direction)


def _comes_back(
    screen: Screen,
    exchange: Exchange,
    side: str,
    document: Document,
    reading: Reading,
    *,
    from_: Receiver,
    told: Document,
) -> None:
    """What the receiver's document says when it is read back, and the sender's document after it."""
    try:
        back = exchange.translation.read(from_.side, told, direction=from_.direction)
        onto = exchange.translation.write(
            side, back.record, {**reading.files, **back.files}, direction=speaking(exchange, side), onto=document
        )
    except (MessageError, ConfigurationError) as error:
        screen.say(f"It does not come back from {from_.side}:", f"Rien ne revient de {from_.side} :", style="bold red")
        screen.failure(error)
        return
    screen.say(f"What comes back from {from_.side}", f"Ce qui revient de {from_.side}", style="bold")
    moved = leaves_apart(document, onto, ())
    if not moved:
        screen.say(f"  {side}'s own document is as it was.", f"  Le document de {side} est resté tel quel.", style="green")
    for path, before, after in moved:
        words = f"{path_text(path)}: {_value(before)} → {_value(after)}"
        screen.say(f"  changed: {words}", f"  changé : {words}", style="red")
    for path, before, after in leaves_apart(reading.record, back.record, ()):
        if path[0] in back.record:
            words = f"{path_text(path)}: {_value(before)} → {_value(after)}"
            _lost(screen, words, _declared(exchange, from_.side, path_text(path)))


def _lost(screen: Screen, words: str, declared: str) -> None:
    if declared:
        screen.say(f"  lost: {words} (declared: {declared})", f"  perdu : {words} (déclaré : {declared})", style="yellow")
    else:
        screen.say(f"  lost: {words}", f"  perdu : {words}", style="yellow")


def _declared(exchange: Exchange, side: str, path: str) -> str:
    """What the mapping says is lost at `side` of the row at a path of the record; "" if nothing."""
    name = re.sub(r"\[\d+\]", "", path)
    return next((row.loses.get(side, "") for full, _, row in cells_of(exchange.spec.fields, side) if full == name), "")


def _value(value: Any) -> str:
    return "∅" if value is ABSENT or value is None else str(value)
