"""What the sender of a message is told once it has ended as a whole: once, be there one receiver or several."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.catalogue import Catalogue, Exchange
from hub.dispatcher.attempt import Ended, Result, ended_as
from hub.errors import HubError, NotFound
from hub.ledger import Acceptance, Claim, Content, Ledger
from hub.lifecycle import Decision, concludes
from hub.message import Delivery, Record, State
from hub.routing import acceptance, followed_by
from hub.translation import pack, unpack

log = logging.getLogger("hub.dispatcher")


@dataclass(frozen=True, slots=True)
class News:
    """What is told and, until the other receivers have ended, kept to be told (`keep`); `detail` says that it could not be.

    `fellows`: the other deliveries of the message as they were when this was made, and no longer true once they have moved.
    """

    follow_ups: tuple[Acceptance, ...] = ()
    keep: tuple[Content, ...] = ()
    detail: Mapping[str, str] = field(default_factory=dict)
    fellows: Mapping[str, State] = field(default_factory=dict)


NO_NEWS = News()


class Telling:
    """Tells senders, by the `then` of their exchange. `new_id` gives the ids of the messages that follow."""

    def __init__(
        self, *, catalogue: Catalogue, ledger: Ledger, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._catalogue = catalogue
        self._told_of = {
            name: each for name, each in catalogue.exchanges.items() if each.spec.then.delivered or each.spec.then.refused
        }
        """The exchanges whose senders are told how their messages ended."""
        self._ledger = ledger
        self._clock = clock
        self._new_id = new_id

    async def news(self, claim: Claim, result: Result, *, decision: Decision, heard: Record) -> News:
        """What there is to tell now that a delivery has come to `decision`, and its receiver answered `heard`.

        What cannot be said is left unsaid: the delivery ends all the same. HubUnavailable while the ledger is away.
        """
        exchange = self._told_of.get(claim.message.exchange)
        if exchange is None:
            return NO_NEWS
        ended = ended_as(result, decision)
        if ended is None:
            return NO_NEWS
        fellows = await self._fellows(claim, exchange)
        keep = (Content(_heard_by(claim.delivery.id), "application/json", pack(heard)),) if fellows and heard else ()
        states = {each.id: each.state for each in fellows}
        standing = [(each.receiver, each.state) for each in fellows]
        if not concludes(claim.delivery.receiver, decision.state, fellows=standing, rule=exchange.spec.done_when):
            return News(keep=keep, fellows=states)
        all_heard = {**await self._heard(fellows), **heard}
        record = result.plan.record if result.plan else await self._kept(claim.message.id, "record")
        reason = decision.reason.fr if decision.reason else ""
        try:
            told = self._said(claim, exchange, ended=ended, record=record, heard=all_heard, reason=reason)
        except HubError as error:
            log.error("delivery %s has ended, but its sender cannot be told: %s", claim.delivery.id, error)
            return News(keep=keep, fellows=states, detail={"follow_up": error.text.en})
        except Exception as error:
            log.exception("delivery %s has ended, but its sender cannot be told", claim.delivery.id)
            return News(keep=keep, fellows=states, detail={"follow_up": type(error).__name__})
        return News(told, keep, fellows=states)

    def _said(
        self, claim: Claim, exchange: Exchange, *, ended: Ended, record: Record, heard: Record, reason: str
    ) -> tuple[Acceptance, ...]:
        follow = exchange.of(claim.message.authority).translation.follow_up(ended, record, reply=heard, reason=reason)
        if follow is None:
            return ()
        key = f"{claim.delivery.id}:{ended}:{claim.delivery.tries}"
        sender = claim.delivery.receiver
        said = followed_by(follow, sender=sender, catalogue=self._catalogue, message=claim.message, key=key)
        return (acceptance(said, catalogue=self._catalogue, id=self._new_id(), now=self._clock()),)

    async def _fellows(self, claim: Claim, exchange: Exchange) -> tuple[Delivery, ...]:
        """The other deliveries of its message; nobody is asked where there is but one receiver."""
        if len(exchange.translation.receivers(claim.message.sender)) < 2:
            return ()
        found = await self._ledger.deliveries(claim.message.id)
        return tuple(each for each in found if each.id != claim.delivery.id)

    async def _heard(self, fellows: tuple[Delivery, ...]) -> Record:
        """What the receivers that have it have answered."""
        heard: dict[str, Any] = {}
        for each in fellows:
            if each.state is State.DELIVERED:
                heard |= await self._kept(each.message, _heard_by(each.id))
        return heard

    async def _kept(self, message: str, name: str) -> Record:
        try:
            return unpack((await self._ledger.content(message, name)).data)
        except NotFound:
            return {}


def _heard_by(delivery: str) -> str:
    """The content of a message that holds the reply rows which a delivery brought."""
    return f"heard:{delivery}"
