"""How long what was said is kept, by exchange; what is older is let go, a part at a time, in a round a day."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from hub.catalogue import Catalogue, Exchange
from hub.ledger import Kept, Ledger

KEYS = timedelta(days=30)
"""For so long at least a sender's key is known: by far longer than anybody goes on repeating a request."""
UNBOUND = timedelta(hours=24)
"""A file that is no message's may still be on its way to become one for so long."""

log = logging.getLogger("hub.retention")


class Retention:
    """The periods of an installation, and the round of today."""

    def __init__(self, *, catalogue: Catalogue, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._kept = {exchange.name: kept_of(exchange) for exchange in catalogue.exchanges.values()}
        self._ledger = ledger
        self._clock = clock
        self._overdue = 0

    async def go_on(self) -> bool:
        """Do the next part of today's round; whether nothing is left of it."""
        now = self._clock()
        let_go = await self._ledger.forget(self._kept, now=now)
        while let_go.files and await self._ledger.drop_left_uploads(before=now - UNBOUND):
            pass
        if let_go.contents or let_go.keys:
            log.info("let go: the content of %d messages, %d files, %d keys", let_go.contents, let_go.files, let_go.keys)
        self._overdue += let_go.overdue
        if let_go.is_over and self._overdue:
            log.warning(
                "%d messages have not ended, and their content has been kept for as long as it may be: see to them",
                self._overdue,
            )
            self._overdue = 0
        return let_go.is_over


def kept_of(exchange: Exchange) -> Kept:
    """How long an exchange's content is kept, and its keys: for good where they tell what is new of what is fetched."""
    content = exchange.spec.keep.content
    is_fetched = any("feed" in roles for roles in exchange.spec.between.values())
    return Kept(content, key=None if is_fetched else max(content, KEYS))
