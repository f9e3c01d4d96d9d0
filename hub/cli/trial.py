"""`hub try`: a sample in, the record and every other side's document out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from hub.catalogue import Catalogue, Exchange, load_catalogue
from hub.cli.screen import Screen, language_of
from hub.codecs import codec_for
from hub.contract import SoapBinding
from hub.errors import MessageError
from hub.settings import read_settings


def try_(exchange: str, side: str, sample: Path, *, language: str | None = None) -> None:
    """Show what a sample of one side becomes: the record, then the document of each other side.

    Parameters
    ----------
    exchange
        The exchange, such as bin-replacement.
    side
        The application whose document the sample is, such as portal.
    sample
        A file with its JSON or XML, without SOAP envelope.
    language
        fr or en.
    """
    screen = Screen(language or language_of(os.environ))
    catalogue = load_catalogue(read_settings(os.environ).root)
    try:
        _show(screen, catalogue, catalogue.exchange(exchange), side, sample.read_bytes())
    except MessageError as error:
        _refused(screen, error)
        sys.exit(1)


def _show(screen: Screen, catalogue: Catalogue, exchange: Exchange, side: str, body: bytes) -> None:
    direction = "in" if exchange.incoming(side) else "out"
    part = catalogue.connectors[side].operation(exchange.operation(side, direction) or "").input  # type: ignore[arg-type]
    document = codec_for(part).read(body) if part else {}
    reading = exchange.translation.read(side, document, direction=direction)  # type: ignore[arg-type]
    screen.say("Record", "Fiche pivot", style="bold")
    screen.console.print(json.dumps(reading.record, indent=2, ensure_ascii=False, default=str), markup=False)
    for receiver in exchange.translation.receivers(side):
        written = exchange.translation.write(receiver.side, reading.record, reading.files, direction=receiver.direction)
        screen.say(f"What {receiver.side} is told", f"Ce que reçoit {receiver.side}", style="bold")
        screen.console.print(_form(catalogue, receiver.side, receiver.operation, written), markup=False)


def _form(catalogue: Catalogue, side: str, operation: str, document: dict[str, Any]) -> str:
    contract = catalogue.connectors[side].operation(operation)
    if isinstance(contract.binding, SoapBinding) and contract.input:
        return codec_for(contract.input).write(document).decode()
    return json.dumps(document, indent=2, ensure_ascii=False)


def _refused(screen: Screen, error: MessageError) -> None:
    screen.say("This document would be refused:", "Ce document serait refusé :", style="bold red")
    for problem in error.problems:
        where = problem.label or problem.row or problem.path
        screen.console.print(f"  {where}: {screen.words(problem.text)}", markup=False)
    if not error.problems:
        screen.console.print(f"  {screen.words(error.text)}", markup=False)
