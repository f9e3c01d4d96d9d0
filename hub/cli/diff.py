"""`hub diff`: what the files as they are now would send otherwise than was sent, before they go live."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hub.catalogue import Catalogue, Exchange, load_catalogue
from hub.cli.cards import many, plusieurs
from hub.cli.operate import Desk
from hub.cli.recorded import Recorded, recorded
from hub.cli.screen import Screen, language_of
from hub.codecs import codec_for
from hub.errors import MessageError, Problem, Text
from hub.settings import read_settings
from hub.translation.differing import RECORD, Change, Forms, changes
from hub.translation.scene import ABSENT


@dataclass(slots=True)
class Tally:
    """What was compared so far, and what came of it."""

    messages: int = 0
    otherwise: int = 0
    refused: int = 0
    rows: Counter[str] = field(default_factory=Counter)


def diff(exchange: str = "", *, against: Path | None = None, last: int = 20, content: bool = False) -> None:
    """Show what the files, as they are here now, would send otherwise than the hub did. Ends with 1 when anything would be.

    Parameters
    ----------
    exchange
        One exchange only, such as bin-replacement.
    against
        Another folder with connectors and mappings, to compare with it rather than with what was sent.
    last
        How many messages of each exchange, the latest first.
    content
        Say personal values too; they are masked otherwise.
    """
    screen = Screen(language_of(os.environ))
    here = load_catalogue(read_settings(os.environ).root)
    there = load_catalogue(against.resolve()) if against else None
    names = [here.exchange(exchange).name] if exchange else sorted(here.exchanges)
    desk, tally = Desk(screen), Tally()
    for name in names:
        for found in _latest(desk, name, last):
            _compare(screen, tally, here, there, found, masked=not content)
    _conclude(screen, tally)
    sys.exit(1 if tally.otherwise or tally.refused else 0)


def _latest(desk: Desk, exchange: str, last: int) -> Iterator[Recorded]:
    after, left = "", last
    while left > 0:
        page = desk.get("/messages", exchange=exchange, limit=str(min(left, 200)), after=after)
        for each in page["messages"]:
            yield recorded(desk, each["message"], purpose="hub diff")
        left, after = left - len(page["messages"]), page["next"]
        if not after:
            return


def _compare(
    screen: Screen, tally: Tally, here: Catalogue, there: Catalogue | None, found: Recorded, *, masked: bool
) -> None:
    """One message: what it would become here, and what it became there (or really)."""
    exchange = here.exchanges[found.exchange].of(found.authority)
    tally.messages += 1
    if there is None:
        before = _as_it_was(here, exchange, found)
    elif other := there.exchanges.get(found.exchange):
        before = _made(there, other.of(found.authority), found)
    else:
        return
    after = _made(here, exchange, found)
    different = changes(before, after, translation=exchange.translation, masked=masked)
    _show(screen, tally, found, refused=() if before.problems else after.problems, different=different)


def _made(catalogue: Catalogue, exchange: Exchange, found: Recorded) -> Forms:
    """What these files make of a message: of what its sender said where that is kept, else of its record."""
    try:
        said = found.said(catalogue, exchange) if found.original else None
        read = exchange.translation.read(found.sender, said[1], direction=said[0]) if said else None
        now = replace(found, record=read.record, files={**found.files, **read.files}) if read else found
        record, documents = now.whole(exchange), dict[str, Any]()
        for each in exchange.translation.receivers(found.sender):
            written = exchange.translation.write(each.side, record, now.files, direction=each.direction)
            documents[each.side] = _sent(catalogue, each.side, each.operation, written)
    except MessageError as error:
        return Forms(problems=error.problems)
    return Forms(record, documents)


def _as_it_was(catalogue: Catalogue, exchange: Exchange, found: Recorded) -> Forms:
    """What became of a message: its record, and what each receiver was told by the bytes of the call."""
    documents: dict[str, Any] = {}
    for each in exchange.translation.receivers(found.sender):
        told = found.told(catalogue, exchange, each)
        if told is not None:
            documents[each.side] = _without_key(catalogue, each.side, each.operation, told)
    return Forms(found.whole(exchange), documents)


def _sent(catalogue: Catalogue, side: str, operation: str, document: dict[str, Any]) -> dict[str, Any]:
    """A document as it is read from its own bytes: what the wire does not tell apart is no difference."""
    part = catalogue.connectors[side].operation(operation).input
    if part is None:
        return document
    parameters = {name: value for name, value in document.items() if name.startswith("@")}
    body = codec_for(part).read(codec_for(part).write(document))
    return _without_key(catalogue, side, operation, {**parameters, **body})


def _without_key(catalogue: Catalogue, side: str, operation: str, document: Any) -> dict[str, Any]:
    """Without the hub's own idempotency key, which is new for each delivery."""
    field = catalogue.connectors[side].spec.operations[operation].key_field
    return {name: value for name, value in document.items() if name != field}


def _show(
    screen: Screen, tally: Tally, found: Recorded, *, refused: tuple[Problem, ...], different: tuple[Change, ...]
) -> None:
    if not refused and not different:
        return
    screen.console.print(f"{found.exchange} {found.reference} ({found.id})", style="bold", markup=False)
    if refused:
        tally.refused += 1
        screen.say("  would be refused now:", "  serait refusé maintenant :", style="red")
        screen.failure(MessageError(problems=refused))
        tally.rows.update({problem.row for problem in refused})
        return
    tally.otherwise += 1
    tally.rows.update({change.row for change in different})
    for change in different:
        side = screen.words(Text(en="record", fr="fiche")) if change.side == RECORD else change.side
        row = f" ({screen.words(Text(en='row', fr='ligne'))} {change.row})" if change.row else ""
        line = f"  {side} {change.path}{row}: {_value(change.before)} → {_value(change.after)}"
        screen.console.print(line, markup=False)


def _conclude(screen: Screen, tally: Tally) -> None:
    rows = ", ".join(f"{row or '-'} {count}" for row, count in tally.rows.most_common())
    screen.say(
        f"{many(tally.messages, 'message')}: {tally.otherwise} would be sent otherwise, {tally.refused} refused.",
        f"{plusieurs(tally.messages, 'message')} : à envoyer autrement {tally.otherwise}, à refuser {tally.refused}.",
        style="bold",
    )
    if rows:
        screen.say(f"Rows: {rows}.", f"Lignes : {rows}.")


def _value(value: object) -> str:
    return "∅" if value is ABSENT or value is None else str(value)
