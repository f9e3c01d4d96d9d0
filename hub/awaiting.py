"""News that an exchange expects: what does not come in time is missed, once, by whoever runs the hub."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hub.catalogue import Catalogue
from hub.ledger import Expectation, Ledger
from hub.signals import Listener, Missed


class Awaiting:
    """All that is expected in an installation."""

    def __init__(self, *, catalogue: Catalogue, ledger: Ledger, clock: Callable[[], datetime], announce: Listener) -> None:
        self._expected = tuple(
            Expectation(exchange.name, said.exchange, said.within)
            for exchange in catalogue.exchanges.values()
            if (said := exchange.spec.expects)
        )
        self._ledger = ledger
        self._clock = clock
        self._announce = announce

    async def look(self) -> None:
        """Note what has been missed since the last look, and say so."""
        for wanted in self._expected:
            for message in await self._ledger.note_missed(wanted, now=self._clock()):
                self._announce(Missed(message.exchange, wanted.news, message.reference, message.id))
