"""How much may wait in the hub: beyond the mark nothing more is taken in, and no sender takes up more than its share of it.

What waits is counted when as much was taken in as there was room for, and now and then: never for each message.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from hub.catalogue import Catalogue
from hub.errors import HubUnavailable, Text, TooManyWaiting
from hub.ledger import Ledger

SOONEST = timedelta(seconds=1)
"""Between two counts while senders are refused."""
LATEST = timedelta(seconds=20)
"""After which what is taken in has it counted anew: other nodes take in messages too."""
PART = 30
"""So many times as long as a count took, at least, are between it and the next."""


class Watermarks:
    """What waits, by where its senders are: as it was counted, with what this node has taken in since."""

    def __init__(self, catalogue: Catalogue, ledger: Ledger, *, most: int, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._ledger = ledger
        self._most = most
        self._share = max(1, most // max(1, len(set(_senders(catalogue)))))
        self._waiting: Counter[str] = Counter()
        self._total = 0
        self._clock = clock
        self._counted_at = self._soonest = self._latest = datetime.min.replace(tzinfo=UTC)
        self._counting = asyncio.Lock()
        self._places: dict[tuple[str, str], str] = {}

    async def admit(self, sender: str, authority: str) -> None:
        """Let a message of this sender in. TooManyWaiting (429) when its share is taken up, HubUnavailable (503) when the
        hub's mark is reached; both stand only until some of what waits has gone."""
        place = self._place(sender, authority)
        is_full = self._is_full(place)
        if self._clock() > (self._soonest if is_full else self._latest):
            await self._count()
            is_full = self._is_full(place)
        if is_full and self._waiting[place] >= self._share:
            raise TooManyWaiting(_slow_down(self._share))
        if is_full:
            raise HubUnavailable(_FULL)

    def entered(self, sender: str, authority: str, *, deliveries: int) -> None:
        """Add what was taken in."""
        self._waiting[self._place(sender, authority)] += deliveries
        self._total += deliveries

    def _is_full(self, place: str) -> bool:
        return self._waiting[place] >= self._share or self._total >= self._most

    def _place(self, sender: str, authority: str) -> str:
        """Where a sender is, found once: what that goes by never changes."""
        known = self._places.get((sender, authority))
        if known is None:
            known = self._places[sender, authority] = self._found_place(sender, authority)
        return known

    def _found_place(self, sender: str, authority: str) -> str:
        application = self._catalogue.connectors.get(sender)
        return f"{sender}/{application.instance(authority) if application else authority}"

    async def _count(self) -> None:
        """Count what waits; those who ask meanwhile wait for the same count."""
        asked = self._clock()
        async with self._counting:
            if self._counted_at >= asked:
                return
            started = self._clock()
            found = await self._ledger.waiting_by_sender()
            self._waiting = Counter()
            for sender, authority, deliveries in found:
                self._waiting[self._place(sender, authority)] += deliveries
            self._total = self._waiting.total()
            self._counted_at = self._clock()
            rest = self._counted_at + PART * (self._counted_at - started)
            self._soonest, self._latest = rest + SOONEST, rest + LATEST


def _senders(catalogue: Catalogue) -> Iterable[str]:
    """Where messages come from: each instance of each application that says something or is fetched from."""
    for exchange in catalogue.exchanges.values():
        for side, directions in exchange.spec.between.items():
            if {"in", "feed"} & directions.keys():
                yield from catalogue.connectors[side].lanes


def _slow_down(share: int) -> Text:
    return Text(
        en=f"{share} deliveries of this application already wait: this is its share. Send again when some have gone.",
        fr=f"{share} remises de cette application attendent déjà : c'est sa part. Renvoyez quand certaines seront parties.",
    )


_FULL = Text(
    en="As much waits in the hub as it may hold. Nothing was kept; send it again later.",
    fr="Le hub contient autant d'attente qu'il peut en porter. Rien n'a été conservé ; renvoyez plus tard.",
)
