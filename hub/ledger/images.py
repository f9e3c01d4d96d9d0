"""What each side of a two-way exchange holds of an object: kept with a version, so that no change runs over another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from hub.errors import HubError, Text
from hub.facts import replace
from hub.ledger.facts import Held
from hub.ledger.rows import row_of
from hub.ledger.tables import image
from hub.ledger.writer import Transaction

Place = tuple[str, str, str, str]
PLACE = ("authority", "exchange", "reference", "side")


class Moved(HubError):
    """What an application holds has changed since it was looked at."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                en="What the application holds changed meanwhile; it is merged again.",
                fr="Ce que détient l'application a changé entre-temps ; la fusion est refaite.",
            )
        )


def of_object(of: sa.Connection, authority: str, exchange: str, reference: str) -> tuple[Held, ...]:
    """What every side holds of an object."""
    here = image.c.authority == authority, image.c.exchange == exchange, image.c.reference == reference
    return tuple(Held(**row) for row in of.execute(sa.select(image).where(*here).order_by(image.c.side)).mappings())


def versions(to: Transaction, held: Iterable[Held]) -> dict[Place, int]:
    """The version of each image that stands there now, locked until the end of the transaction; also of one that is not
    there yet, for two nodes may hear of an object in the same moment."""
    places = {place(each) for each in held}
    found = _locked(to, places)
    if missing := places - found.keys():
        empty = [row_of(Held(*each)) for each in sorted(missing)]
        to.connection.execute(insert(image).on_conflict_do_nothing(), empty)
        found |= _locked(to, missing)
    return found


def _locked(to: Transaction, places: Set[Place]) -> dict[Place, int]:
    if not places:
        return {}
    columns = sa.tuple_(image.c.authority, image.c.exchange, image.c.reference, image.c.side)
    asked = sa.select(image).where(columns.in_(sorted(places))).order_by(*image.primary_key).with_for_update()
    return {place(Held(**row)): row["version"] for row in to.connection.execute(asked).mappings()}


def unmoved(held: Sequence[Held], now: Mapping[Place, int]) -> bool:
    """Whether every image is still of the version that it was made from."""
    return all(now.get(place(each), 0) == each.version for each in held)


def keep(to: Transaction, held: Sequence[Held], now: dict[Place, int], *, told: bool) -> None:
    """Put images in the place of those that they were made from; `now` learns their new versions.

    `told`: what the sides were being told is what they hold now, so nothing is being told any more.
    """
    rows = {place(each): row_of(replace(each, version=each.version + 1)) for each in held}
    now.update({where: row["version"] for where, row in rows.items()})
    _put(to, [rows[where] for where in sorted(rows)], "content", "version", *(["telling"] if told else []))


def tell(to: Transaction, held: Held) -> None:
    """Note what a side is about to be told: if it comes back before the answer does, it is no news."""
    _put(to, [row_of(held)], "telling")


def confirm(to: Transaction, held: Held) -> None:
    """What a side was being told is what it holds: a person saw it."""
    here = [image.c[name] == value for name, value in zip(PLACE, place(held), strict=True)]
    told = {"content": image.c.telling, "telling": b"", "version": image.c.version + 1}
    to.connection.execute(sa.update(image).where(*here, image.c.telling != b"").values(told))


def _put(to: Transaction, rows: Sequence[Mapping[str, Any]], *changed: str) -> None:
    if not rows:
        return
    entry = insert(image)
    values = {name: entry.excluded[name] for name in changed}
    to.connection.execute(entry.on_conflict_do_update(index_elements=list(image.primary_key), set_=values), rows)


def place(held: Held) -> Place:
    """Whose image of what it is."""
    return held.authority, held.exchange, held.reference, held.side
