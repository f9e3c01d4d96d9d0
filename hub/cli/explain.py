"""`hub explain`: which row wrote a value, by which words, of a recorded message or of a sample."""

from __future__ import annotations

import os
from pathlib import Path

from hub.catalogue import Catalogue, Exchange
from hub.cli.documents import exchange_in, read_sample, speaking
from hub.cli.operate import Desk
from hub.cli.recorded import Recorded, recorded
from hub.cli.screen import Screen, language_of
from hub.contract import Document
from hub.errors import NotFound, Text
from hub.settings import read_settings
from hub.specs.connector import Direction
from hub.translation.explaining import RECORD, Explanation, Told, Trip
from hub.translation.scene import ABSENT


def explain(
    message: str,
    path: str,
    *,
    side: str = "",
    sample: Path | None = None,
    content: bool = False,
) -> None:
    """Tell which row wrote a value: its file and line, the value in each form, and the words that were applied in turn.

    Parameters
    ----------
    message
        The id of a message (asked of the running hub); with --sample, an exchange.
    path
        Where the value stands, such as Demandeur.NomComplet or bins[0].litres: in what a receiver was told, in what the
        sender said, or in the record.
    side
        Whose path it is; without it, whoever has it. With --sample, whose document the sample is.
    sample
        A file with a side's JSON or XML, in place of a recorded message.
    content
        Say personal values too; they are masked otherwise.
    """
    screen = Screen(language_of(os.environ))
    root = read_settings(os.environ).root
    if sample is not None:
        catalogue, exchange = exchange_in(root, message)
        trip, where = _of_sample(catalogue, exchange, side, sample), ""
    else:
        found = recorded(Desk(screen), message, purpose="hub explain")
        catalogue, exchange = exchange_in(root, found.exchange)
        trip, where = _of_message(catalogue, exchange.of(found.authority), found), side
        _if_changed(screen, catalogue, found)
    _show(screen, exchange, trip.explain(path, side=where, masked=not content))


def _of_sample(catalogue: Catalogue, exchange: Exchange, side: str, sample: Path) -> Trip:
    if not side:
        raise NotFound(
            Text(
                en="Say with --side whose document the sample is.",
                fr="Dites par --side de qui l'échantillon est le document.",
            )
        )
    direction = speaking(exchange, side)
    document = read_sample(catalogue, exchange, side, sample)
    reading = exchange.translation.read(side, document, direction=direction)
    documents: dict[str, tuple[Direction, Document]] = {side: (direction, document)}
    for each in exchange.translation.receivers(side):
        told = exchange.translation.write(each.side, reading.record, reading.files, direction=each.direction)
        documents[each.side] = (each.direction, told)
    return Trip(exchange.translation, reading.record, side, documents)


def _of_message(catalogue: Catalogue, exchange: Exchange, found: Recorded) -> Trip:
    """The trip of a recorded message: what was really told where a call was made, else what would be."""
    record, documents = found.whole(exchange), dict[str, tuple[Direction, Document]]()
    if said := found.said(catalogue, exchange):
        documents[found.sender] = said
    for each in exchange.translation.receivers(found.sender):
        told = found.told(catalogue, exchange, each)
        if told is None:
            told = exchange.translation.write(each.side, record, found.files, direction=each.direction)
        documents[each.side] = (each.direction, told)
    return Trip(exchange.translation, record, found.sender if said else "", documents)


def _if_changed(screen: Screen, catalogue: Catalogue, found: Recorded) -> None:
    if catalogue.revision != found.revision:
        screen.say(
            "These files are not those by which the message was taken in: they have changed since.",
            "Ces fichiers ne sont pas ceux par lesquels le message est entré : ils ont changé depuis.",
            style="yellow",
        )


def _show(screen: Screen, exchange: Exchange, found: Explanation) -> None:
    where = f"{exchange.source.file}:{exchange.source.line(*found.place)}"
    screen.console.print(f"{_side(screen, found.side)} {found.path}", style="bold", markup=False)
    if found.row:
        screen.say(
            f"  row {found.row} “{found.label}”, {where}", f"  ligne {found.row} « {found.label} », {where}", style="cyan"
        )
    else:
        screen.console.print(f"  {where}", markup=False, style="cyan")
    width = max((len(_place(screen, told)) for told in found.told), default=0)
    for told in found.told:
        screen.console.print(f"  {_place(screen, told):<{width}}  {_value(told.value)}", markup=False)
    for side, text in found.words:
        screen.console.print(f"  {side}: {screen.words(text)}", markup=False)


def _place(screen: Screen, told: Told) -> str:
    return f"{_side(screen, told.side)} {told.path}"


def _side(screen: Screen, side: str) -> str:
    return screen.words(Text(en="record", fr="fiche")) if side == RECORD else side


def _value(value: object) -> str:
    return "∅" if value is ABSENT or value is None else str(value)
