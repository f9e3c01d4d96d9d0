"""`hub try`: a sample in, the record and every other side's document out."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from hub.catalogue import Catalogue, Exchange, load_catalogue
from hub.cli.screen import Screen, language_of
from hub.codecs import codec_for
from hub.contract import Part, SoapBinding, fits
from hub.errors import HubError, MessageError, NotFound, Text
from hub.settings import read_settings
from hub.specs.connector import Direction


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
    try:
        catalogue = load_catalogue(read_settings(os.environ).root)
        _show(screen, catalogue, catalogue.exchange(exchange), side, _content(sample))
    except MessageError as error:
        _refused(screen, error)
        sys.exit(1)
    except HubError as error:
        screen.failure(error)
        sys.exit(1)


def _content(sample: Path) -> bytes:
    try:
        return sample.read_bytes()
    except OSError as error:
        words = Text(en=f"The file {sample} cannot be read.", fr=f"Le fichier {sample} est absent ou illisible.")
        raise NotFound(words) from error


def _show(screen: Screen, catalogue: Catalogue, exchange: Exchange, side: str, body: bytes) -> None:
    direction = _direction(exchange, side)
    part = _part(catalogue, exchange, side, direction)
    document = codec_for(part).read(body) if part else {}
    reading = exchange.translation.read(side, document, direction=direction)
    screen.say("Record", "Fiche pivot", style="bold")
    screen.console.print(json.dumps(reading.record, indent=2, ensure_ascii=False, default=str), markup=False)
    for receiver in exchange.translation.receivers(side):
        written = exchange.translation.write(receiver.side, reading.record, reading.files, direction=receiver.direction)
        screen.say(f"What {receiver.side} is told", f"Ce que reçoit {receiver.side}", style="bold")
        screen.console.print(_form(catalogue, receiver.side, receiver.operation, written), markup=False)


def _direction(exchange: Exchange, side: str) -> Direction:
    """The way by which `side` speaks in this exchange, or else the way by which it hears."""
    ways = exchange.spec.between.get(side)
    if not ways:
        known = ", ".join(exchange.spec.between)
        raise NotFound(
            Text(
                en=f"“{side}” has no part in {exchange.name}. Its sides: {known}.",
                fr=f"« {side} » ne participe pas à {exchange.name}. Ses côtés : {known}.",
            )
        )
    return next((way for way in ("in", "feed", "out", "collect", "ask") if way in ways), "in")


def _part(catalogue: Catalogue, exchange: Exchange, side: str, direction: Direction) -> Part | None:
    """What the sample is a document of; for a feed, one item of its answer."""
    application, name = catalogue.connectors[side], exchange.operation(side, direction) or ""
    operation = application.operation(name)
    item = application.shape(name)
    if direction == "feed" and operation.output and item:
        return replace(operation.output, shape=replace(item, repeated=False), check=fits)
    return operation.input


def _form(catalogue: Catalogue, side: str, operation: str, document: dict[str, Any]) -> str:
    contract = catalogue.connectors[side].operation(operation)
    if isinstance(contract.binding, SoapBinding) and contract.input:
        return codec_for(contract.input).write(document).decode()
    return json.dumps(document, indent=2, ensure_ascii=False)


def _refused(screen: Screen, error: MessageError) -> None:
    screen.say("This document would be refused:", "Ce document serait refusé :", style="bold red")
    for problem in error.problems:
        where = problem.label or problem.row or problem.path
        screen.say(f"  {where}: {problem.text.en}", f"  {where} : {problem.text.fr}")
    if not error.problems:
        screen.console.print(f"  {screen.words(error.text)}", markup=False)
